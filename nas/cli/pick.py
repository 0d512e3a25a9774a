"""The verb `nas pick`: another network of a run. I/O."""

import argparse

from firmware.command_line import some_path
from nas.cli.finish import finish
from nas.search.pick import run_pick
from nas.search.pick_request import PickRequest
from nas.search.request import add_options, values_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.description = (
        "Train the most accurate network of a run that fits other limits, and convert "
        "it to int8, without searching again. Limits that are not given are those of the run. "
        "'nas front' shows the networks. The same command resumes an interrupted training."
    )
    parser.epilog = "example: nas pick runs/digits --flash 30000 --out runs/small"
    parser.set_defaults(command=_pick, how_to_go_on="; run the same command to resume")
    parser.add_argument("run", type=some_path, metavar="RUN", help="a run's folder")
    add_options(parser, form=PickRequest)
    parser.add_argument("--json", action="store_true", help="print run.json instead of tables")


def _pick(arguments: argparse.Namespace) -> None:
    request = PickRequest(**values_of(arguments, PickRequest))
    finish(arguments, lambda narrator, words: run_pick(request, narrator, words))
