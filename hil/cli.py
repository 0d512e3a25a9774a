"""`hil`: measures firmware on a board, and judges what was promised."""

import argparse
import contextlib
import json
import math
from collections.abc import Sequence
from pathlib import Path

from firmware.command_line import EXIT_DONE, run
from firmware.errors import BoardError
from firmware.files import sha256_of_file, write_json
from firmware.platformio import run_platformio
from firmware.progress import Progress
from hil.board import Board
from hil.elf import FirmwareSize, measure_elf
from hil.judge import Verdict, judge, verdict_code
from hil.measure import measure
from hil.project import Project, read_golden, read_project
from hil.report import records, tables
from hil.serial_board import SerialBoard
from hil.virtual_board import VirtualBoard


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code."""
    arguments = _parser().parse_args(argv)
    return run("hil", arguments.command, arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hil", description="Measures firmware on a board.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    verb = verbs.add_parser(
        "run",
        help="build a project, run it on a board, judge its promises",
        description="Build a project, run its golden inputs on a board, and compare what was "
        "promised with what is measured. Exit 0 only if everything holds. The virtual board "
        "counts instructions, which are not time.",
        epilog="example: hil run runs/demo/project --board virtual",
    )
    verb.set_defaults(command=_run)
    verb.add_argument("project", type=Path, metavar="PROJECT", help="folder of 'codegen build'")
    verb.add_argument(
        "--board",
        default="virtual",
        metavar="virtual|PORT",
        help="QEMU, or the serial port of a board that runs this firmware (%(default)s)",
    )
    verb.add_argument("--no-build", action="store_true", help="take the firmware as it was built")
    verb.add_argument(
        "--timeout-s",
        type=_seconds,
        default=60.0,
        metavar="S",
        help="longest wait for one answer of the board, in seconds (%(default)g)",
    )
    verb.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where the measurement goes (PROJECT/measurement.json)",
    )
    verb.add_argument("--json", action="store_true", help="print the measurement as JSON")
    return parser


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        value = float(text)
        if math.isfinite(value) and value > 0:
            return value
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")


def _run(arguments: argparse.Namespace) -> int:
    projects = read_project(arguments.project)
    project = projects[0]
    progress = Progress("hil")
    if not arguments.no_build:
        progress.update(f"building {project.folder}")
        run_platformio(project.folder, project.target)
    if not project.firmware.is_file():
        raise BoardError(f"{str(project.firmware)!r} is missing; run without --no-build")
    verdicts = [_measure(own, arguments, progress) for own in projects]
    progress.clear()
    result = records(verdicts)
    write_json(arguments.out or project.folder / "measurement.json", result)
    print(json.dumps(result, indent=2) if arguments.json else tables(verdicts))
    return max((verdict_code(verdict) for verdict in verdicts), default=EXIT_DONE)


def _measure(project: Project, arguments: argparse.Namespace, progress: Progress) -> Verdict:
    size = measure_elf(project.firmware, project.model_symbols)
    measurement = measure(
        _board(arguments.board, project, size),
        project,
        read_golden(project.golden) if project.golden else None,
        size,
        sha256_of_file(project.firmware),
        arguments.timeout_s,
        lambda done, total: progress.update(f"{project.runtime}: {done} of {total} inputs"),
    )
    return Verdict(project, measurement, judge(project, measurement))


def _board(name: str, project: Project, size: FirmwareSize) -> Board:
    if name == "virtual":
        return VirtualBoard(project.firmware, size.ram_end)
    return SerialBoard(name)
