"""The verb `nas run`: a search. I/O."""

import argparse

from nas.cli.finish import finish
from nas.search.api import run_search
from nas.search.request import add_options, request_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.description = (
        "Search the best network that fits the target, train it and convert it to "
        "int8. The same command resumes an interrupted run."
    )
    parser.epilog = "example: nas run --data digits --target stm32f412 --out runs/digits"
    parser.set_defaults(command=_run, how_to_go_on="; run the same command to resume")
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="print run.json instead of tables")


def _run(arguments: argparse.Namespace) -> None:
    request = request_of(arguments)
    finish(arguments, lambda narrator, words: run_search(request, narrator, words))
