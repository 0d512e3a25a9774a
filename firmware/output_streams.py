"""Standard output and error, whatever they are connected to. Changes the process's streams.

A command may be started with closed streams, with an encoding that lacks characters, with names of
files that are no text, and its reader may go away.
"""

import contextlib
import io
import os
import sys
from typing import TextIO


def make_streams_safe() -> None:
    """Have everything printed: what an encoding lacks as an escape.

    What is closed becomes a stream that swallows everything: else the next file that is opened
    would take its place.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = _safe(sys.stdout)
    sys.stderr = _safe(sys.stderr)


def flush_streams() -> OSError | None:
    """Write what is held back; gives why that failed. Nothing is held back afterwards."""
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
    """Print a line to standard error; a reader that went away is no reason to fail."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201


def _safe(stream: TextIO | None) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8", errors="backslashreplace")  # noqa: PTH123
    if isinstance(stream, io.TextIOWrapper) and stream.errors != "backslashreplace":
        stream.reconfigure(errors="backslashreplace")
    return stream


def _swallow(stream: TextIO) -> None:
    """Connect a stream that cannot be written with nothing."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
        stream.flush()
