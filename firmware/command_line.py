"""Shared code of the three command lines: start-up, and exit codes of errors. Prints to stderr."""

import argparse
import contextlib
import errno
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from firmware.errors import SdkError
from firmware.interruption import Catcher, exit_code_of, number_of, word_of
from firmware.output_streams import flush_streams, make_streams_safe, say
from firmware.printable import printable
from firmware.verbs import CommandParser

EXIT_DONE = 0
EXIT_FAILED = 1
_LINE_CHARACTERS = 500
_catchers: list[Catcher] = []

PACKAGE = "mcu-nas"
SHELLS = ("bash", "zsh", "tcsh")


class _PrintCompletion(argparse.Action):
    """Prints the shell completion of the command's verbs and options, and exits."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002
        values: Any,
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        import shtab

        if isinstance(parser, CommandParser):
            parser.complete()
        print(shtab.complete(parser, values))  # noqa: T201
        parser.exit()


class _PrintVersion(argparse.Action):
    """Prints the version of the SDK, and exits."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002
        values: Any,  # noqa: ARG002
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        from importlib.metadata import version

        print(f"{PACKAGE} {version(PACKAGE)}")  # noqa: T201
        parser.exit()


def some_path(text: str) -> Path:
    """Parse a path for argparse, which prints the error."""
    if not text:
        raise argparse.ArgumentTypeError("an empty path; name a file or folder")
    return Path(text)


def parse(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse a command line, which may also request the version or a shell completion."""
    make_streams_safe()
    parser.add_argument(
        "--version",
        action=_PrintVersion,
        nargs=0,
        default=argparse.SUPPRESS,
        help="print the version and exit",
    )
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=SHELLS,
        default=argparse.SUPPRESS,
        help="print the completion for a shell, to be sourced by it",
    )
    return parser.parse_args(argv)


def start(program: str) -> int:
    """Start a command. Called by its entry point. Returns the exit code.

    Signals and output streams are set up before any large import.
    """
    catcher = Catcher(program)
    _catchers.append(catcher)
    sys.unraisablehook = catcher.lost
    code: int = EXIT_FAILED
    try:
        code = importlib.import_module(f"{program}.cli").main()
    except BrokenPipeError:
        pass  # of the help or of a usage error
    finally:
        _catchers.remove(catcher)
        flush_streams()
        if catcher.seen is not None:
            os._exit(code)
        catcher.release(ends_process=True)
    return code


def run(
    program: str,
    command: Callable[[argparse.Namespace], int | None],
    arguments: argparse.Namespace,
) -> int:
    """Run a command. Returns the exit code of the process.

    0 for success, or the code that the command returns; the error's own code after an `SdkError`;
    1 after an error of the operating system such as a full disk, with a one-line message; 130
    after Ctrl-C, 143 after SIGTERM, with `how_to_go_on` of the arguments if they have it. If the
    reader of its output exits (`| head`), the command ends without a message.
    """
    how_to_go_on = getattr(arguments, "how_to_go_on", "")
    with _catching(program) as catcher:
        try:
            with catcher.raising(how_to_go_on):
                code, complaint = _outcome(command, arguments, how_to_go_on)
            # An error that follows an interruption is reported as an interruption.
            number = catcher.seen
        except KeyboardInterrupt as error:
            number = number_of(error)
        if number is not None:
            code, complaint = exit_code_of(number), f"{word_of(number)}{how_to_go_on}"
            catcher.told()
        if complaint:
            say(f"{program}: {complaint}")
        flush_streams()
    return code


def _outcome(
    command: Callable[[argparse.Namespace], int | None],
    arguments: argparse.Namespace,
    how_to_go_on: str,
) -> tuple[int, str]:
    """The exit code of a command, and its final message."""
    try:
        code = command(arguments)
        if (failure := flush_streams()) is not None:
            raise failure
    except SdkError as error:
        return error.exit_code, f"error: {_shown(str(error))}"
    except BrokenPipeError:
        return EXIT_FAILED, ""
    except OSError as error:
        helps = f"; make room{how_to_go_on}" if error.errno == errno.ENOSPC else ""
        return EXIT_FAILED, f"error: {_shown(_describe(error))}{helps}"
    except MemoryError:
        return EXIT_FAILED, "error: this machine has not enough memory"
    return EXIT_DONE if code is None else code, ""


@contextlib.contextmanager
def _catching(program: str) -> Iterator[Catcher]:
    """The signal catcher of the process, or a new one inside another program."""
    if _catchers:
        yield _catchers[-1]
        return
    catcher = Catcher(program)
    try:
        yield catcher
    finally:
        catcher.release()


def _shown(text: str) -> str:
    """A printable text of several lines; a very long text is cut."""
    lines = [printable(line) for line in text.split("\n")]
    return "\n".join(
        line if len(line) <= _LINE_CHARACTERS else f"{line[: _LINE_CHARACTERS - 3]}..."
        for line in lines
    )


def _describe(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    if error.filename:
        return f"could not use {str(error.filename)!r}: {reason}"
    return f"the system refused to read or write: {reason}"
