"""The command `hil` and its verbs."""

from collections.abc import Sequence

from firmware.command_line import parse, run
from firmware.verbs import CommandParser, Verb

VERBS = (
    Verb("run", "build a project, flash a board, measure, and check the results", "hil.cli.run"),
    Verb("boards", "list the boards of the bench and the attached devices", "hil.cli.boards"),
    Verb("virtual", "serve a virtual Nucleo as a serial port over RFC 2217", "hil.cli.virtual"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit code of the process."""
    arguments = parse(CommandParser("hil", "Measures firmware on a board.", VERBS), argv)
    return run("hil", arguments.command, arguments)
