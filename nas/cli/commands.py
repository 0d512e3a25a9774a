"""The verbs of `nas`, some of which are added by their own modules. I/O."""

import argparse
import json
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from codegen.boards.cli import add_boards
from codegen.model.graph import Graph
from codegen.model.model_file import is_saved_model, read_model_file
from codegen.model.read_tflite import parse_model
from firmware.command_line import parse
from firmware.command_line import run as run_command
from firmware.errors import ConfigError
from firmware.files import sha256_of_bytes, sha256_of_file, write_json, write_text
from firmware.output_files import check_outputs
from firmware.output_streams import say
from firmware.printable import printable, printable_lines
from firmware.progress import Progress
from firmware.targets import load_target
from nas.cli.narrator import Narrator
from nas.cli.options import make_parser
from nas.data.input_size import parse_shape
from nas.data_tools.cli import add_data
from nas.estimator.calibration import calibrate, read_measurements
from nas.estimator.memory_map import memory_map_svg
from nas.estimator.network import estimate
from nas.estimator.report import calibration_text, estimate_text
from nas.estimator.speed import read_speed_model, shipped_speed_model
from nas.host.worker import Worker
from nas.quantization.make_golden import make_golden
from nas.quantization.predict_file import predict_file
from nas.report.cli import add_front, add_report
from nas.report.terminal import run_text
from nas.search.api import limits_of, run_search
from nas.search.pick import run_pick
from nas.search.pick_request import PickRequest
from nas.search.request import request_of, values_of
from nas.spaces import find_converter, find_space


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    warnings.filterwarnings(
        "ignore", module=r"PIL\."
    )  # of damaged images, which are reported by name
    words = tuple(sys.argv[1:] if argv is None else argv)
    others = (add_front, add_report, add_data, partial(add_boards, program="nas"))
    arguments = parse(make_parser(_run, _pick, _estimate, _calibrate, _golden, *others), words)
    arguments.words = words
    return run_command("nas", arguments.command, arguments)


def _pick(arguments: argparse.Namespace) -> None:
    request = PickRequest(**values_of(arguments, PickRequest))
    _finish(arguments, lambda narrator, words: run_pick(request, narrator, words))


def _run(arguments: argparse.Namespace) -> None:
    request = request_of(arguments)
    _finish(arguments, lambda narrator, words: run_search(request, narrator, words))


def _finish(
    arguments: argparse.Namespace, work: Callable[[Narrator, tuple[str, ...]], dict[str, Any]]
) -> None:
    """Do the work with its progress on the terminal, and print its record."""
    progress = Progress("nas")
    try:
        record = work(Narrator(progress), ("nas", *arguments.words))
    finally:
        progress.clear()
    print(json.dumps(record, indent=2) if arguments.json else printable_lines(run_text(record)))
    say(f"nas: wrote {printable(str(arguments.out))}/model.tflite, golden.npz, run.json")


def _estimate(arguments: argparse.Namespace) -> int:
    check_outputs(arguments.map)
    target = load_target(arguments.target)
    limits, _ = limits_of(target, arguments.runtime, arguments.ram, arguments.flash, arguments.macc)
    limits = replace(limits, macc_is_advice=arguments.macc is None)
    if (arguments.model is None) == (arguments.candidate is None):
        raise ConfigError("give either a MODEL.tflite, a run, or a --candidate, such as 6,4")
    name, graph, model_bytes, model_sha256 = (
        _candidate(arguments) if arguments.model is None else _model(arguments.model)
    )
    prices = read_speed_model(arguments.latency_model) if arguments.latency_model else None
    result = estimate(name, graph, model_bytes, target, limits, arguments.runtime, prices)
    if arguments.map:
        write_text(arguments.map, memory_map_svg(result))
    record = result.as_record() | {"model_sha256": model_sha256}
    print(
        json.dumps(record, indent=2) if arguments.json else printable_lines(estimate_text(result))
    )
    return 1 if arguments.fail_over and not result.fits else 0


def _model(path: Path) -> tuple[str, Graph, int, str | None]:
    is_run = path.is_dir() and not is_saved_model(path)
    model = path / "model.tflite" if is_run else path
    content = read_model_file(model)
    graph = parse_model(model, content)
    return str(path.name or path), graph, len(content), sha256_of_bytes(content)


def _candidate(arguments: argparse.Namespace) -> tuple[str, Graph, int, str | None]:
    space = find_space(arguments.space)
    candidate = space.parse(arguments.candidate)
    shape = parse_shape(arguments.input)
    if arguments.classes < 2:
        raise ConfigError(f"--classes is {arguments.classes}, expected at least 2")
    network = space.network(candidate, shape, arguments.classes)
    graph, model_bytes = predict_file(network, find_converter(arguments.space, ""))
    name = f"{arguments.space} {candidate} for {arguments.input} and {arguments.classes} classes"
    return name, graph, model_bytes, None


def _calibrate(arguments: argparse.Namespace) -> None:
    check_outputs(arguments.out)
    target = load_target(arguments.target)
    measured = read_measurements(arguments.measurements, target.core)
    model = calibrate(measured, shipped_speed_model(measured.runtime, target.core))
    write_json(arguments.out, model.as_record())
    text = printable_lines(calibration_text(model))
    print(json.dumps(model.as_record(), indent=2) if arguments.json else text)
    say(f"nas: wrote {printable(str(arguments.out))}")


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
