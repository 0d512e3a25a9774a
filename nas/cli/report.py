"""The verb `nas report`: the results of a run on a page. I/O."""

import argparse
import json

from firmware.command_line import some_path
from firmware.printable import printable
from nas.report.write import write_report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.description = (
        "Write report.html, report.json and report.md of a run: the winner and its "
        "limits, every trial, figures of each class, cost on the target. For an unfinished "
        "run, the results so far."
    )
    parser.epilog = "example: nas report runs/demo --measurement runs/demo/project/measurement.json"
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
    record, written = write_report(arguments.run, arguments.measurement, arguments.out)
    print(
        json.dumps(record, indent=2)
        if arguments.json
        else "\n".join(printable(str(path)) for path in written)
    )
