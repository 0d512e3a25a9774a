"""The verb `nas golden`: expected outputs of a model. I/O."""

import argparse
import json

from firmware.command_line import some_path
from firmware.files import sha256_of_file
from firmware.output_files import check_outputs
from firmware.printable import printable_lines
from firmware.progress import Progress
from nas.host.worker import Worker
from nas.quantization.golden import SAMPLES, SEED
from nas.quantization.make_golden import make_golden
from nas.search.request import add_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.description = (
        "Record the outputs of the reference kernels for seeded inputs, or your own."
    )
    parser.epilog = "example: nas golden model.tflite --out golden.npz"
    parser.set_defaults(command=_golden)
    add = parser.add_argument
    add("model", type=some_path, metavar="MODEL.tflite", help="an int8 model")
    add("--out", required=True, type=some_path, metavar="FILE", help="the .npz to write")
    add("--samples", type=int, default=SAMPLES, metavar="N", help="inputs (%(default)s)")
    add("--seed", type=int, default=SEED, metavar="N", help="seed of the inputs (%(default)s)")
    add(
        "--inputs",
        type=some_path,
        metavar="FILE",
        help="your own inputs instead: a .npy, or an .npz with an array 'inputs', as the model "
        "takes them, shape (n, ...)",
    )
    add_options(parser, "rounding")
    add("--json", action="store_true", help="print JSON")


def _golden(arguments: argparse.Namespace) -> None:
    check_outputs(arguments.out)
    progress = Progress("nas")
    with Worker() as worker:
        count = make_golden(
            arguments.model,
            arguments.out,
            arguments.samples,
            arguments.seed,
            arguments.rounding,
            worker,
            lambda event: progress.update(f"{event['done']} of {event['all']} inputs"),
            arguments.inputs,
        )
    progress.clear()
    record = {
        "golden": str(arguments.out),
        "model_sha256": sha256_of_file(arguments.model),
        "samples": count,
        "seed": None if arguments.inputs else arguments.seed,
        "rounding": arguments.rounding,
    }
    text = f"{arguments.out}: {count} inputs and their outputs"
    print(json.dumps(record, indent=2) if arguments.json else printable_lines(text))
