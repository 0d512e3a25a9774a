"""Makes standard output and error safe for any connection. Changes the process's streams.

A command may be started with closed streams, or with an encoding that lacks characters. File names
may be invalid text. The reader of the output may exit.
"""

import contextlib
import io
import os
import sys
from typing import TextIO


def make_streams_safe() -> None:
    """Make every text printable: characters that the encoding lacks become escapes.

    A closed stream is replaced by one that discards everything. Otherwise the next opened file
    would get its number.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = _safe(sys.stdout)
    sys.stderr = _safe(sys.stderr)


def flush_streams() -> OSError | None:
    """Flush the streams. Returns the error, if any. Nothing is buffered afterwards."""
    failure = None
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError as error:
            failure = failure or error
            _swallow(stream)
    return failure


def say(text: str) -> None:
    """Print a line to standard error. Does not fail if the reader has exited."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201


def _safe(stream: TextIO | None) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8", errors="backslashreplace")  # noqa: PTH123
    if isinstance(stream, io.TextIOWrapper) and stream.errors != "backslashreplace":
        stream.reconfigure(errors="backslashreplace")
    return stream


def _swallow(stream: TextIO) -> None:
    """Connect a stream that cannot be written to the null device."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
        stream.flush()
