"""The verb `nas front`: the networks of a run that no other beats. I/O."""

import argparse
import json

from firmware.command_line import some_path
from firmware.output_streams import say
from firmware.printable import printable_lines
from nas.report.facts import Facts
from nas.report.front import front_record
from nas.report.run_folder import read_run
from nas.report.shown import plural
from nas.report.terminal import front_text

FRONT_SCHEMA = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.description = (
        "Show the Pareto front of a run: the trained networks that no other beats in "
        "accuracy and in all needs (RAM, flash, MACC, time), and what each limit costs in "
        "accuracy. 'nas pick' trains one of them. Works for an unfinished run too."
    )
    parser.epilog = "example: nas front runs/demo"
    parser.set_defaults(command=_front)
    parser.add_argument("run", type=some_path, metavar="RUN", help="a run's folder")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")


def _front(arguments: argparse.Namespace) -> None:
    facts = Facts(read_run(arguments.run), None, ())
    if facts.run.final is None:
        count = plural(len(facts.all_tried), "candidate")
        say(f"nas: this run is not finished: {count} trained so far")
    record = {
        "schema": FRONT_SCHEMA,
        "run": facts.run.name,
        "is_finished": facts.run.final is not None,
        **front_record(facts),
    }
    print(json.dumps(record, indent=2) if arguments.json else printable_lines(front_text(facts)))
