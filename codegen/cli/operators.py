"""The verb `codegen operators`: the operators that a runtime supports. Prints."""

import argparse
import json

from codegen.operators import supported_kinds
from codegen.project.build import RUNTIMES
from codegen.tflm.library import OPERATORS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.description = "List the operators that a runtime supports."
    parser.epilog = "example: codegen operators --runtime tflm"
    parser.set_defaults(command=_operators)
    add = parser.add_argument
    add("--runtime", choices=RUNTIMES[:2], default="static", help="runtime (%(default)s)")
    add("--json", action="store_true", help="print a list as JSON")


def _operators(arguments: argparse.Namespace) -> None:
    kinds = supported_kinds() if arguments.runtime == "static" else sorted(OPERATORS)
    print(json.dumps(list(kinds), indent=2) if arguments.json else "\n".join(kinds))
