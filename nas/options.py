"""The command line of `nas`: its verbs and options. Pure."""

import argparse
from collections.abc import Callable
from typing import TypeAlias

from codegen.graph import DEFAULT_ROUNDING, ROUNDINGS
from firmware.command_line import some_path
from firmware.targets import known_targets
from nas.config import AUGMENTATIONS, DEFAULT_RECIPE, FINAL_EPOCHS, RECIPES
from nas.cost import RUNTIMES
from nas.golden import SAMPLES, SEED
from nas.host_memory import PROFILES
from nas.spaces import DEFAULT_SPACE, known_spaces
from nas.spaces.converters import CONVERTERS
from nas.strategy import DEFAULT_STRATEGY, known_strategies

DEFAULT_TARGET = "stm32f412"
Command = Callable[[argparse.Namespace], int | None]
_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def make_parser(
    run: Command,
    estimate: Command,
    calibrate: Command,
    golden: Command,
    *others: Callable[[_Verbs], None],
) -> argparse.ArgumentParser:
    """The parser; the parsed verb's function is in `command`. The others add their own verbs."""
    parser = argparse.ArgumentParser(
        prog="nas", description="Searches networks for microcontrollers, within their limits."
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _add_run(verbs, run)
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
        "int8. The same command continues an interrupted run.",
        epilog="example: nas run --data digits --target stm32f412 --out runs/digits",
    )
    parser.set_defaults(command=command, how_to_go_on="; the same command goes on from here")
    add = parser.add_argument
    add(
        "--data",
        required=True,
        metavar="PATH|digits",
        help="folder or zip of class folders (JPEG, PNG and others), an .npz with 'images' and "
        "'labels', or 'digits', which is built in",
    )
    add("--out", required=True, type=some_path, metavar="DIR", help="folder of the run")
    _add_target(parser, required=True)
    add(
        "--input",
        default="",
        metavar="HxWxC",
        help="input in pixels and channels, or 'auto' to search it too (50x50x3; arrays and "
        "digits: their own)",
    )
    _add_space(parser)
    add(
        "--converter",
        choices=CONVERTERS,
        default="",
        help="who makes the .tflite (own; tensorflow in the space 'paper')",
    )
    add(
        "--strategy",
        choices=known_strategies(),
        default=DEFAULT_STRATEGY,
        help="how the search moves (%(default)s)",
    )
    add("--epochs", type=int, default=3, metavar="N", help="epochs per candidate (%(default)s)")
    add(
        "--final-epochs",
        type=int,
        default=FINAL_EPOCHS,
        metavar="N",
        help="epochs for the winner (%(default)s)",
    )
    add(
        "--recipe",
        choices=tuple(RECIPES),
        default=DEFAULT_RECIPE,
        help="how the winner is trained (%(default)s)",
    )
    add(
        "--learning-rate",
        type=float,
        metavar="X",
        help="highest one of the winner's training (the recipe's own)",
    )
    add(
        "--augment",
        choices=AUGMENTATIONS,
        help="what happens to the winner's training images (mirror for images in colour, which "
        "moves and mirrors them, else shift)",
    )
    add("--seed", type=int, default=0, metavar="N", help="seed of all randomness (%(default)s)")
    add(
        "--host-memory",
        default="auto",
        metavar="SIZE",
        help="memory that the search may take: auto, 512MiB, or a host such as "
        f"{', '.join(PROFILES)} (%(default)s)",
    )
    add(
        "--latency",
        default="",
        metavar="TIME",
        help="longest time of one inference on the chip, such as 50ms; needs --measured-latency",
    )
    add(
        "--measured-latency",
        type=some_path,
        metavar="FILE",
        help="what 'nas calibrate' fitted to measurements of a board",
    )
    add(
        "--max-time",
        default="",
        metavar="TIME",
        help="end the search, with what it trains then, after 90s, 45m or 1h30m: the best so far "
        "wins; decoding and the final training take their own time",
    )
    add("--workers", type=int, metavar="N", help="trainings side by side (one for each core)")
    add(
        "--scheduler",
        default="",
        metavar="tcp://HOST:PORT",
        help="a Dask scheduler: its machines train the candidates",
    )
    _add_rounding(parser)
    add("--skip-broken", action="store_true", help="leave out images that cannot be read")
    add("--json", action="store_true", help="print run.json instead of tables")


def _add_estimate(verbs: _Verbs, command: Command) -> None:
    parser = verbs.add_parser(
        "estimate",
        help="what a network takes of its target",
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
    _add_space(parser)
    add("--candidate", metavar="K,C", help="a candidate instead of a model, such as 6,4")
    add("--input", metavar="HxWxC", default="50x50x3", help="its input (%(default)s)")
    add("--classes", type=int, default=2, metavar="N", help="its classes (%(default)s)")
    _add_target(parser, required=False)
    add("--latency-model", type=some_path, metavar="FILE", help="what 'nas calibrate' wrote")
    add("--map", type=some_path, metavar="FILE.svg", help="draw the arena over time")
    add("--fail-over", action="store_true", help="exit with 1 if a limit is exceeded")
    add("--json", action="store_true", help="print JSON instead of tables")


def _add_calibrate(verbs: _Verbs, command: Command) -> None:
    parser = verbs.add_parser(
        "calibrate",
        help="learn from measurements how long kernels take",
        description="Fit a model of cycles (or, from the virtual board, of instructions) to "
        "measurements, for 'nas estimate --latency-model'.",
        epilog="example: nas calibrate */measurement.json --out nucleo.json",
    )
    parser.set_defaults(command=command)
    add = parser.add_argument
    add("measurements", nargs="+", type=some_path, metavar="measurement.json", help="of 'hil run'")
    add("--out", required=True, type=some_path, metavar="FILE", help="the model to write")
    add("--target", default=DEFAULT_TARGET, help="the chip measured (%(default)s)")
    add("--json", action="store_true", help="print the model")


def _add_golden(verbs: _Verbs, command: Command) -> None:
    parser = verbs.add_parser(
        "golden",
        help="record what a model must answer",
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
        "takes them, (n, ...)",
    )
    _add_rounding(parser)
    add("--json", action="store_true", help="print JSON")


def _add_space(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--space",
        default=DEFAULT_SPACE,
        metavar="NAME|FILE.py",
        help=f"search space: {', '.join(known_spaces())}, or a Python file with a SPACE of your "
        "own (%(default)s)",
    )


def _add_rounding(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rounding",
        choices=ROUNDINGS,
        default=DEFAULT_ROUNDING,
        help="whose reference kernels say what is right; they differ in FULLY_CONNECTED "
        "(%(default)s)",
    )


def _add_target(parser: argparse.ArgumentParser, required: bool) -> None:
    add = parser.add_argument
    known = f"chip, one of {', '.join(known_targets())}, or a TOML file of your own"
    if required:
        add("--target", required=True, help=known)
    else:
        add("--target", default=DEFAULT_TARGET, help=f"{known} (%(default)s)")
    add("--runtime", choices=RUNTIMES, default="static", help="what runs the model (%(default)s)")
    add("--ram", type=int, metavar="BYTES", help="limit of the arena (the chip's RAM less stack)")
    add("--flash", type=int, metavar="BYTES", help="limit of the .tflite (the chip's flash)")
    add("--macc", type=int, metavar="N", help="limit of MACs per inference (CoreMark x 10^4)")
