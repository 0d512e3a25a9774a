"""The verb `boards` of `nas` and of `codegen`: what can be done with each board. Prints."""

import argparse
import json
from dataclasses import asdict

from codegen.boards.abilities import abilities_of, shipped_names
from codegen.boards.table import markdown_table, text_table
from firmware.targets import load_target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.description = (
        "List the boards of the SDK, or those named: chip, core, memories and clock; the figures "
        "that can be estimated; the runtimes of generated firmware; whether it runs on the virtual "
        "board; how it is flashed. See docs/boards.md."
    )
    parser.epilog = f"example: {parser.prog} my-board.toml"
    parser.set_defaults(command=_boards)
    add = parser.add_argument
    add(
        "targets",
        nargs="*",
        metavar="BOARD",
        help="a board or chip of the SDK, or a TOML file of your own (all of the SDK)",
    )
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="print a list as JSON")
    forms.add_argument("--markdown", action="store_true", help="print a table in Markdown")


def _boards(arguments: argparse.Namespace) -> None:
    rows = [abilities_of(load_target(own)) for own in arguments.targets or shipped_names()]
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    elif arguments.markdown:
        print(markdown_table(rows), end="")
    else:
        print(text_table(rows))
