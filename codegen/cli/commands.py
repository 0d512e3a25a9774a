"""The command `codegen` and its verbs."""

from collections.abc import Sequence

from codegen.boards import BOARDS_VERB
from firmware.command_line import parse, run
from firmware.verbs import CommandParser, Verb

VERBS = (
    Verb("build", "write a PlatformIO project for a model", "codegen.cli.build"),
    Verb("operators", "list the operators that a runtime supports", "codegen.cli.operators"),
    BOARDS_VERB,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    parser = CommandParser("codegen", "Generates firmware projects from models.", VERBS)
    arguments = parse(parser, argv)
    return run("codegen", arguments.command, arguments)
