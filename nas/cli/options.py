"""The command line of `nas`: its verbs and options. Pure."""

import argparse
from collections.abc import Callable
from typing import TypeAlias

from firmware.command_line import some_path
from nas.quantization.golden import SAMPLES, SEED
from nas.search.pick_request import PickRequest
from nas.search.request import add_options

DEFAULT_TARGET = "stm32f412"
Command = Callable[[argparse.Namespace], int | None]
_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def make_parser(
    run: Command,
    pick: Command,
    estimate: Command,
    calibrate: Command,
    golden: Command,
    *others: Callable[[_Verbs], None],
) -> argparse.ArgumentParser:
    """The parser. `command` is the function of the parsed verb; some verbs are added elsewhere."""
    parser = argparse.ArgumentParser(
        prog="nas", description="Searches networks for microcontrollers, within their limits."
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _add_run(verbs, run)
    _add_pick(verbs, pick)
    _add_estimate(verbs, estimate)
    _add_calibrate(verbs, calibrate)
    _add_golden(verbs, golden)
    for add in others:
        add(verbs)
    return parser


def _add_run(verbs: _Verbs, command: Command) -> None:
    parser = verbs.add_parser(
        "run",
        help="search a network, train it, convert it to int8",
        description="Search the best network that fits the target, train it and convert it to "
        "int8. The same command resumes an interrupted run.",
        epilog="example: nas run --data digits --target stm32f412 --out runs/digits",
    )
    parser.set_defaults(command=command, how_to_go_on="; run the same command to resume")
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="print run.json instead of tables")


def _add_pick(verbs: _Verbs, command: Command) -> None:
    parser = verbs.add_parser(
        "pick",
        help="train another network of a run, within other limits",
        description="Train the most accurate network of a run that fits other limits, and convert "
        "it to int8, without searching again. Limits that are not given are those of the run. "
        "'nas front' shows the networks. The same command resumes an interrupted training.",
        epilog="example: nas pick runs/digits --flash 30000 --out runs/small",
    )
    parser.set_defaults(command=command, how_to_go_on="; run the same command to resume")
    parser.add_argument("run", type=some_path, metavar="RUN", help="a run's folder")
    add_options(parser, form=PickRequest)
    parser.add_argument("--json", action="store_true", help="print run.json instead of tables")


def _add_estimate(verbs: _Verbs, command: Command) -> None:
    parser = verbs.add_parser(
        "estimate",
        help="estimate the memory and the time of a network",
        description="Estimate RAM, flash, MACC and time of a .tflite, of a run's winner, or of a "
        "candidate that does not exist yet.",
        epilog="example: nas estimate model.tflite --target stm32f412 --map arena.svg",
    )
    parser.set_defaults(command=command)
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


def _add_calibrate(verbs: _Verbs, command: Command) -> None:
    parser = verbs.add_parser(
        "calibrate",
        help="fit a latency model to measurements",
        description="Fit a model of cycles (or, from the virtual board, of instructions) to "
        "measurements, for 'nas estimate --latency-model'.",
        epilog="example: nas calibrate */measurement.json --out nucleo.json",
    )
    parser.set_defaults(command=command)
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


def _add_golden(verbs: _Verbs, command: Command) -> None:
    parser = verbs.add_parser(
        "golden",
        help="record the expected outputs of a model",
        description="Record the outputs of the reference kernels for seeded inputs, or your own.",
        epilog="example: nas golden model.tflite --out golden.npz",
    )
    parser.set_defaults(command=command)
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
