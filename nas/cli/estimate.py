"""The verb `nas estimate`: memory and time of a network. I/O."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from codegen.costs.speed import read_speed_model
from codegen.model.graph import Graph
from codegen.model.model_file import is_saved_model, read_model_file
from codegen.model.read_tflite import parse_model
from firmware.command_line import some_path
from firmware.errors import ConfigError
from firmware.files import sha256_of_bytes, write_text
from firmware.output_files import check_outputs
from firmware.printable import printable_lines
from firmware.targets import DEFAULT_TARGET, load_target
from nas.estimator.limits import limits_of
from nas.estimator.memory_map import memory_map_svg
from nas.estimator.network import estimate
from nas.estimator.report import estimate_text
from nas.network.input_shape import parse_shape
from nas.quantization.predict_file import predict_file
from nas.search.request import add_options
from nas.spaces import find_converter, find_space


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.description = (
        "Estimate RAM, flash, MACC and time of a .tflite, of a run's winner, or of a "
        "candidate that does not exist yet."
    )
    parser.epilog = "example: nas estimate model.tflite --target stm32f412 --map arena.svg"
    parser.set_defaults(command=_estimate)
    add = parser.add_argument
    add(
        "model",
        nargs="?",
        type=some_path,
        metavar="MODEL",
        help="an int8 .tflite, or a run's folder",
    )
    add_options(parser, "space")
    add("--candidate", metavar="K,C", help="a candidate instead of a model, such as 6,4")
    add("--input", metavar="HxWxC", default="50x50x3", help="its input (%(default)s)")
    add("--classes", type=int, default=2, metavar="N", help="its classes (%(default)s)")
    add_options(parser, "target", "runtime", "ram", "flash", "macc", target=DEFAULT_TARGET)
    add("--latency-model", type=some_path, metavar="FILE", help="latency model of 'nas calibrate'")
    add("--map", type=some_path, metavar="FILE.svg", help="draw the arena over time")
    add("--fail-over", action="store_true", help="exit with 1 if a limit is exceeded")
    add("--json", action="store_true", help="print JSON instead of tables")


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
