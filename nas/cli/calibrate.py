"""The verb `nas calibrate`: a latency model of measurements. I/O."""

import argparse
import json

from codegen.costs.speed import shipped_speed_model
from firmware.command_line import some_path
from firmware.files import write_json
from firmware.output_files import check_outputs
from firmware.output_streams import say
from firmware.printable import printable, printable_lines
from firmware.targets import DEFAULT_TARGET, load_target
from nas.estimator.calibration import calibrate, read_measurements
from nas.estimator.report import calibration_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.description = (
        "Fit a model of cycles (or, from the virtual board, of instructions) to "
        "measurements, for 'nas estimate --latency-model'."
    )
    parser.epilog = "example: nas calibrate */measurement.json --out nucleo.json"
    parser.set_defaults(command=_calibrate)
    add = parser.add_argument
    add(
        "measurements",
        nargs="+",
        type=some_path,
        metavar="measurement.json",
        help="measurements of 'hil run'",
    )
    add("--out", required=True, type=some_path, metavar="FILE", help="the model to write")
    add("--target", default=DEFAULT_TARGET, help="the chip measured (%(default)s)")
    add("--json", action="store_true", help="print the model")


def _calibrate(arguments: argparse.Namespace) -> None:
    check_outputs(arguments.out)
    target = load_target(arguments.target)
    measured = read_measurements(arguments.measurements, target.core)
    model = calibrate(measured, shipped_speed_model(measured.runtime, target.core))
    write_json(arguments.out, model.as_record())
    text = printable_lines(calibration_text(model))
    print(json.dumps(model.as_record(), indent=2) if arguments.json else text)
    say(f"nas: wrote {printable(str(arguments.out))}")
