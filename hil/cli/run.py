"""The verb `hil run`: a project is measured on boards. I/O."""

import argparse
import json
import re
from pathlib import Path

from firmware.command_line import EXIT_DONE, some_path
from firmware.errors import ConfigError, SdkError
from firmware.files import write_json, write_text
from firmware.output_files import MARK, check_outputs
from firmware.platformio import run_platformio
from firmware.progress import Progress
from firmware.records.conversion import to_record
from hil.bench.ready_board import VIRTUAL, Choice
from hil.cli.bench_option import add_bench
from hil.judge import verdict_code
from hil.junit import Outcome, junit
from hil.measure import Settings
from hil.option_values import positive_fraction, positive_seconds, seconds
from hil.project import Project, read_project
from hil.record import record_of_all
from hil.report import markdown, tables
from hil.session import Session, run_on_boards
from hil.windows import Plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.description = (
        "Build a generated project, flash it to a board, measure it there, and compare "
        "the results with the project's manifest. Exits with 0 only if every check passes; each "
        "kind of failure has its own code, see docs/bench.md."
    )
    parser.epilog = "example: hil run runs/demo/project --board virtual-nucleo --junit hil.xml"
    parser.set_defaults(command=_run)
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
    add_bench(parser)
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


def _run(arguments: argparse.Namespace) -> int:
    projects = read_project(arguments.project)
    names = list(dict.fromkeys(arguments.board or [VIRTUAL]))
    if arguments.out and len(names) > 1:
        raise ConfigError("--out names one file, but several boards are measured; omit --out")
    measurements = {
        name: arguments.out or _measurement_path(projects[0], name, len(names)) for name in names
    }
    check_outputs(arguments.junit, arguments.markdown, *measurements.values())
    outcomes = _outcomes(projects, names, arguments)
    if arguments.junit:
        write_text(arguments.junit, junit(projects[0].model_name, outcomes))
    verdicts = {name: own for name, own in outcomes.items() if not isinstance(own, SdkError)}
    records = {name: record_of_all(own) for name, own in verdicts.items()}
    results = {name: to_record(own) for name, own in records.items()}
    for name, result in results.items():
        write_json(measurements[name], result)
    if arguments.markdown and verdicts:
        pages = [markdown(own, records[name].provenance) for name, own in verdicts.items()]
        write_text(arguments.markdown, "\n".join([*pages, f"<!-- {MARK} -->\n"]))
    if arguments.json and results:
        shown = results if len(names) > 1 else next(iter(results.values()))
        print(json.dumps(shown, indent=2))
    elif results:
        print("\n\n".join(tables(own) for own in verdicts.values()))
    return _exit_code(outcomes, Progress("hil"))


def _outcomes(
    projects: tuple[Project, ...], names: list[str], arguments: argparse.Namespace
) -> dict[str, Outcome]:
    """Build once. Returns the verdicts of each board, or its error."""
    progress = Progress("hil")
    if not arguments.no_build:
        progress.update(f"building {projects[0].folder}")
        try:
            run_platformio(
                projects[0].folder,
                projects[0].target,
                on_progress=lambda text: progress.update(f"building {projects[0].folder}: {text}"),
            )
        except SdkError as error:
            progress.clear()
            return dict.fromkeys(names, error)
    plan = Plan(arguments.window_s, arguments.confidence)
    settings = Settings(arguments.timeout_s, plan, arguments.session_s)
    session = Session(projects, settings, arguments.estimate, progress.update, progress.note)
    choices = [
        Choice(name, arguments.bench, not arguments.no_flash, arguments.wait_s) for name in names
    ]
    outcomes = run_on_boards(session, choices)
    progress.clear()
    return {choice.name: outcome for choice, outcome in outcomes}


def _measurement_path(project: Project, board: str, boards: int) -> Path:
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", board).strip("-.")
    return project.folder / ("measurement.json" if boards == 1 else f"measurement-{name}.json")


def _exit_code(outcomes: dict[str, Outcome], progress: Progress) -> int:
    """The largest code of all boards. With a single board, its error is raised."""
    codes = [EXIT_DONE]
    for name, outcome in outcomes.items():
        if not isinstance(outcome, SdkError):
            codes += [verdict_code(verdict) for verdict in outcome]
        elif len(outcomes) == 1:
            raise outcome
        else:
            progress.note(f"error: {name}: {outcome}")
            codes.append(outcome.exit_code)
    return max(codes)
