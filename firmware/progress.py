"""Shows the progress of long work on stderr. Prints."""

import contextlib
import re
import sys
import time
from collections.abc import Callable
from typing import TextIO

from firmware.errors import ConfigError
from firmware.printable import printable

_PLAIN_INTERVAL_S = 5.0
_TERMINAL_INTERVAL_S = 0.1
_UNITS = {"d": 86400.0, "h": 3600.0, "m(?:in)?": 60.0, "s": 1.0, "ms": 0.001}
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_DURATION = re.compile(r"\s*".join(rf"(?:({_NUMBER})\s*{unit})?" for unit in _UNITS))
_LONGEST_S = 100 * 365.25 * 86400


class Progress:
    """One line that is rewritten on a terminal, and a line every 5 s elsewhere.

    Args:
        program: Prefix of every line.
        stream: The output stream; stderr by default.
        clock: Seconds from any origin.
    """

    def __init__(
        self,
        program: str,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._program = program
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._is_terminal = self._stream.isatty()
        self._shown_s = float("-inf")
        self._width = 0

    @property
    def is_due(self) -> bool:
        """Whether the next update would be shown; if not, costly texts need not be made."""
        interval_s = _TERMINAL_INTERVAL_S if self._is_terminal else _PLAIN_INTERVAL_S
        return self._clock() - self._shown_s >= interval_s

    def update(self, text: str) -> None:
        """Show the progress; of many calls in quick succession, most show nothing."""
        if not self.is_due:
            return
        self._shown_s = self._clock()
        if not self._is_terminal:
            print(f"{self._program}: {printable(text)}", file=self._stream, flush=True)
            return
        line = f"{self._program}: {printable(text)}"
        print(f"\r{line:<{self._width}}", end="", file=self._stream, flush=True)
        self._width = len(line)

    def note(self, text: str) -> None:
        """Show a line that stays."""
        self.clear()
        print(f"{self._program}: {printable(text)}", file=self._stream, flush=True)
        self._shown_s = self._clock()

    def clear(self) -> None:
        """Remove the rewritten line."""
        if self._width > 0:
            print(f"\r{'':<{self._width}}\r", end="", file=self._stream, flush=True)
            self._width = 0


def duration(seconds: float) -> str:
    """A duration for people: `45 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def parse_duration(text: str) -> float:
    """Seconds of `50ms`, `90s`, `8m`, `8min`, `1h30m` or `2d`.

    Raises:
        ConfigError: The text is none of them.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise ConfigError(f"{text!r} is not a duration such as 50ms, 90s, 8m, 1h30m or 2d")
    seconds = sum(
        float(number) * unit_s
        for number, unit_s in zip(match.groups(), _UNITS.values(), strict=True)
        if number
    )
    if seconds > _LONGEST_S:
        raise ConfigError(f"{text[:40]!r} is longer than a hundred years")
    return seconds


def parse_seconds(text: str) -> float:
    """Seconds of a plain number, such as `90` or `0.5`, or of a duration with a unit.

    Raises:
        ConfigError: The text is none of them.
    """
    with contextlib.suppress(ValueError):
        if 0.0 <= float(text) <= _LONGEST_S:
            return float(text)
    return parse_duration(text)
