"""What the three command lines share: errors to exit codes. Prints to stderr."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from firmware.errors import SdkError
from firmware.printable import printable

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


SHELLS = ("bash", "zsh", "tcsh")


class _PrintCompletion(argparse.Action):
    """Prints what makes a shell complete the command's verbs and options, and ends."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002
        values: Any,
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        import shtab

        print(shtab.complete(parser, values))  # noqa: T201
        parser.exit()


def parse(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read a command line, which may also ask for a shell's completion."""
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=SHELLS,
        default=argparse.SUPPRESS,
        help="print the completion for a shell, to be sourced by it",
    )
    return parser.parse_args(argv)


def run(
    program: str,
    command: Callable[[argparse.Namespace], int | None],
    arguments: argparse.Namespace,
) -> int:
    """Run a command and give the exit code of the process.

    0 when it is done, or the code that it returns; its own code after an `SdkError`; 1 after an
    error of the operating system such as a full disk, told in one line; 130 after Ctrl-C, with
    `how_to_go_on` of the arguments if they have it. A reader that went away (`| head`) ends it
    quietly.
    """
    try:
        code = command(arguments)
        sys.stdout.flush()
    except SdkError as error:
        text = "\n".join(map(printable, str(error).split("\n")))
        print(f"{program}: error: {text}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except OSError as error:
        place = f" {str(error.filename)!r}" if error.filename else ""
        print(f"{program}: error: could not use{place}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return EXIT_FAILED
    except KeyboardInterrupt:
        how_to_go_on = getattr(arguments, "how_to_go_on", "")
        print(f"{program}: interrupted{how_to_go_on}", file=sys.stderr)  # noqa: T201
        return EXIT_INTERRUPTED
    return EXIT_DONE if code is None else code
