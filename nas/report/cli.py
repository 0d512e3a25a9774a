"""The verbs `nas report` and `nas front`: the results of a run on a page or a terminal. I/O."""

import argparse
import json
from typing import TypeAlias

from firmware.command_line import some_path
from firmware.output_streams import say
from firmware.printable import printable, printable_lines
from nas.report.facts import Facts
from nas.report.front import front_record
from nas.report.run_folder import read_run
from nas.report.shown import plural
from nas.report.terminal import front_text

FRONT_SCHEMA = 1
_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_report(verbs: _Verbs) -> None:
    """Add the verb `report`."""
    parser = verbs.add_parser(
        "report",
        help="report the results of a run on one page",
        description="Write report.html, report.json and report.md of a run: the winner and its "
        "limits, every trial, figures of each class, cost on the target. For an unfinished "
        "run, the results so far.",
        epilog="example: nas report runs/demo --measurement runs/demo/project/measurement.json",
    )
    parser.set_defaults(command=_report)
    add = parser.add_argument
    add("run", type=some_path, metavar="RUN", help="a run's folder")
    add(
        "--measurement",
        type=some_path,
        metavar="FILE",
        help="measurement.json of 'hil run': the results of a board",
    )
    add(
        "--out",
        type=some_path,
        metavar="FILE.html",
        help="the page; JSON and Markdown are written beside it (RUN/report.html)",
    )
    add("--json", action="store_true", help="print report.json instead of the names of the files")


def _report(arguments: argparse.Namespace) -> None:
    # Importing the drawing library takes longer than an estimate.
    from nas.report.write import write_report

    record, written = write_report(arguments.run, arguments.measurement, arguments.out)
    print(
        json.dumps(record, indent=2)
        if arguments.json
        else "\n".join(printable(str(path)) for path in written)
    )


def add_front(verbs: _Verbs) -> None:
    """Add the verb `front`."""
    parser = verbs.add_parser(
        "front",
        help="show the networks of a run that no other beats",
        description="Show the Pareto front of a run: the trained networks that no other beats in "
        "accuracy and in all needs (RAM, flash, MACC, time), and what each limit costs in "
        "accuracy. 'nas pick' trains one of them. Works for an unfinished run too.",
        epilog="example: nas front runs/demo",
    )
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
