"""The command line of `hil`: its verbs and options. Pure."""

import argparse
from collections.abc import Callable
from typing import TypeAlias

from firmware.command_line import some_path
from hil.bench.bench_file import DEFAULT_FILE
from hil.measure import Settings
from hil.option_values import (
    count,
    fraction,
    positive_fraction,
    positive_seconds,
    seconds,
    tcp_port,
)
from hil.windows import Plan

DEFAULT_TARGET = "stm32f412"
Command = Callable[[argparse.Namespace], int | None]
_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def make_parser(
    run: Command, list_boards: Command, init_boards: Command, serve: Command
) -> argparse.ArgumentParser:
    """The parser; the parsed verb's function is in `command`."""
    parser = argparse.ArgumentParser(prog="hil", description="Measures firmware on a board.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _add_run(verbs, run)
    _add_boards(verbs, list_boards, init_boards)
    _add_virtual(verbs, serve)
    return parser


def _add_run(verbs: _Verbs, command: Command) -> None:
    parser = verbs.add_parser(
        "run",
        help="build a project, flash a board, measure, and check the results",
        description="Build a generated project, flash it to a board, measure it there, and compare "
        "the results with the project's manifest. Exits with 0 only if every check passes; each "
        "kind of failure has its own code, see docs/bench.md.",
        epilog="example: hil run runs/demo/project --board virtual-nucleo --junit hil.xml",
    )
    parser.set_defaults(command=command)
    add = parser.add_argument
    add("project", type=some_path, metavar="PROJECT", help="folder made by 'codegen build'")
    add(
        "--board",
        action="append",
        metavar="BOARD",
        help="virtual (QEMU), virtual-nucleo (flashed through its bootloader), a name or target of "
        "the bench file, or a serial port whose board runs the firmware; repeat it to measure "
        "several boards in parallel (virtual)",
    )
    _add_bench(parser)
    add(
        "--wait-s",
        type=seconds,
        default=0.0,
        metavar="S",
        help="longest wait for another process that uses the board, in seconds (%(default)g)",
    )
    add("--no-build", action="store_true", help="use the firmware that is already built")
    add("--no-flash", action="store_true", help="the board already runs the firmware")
    add(
        "--estimate",
        type=some_path,
        metavar="FILE",
        help="also check the output of 'nas estimate --json'",
    )
    _add_measuring(parser)
    add(
        "--out",
        type=some_path,
        metavar="FILE",
        help="file for the measurement (PROJECT/measurement.json; with several boards "
        "PROJECT/measurement-BOARD.json)",
    )
    add("--junit", type=some_path, metavar="FILE", help="also write JUnit XML")
    add("--markdown", type=some_path, metavar="FILE", help="also write a page in Markdown")
    add("--json", action="store_true", help="print the measurement as JSON")


def _add_measuring(parser: argparse.ArgumentParser) -> None:
    plan = Plan()
    add = parser.add_argument
    add(
        "--timeout-s",
        type=positive_seconds,
        default=60.0,
        metavar="S",
        help="longest wait for one answer, in seconds (%(default)g)",
    )
    add(
        "--session-s",
        type=positive_seconds,
        default=Settings(60.0).session_limit_s,
        metavar="S",
        help="time limit for flashing and measuring a board, in seconds (%(default)g)",
    )
    add(
        "--window-s",
        type=positive_seconds,
        default=plan.window_s,
        metavar="S",
        help="length of a timing window on a real board, in seconds (%(default)g)",
    )
    add(
        "--confidence",
        type=positive_fraction,
        default=plan.half_width_fraction,
        metavar="FRACTION",
        help="measure windows until half of the 95 %% confidence interval is at most this fraction "
        "of the latency (%(default)g)",
    )


def _add_bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--bench", type=some_path, metavar="FILE", help=f"bench file ({DEFAULT_FILE})"
    )


def _add_boards(verbs: _Verbs, list_boards: Command, init_boards: Command) -> None:
    parser = verbs.add_parser(
        "boards",
        help="list the boards of the bench and the attached devices",
        description="List the boards of the bench file with their state, and the attached USB "
        "serial ports and debug probes. 'hil boards init' writes a bench file for the attached "
        "Nucleos.",
        epilog="example: hil boards --json",
    )
    parser.set_defaults(command=list_boards)
    _add_bench(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    actions = parser.add_subparsers(metavar="init")
    action = actions.add_parser(
        "init",
        help="write a bench file",
        description="Write a bench file for the attached Nucleos. Each ST-LINK is asked on which "
        "board it is.",
        epilog="example: hil boards init --bench lab.toml",
    )
    action.set_defaults(command=init_boards)
    _add_bench(action)
    action.add_argument(
        "--target",
        help="board or chip of the Nucleos whose ST-LINK does not tell it, or a TOML file of your "
        "own (none)",
    )


def _add_virtual(verbs: _Verbs, command: Command) -> None:
    parser = verbs.add_parser(
        "virtual",
        help="serve a virtual Nucleo as a serial port over RFC 2217",
        description="Serve a virtual Nucleo until Ctrl-C: its ROM bootloader takes an image, DTR "
        "resets it, RTS selects the bootloader, QEMU runs the firmware. Prints its entry for a "
        "bench file.",
        epilog="example: hil virtual --port 2217 --drop 0.001",
    )
    parser.set_defaults(command=command)
    add = parser.add_argument
    add("--target", default=DEFAULT_TARGET, help="chip (%(default)s)")
    add("--port", type=tcp_port, default=0, metavar="TCP", help="TCP port; 0: any free port (0)")
    add(
        "--drop",
        type=fraction,
        default=0.0,
        metavar="FRACTION",
        help="fraction of all bytes that are lost (0)",
    )
    add(
        "--flip",
        type=fraction,
        default=0.0,
        metavar="FRACTION",
        help="fraction of all bytes that are changed (0)",
    )
    add(
        "--delay-s",
        type=seconds,
        default=0.0,
        metavar="S",
        help="delay of each answer, in seconds (0)",
    )
    add("--refuse", action="store_true", help="the bootloader refuses to erase and to write")
    add("--hang", action="store_true", help="the firmware never answers")
    add("--fault", action="store_true", help="the firmware stops in a fault")
    add(
        "--reset-after",
        type=count,
        default=0,
        metavar="N",
        help="reset once, after N bytes of flashing; 0: never (0)",
    )
    add("--seed", type=count, default=0, help="seed of the faults (%(default)s)")
