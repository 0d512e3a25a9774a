"""What the three command lines share: errors to exit codes. Prints to stderr."""

import argparse
import os
import sys
from collections.abc import Callable

from firmware.errors import SdkError
from firmware.printable import printable

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


def run(
    program: str,
    command: Callable[[argparse.Namespace], int | None],
    arguments: argparse.Namespace,
) -> int:
    """Run a command and give the exit code of the process.

    0 when it is done, or the code that it returns; its own code after an `SdkError`; 1 after an
    error of the operating system such as a full disk, told in one line; 130 after Ctrl-C. A reader
    that went away (`| head`) ends it quietly.
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
        print(f"{program}: interrupted", file=sys.stderr)  # noqa: T201
        return EXIT_INTERRUPTED
    return EXIT_DONE if code is None else code
