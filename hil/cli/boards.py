"""The verb `hil boards`: the boards of a bench. I/O."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from firmware.errors import ConfigError, NoBoardError
from firmware.files import write_text
from firmware.printable import printable
from firmware.targets import load_real_target
from hil.bench.attached import attached, attached_nucleos, state_of
from hil.bench.bench_file import DEFAULT_FILE, read_bench
from hil.bench.mbed_ids import board_with
from hil.bench.new_bench import bench_text, new_entries
from hil.cli.bench_option import add_bench


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.description = (
        "List the boards of the bench file with their state, and the attached USB "
        "serial ports and debug probes. 'hil boards init' writes a bench file for the attached "
        "Nucleos."
    )
    parser.epilog = "example: hil boards --json"
    parser.set_defaults(command=_list_boards)
    add_bench(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    actions = parser.add_subparsers(metavar="init")
    action = actions.add_parser(
        "init",
        help="write a bench file",
        description="Write a bench file for the attached Nucleos. Each ST-LINK is asked on which "
        "board it is.",
        epilog="example: hil boards init --bench lab.toml",
    )
    action.set_defaults(command=_init_boards)
    add_bench(action)
    action.add_argument(
        "--target",
        help="board or chip of the Nucleos whose ST-LINK does not tell it, or a TOML file of your "
        "own (none)",
    )


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
