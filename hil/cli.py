"""The `hil` command. Reads arguments, prints results."""

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from firmware.command_line import EXIT_DONE, parse, run
from firmware.errors import ConfigError, NoBoardError, SdkError
from firmware.files import write_json, write_text
from firmware.output_files import MARK, check_outputs
from firmware.platformio import run_platformio
from firmware.printable import printable
from firmware.progress import Progress
from firmware.records.conversion import to_record
from firmware.targets import load_real_target
from hil.bench.attached import attached, attached_nucleos, state_of
from hil.bench.bench_file import DEFAULT_FILE, read_bench
from hil.bench.mbed_ids import board_with
from hil.bench.new_bench import bench_text, new_entries
from hil.bench.ready_board import VIRTUAL, Choice
from hil.judge import verdict_code
from hil.junit import Outcome, junit
from hil.measure import Settings
from hil.options import make_parser
from hil.project import Project, read_project
from hil.record import record_of_all
from hil.report import markdown, tables
from hil.session import Session, run_on_boards
from hil.virtual.line_faults import LineFaults
from hil.virtual.machine import nucleo_machine
from hil.virtual.rfc2217_server import Rfc2217Server
from hil.virtual.virtual_nucleo import VirtualNucleo
from hil.windows import Plan


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit code of the process."""
    arguments = parse(make_parser(_run, _list_boards, _init_boards, _serve), argv)
    return run("hil", arguments.command, arguments)


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


def _list_boards(arguments: argparse.Namespace) -> None:
    path = arguments.bench or Path(DEFAULT_FILE)
    boards = read_bench(path) if arguments.bench or path.is_file() else ()
    found = attached()
    rows: list[dict[str, Any]] = [
        {
            "board": board.name,
            "target": board.target,
            "port": board.port,
            "flash": board.flash,
            "state": state_of(board),
        }
        for board in boards
    ]
    if arguments.json:
        print(json.dumps({"boards": rows, "attached": [asdict(own) for own in found]}, indent=2))
        return
    for row in rows:
        print(printable("  ".join(row.values())))
    for own in found:
        text = f"attached {own.kind}  {own.port}  {own.serial}  {own.description}"
        text += f"  {board_with(own.mbed_id)}"
        print(printable(text.rstrip()))
    if not rows and not found:
        print(f"there is no {DEFAULT_FILE} here, and no USB serial port or probe is attached")


def _init_boards(arguments: argparse.Namespace) -> None:
    path = arguments.bench or Path(DEFAULT_FILE)
    if path.exists():
        raise ConfigError(f"{str(path)!r} exists; name another with --bench, or edit it")
    given = arguments.target or ""
    if given:
        _ = load_real_target(given)
    if given.endswith(".toml"):
        given = str(Path(given).resolve())
    nucleos = attached_nucleos()
    if not nucleos:
        raise NoBoardError("no Nucleo is attached; docs/bench.md shows a bench file for others")
    entries = new_entries(nucleos, given)
    write_text(path, bench_text(entries))
    print(f"{printable(str(path))}: {len(read_bench(path))} boards")
    print("\n".join(printable(f"{own.name}  {own.target}, {own.source}") for own in entries))


def _serve(arguments: argparse.Namespace) -> None:
    target = load_real_target(arguments.target)
    _ = nucleo_machine(target)
    faults = LineFaults(
        drop=arguments.drop,
        flip=arguments.flip,
        delay_s=arguments.delay_s,
        refuses=arguments.refuse,
        hangs=arguments.hang,
        stops=arguments.fault,
        reset_after=arguments.reset_after,
        seed=arguments.seed,
    )
    with Rfc2217Server(VirtualNucleo(target, faults), arguments.port) as server:
        print(
            f'[board.desk]\ntarget = "{target.name}"\nport = "{server.url}"\nflash = "uart"\n'
            "is_virtual = true",
            flush=True,
        )
        server.wait()
