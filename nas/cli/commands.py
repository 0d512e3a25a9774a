"""The command `nas` and its verbs."""

import sys
import warnings
from collections.abc import Sequence

from codegen.boards import BOARDS_VERB
from firmware.command_line import parse, run
from firmware.verbs import CommandParser, Verb

VERBS = (
    Verb("run", "search a network, train it, convert it to int8", "nas.cli.run"),
    Verb("pick", "train another network of a run, within other limits", "nas.cli.pick"),
    Verb("estimate", "estimate the memory and the time of a network", "nas.cli.estimate"),
    Verb("calibrate", "fit a latency model to measurements", "nas.cli.calibrate"),
    Verb("golden", "record the expected outputs of a model", "nas.cli.golden"),
    Verb("front", "show the networks of a run that no other beats", "nas.cli.front"),
    Verb("report", "report the results of a run on one page", "nas.cli.report"),
    Verb("data", "build, check or show a dataset", "nas.data_tools.cli"),
    BOARDS_VERB,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    warnings.filterwarnings(
        "ignore", module=r"PIL\."
    )  # of damaged images, which are reported by name
    words = tuple(sys.argv[1:] if argv is None else argv)
    description = "Searches networks for microcontrollers, within their limits."
    arguments = parse(CommandParser("nas", description, VERBS), words)
    arguments.words = words
    return run("nas", arguments.command, arguments)
