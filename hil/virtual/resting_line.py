"""A line that pauses the emulator while the firmware is idle. Pure, except for the line.

The firmware polls for the next byte, as on the chip. On a PC, this takes a whole core. The
firmware sends only answers. When it has answered every command, it only polls, and the emulator can
be paused until the next byte is sent.
"""

import time
from collections.abc import Callable

from hil.deadline import Clock
from hil.transport import Transport

REST_AFTER_S = 0.25
"""Seconds without data."""
_ASKS, _ANSWERED = b"%", b"m-ready\r\n"


class RestingLine:
    """A transport that pauses and resumes the emulator behind it.

    Args:
        inner: The line.
        stop: Called when there is nothing to do.
        go_on: Called before something is sent again.
        clock: For tests.

    Attributes:
        rests: Whether the emulator is paused now.
    """

    def __init__(
        self,
        inner: Transport,
        stop: Callable[[], None],
        go_on: Callable[[], None],
        clock: Clock = time.monotonic,
    ) -> None:
        self.rests = False
        self._inner = inner
        self._stop = stop
        self._go_on = go_on
        self._clock = clock
        self._unanswered = 0
        self._tail = b""
        self._since_s = clock()

    def write(self, data: bytes) -> None:
        """See `Transport`."""
        if self.rests:
            self._go_on()
            self.rests = False
        self._unanswered += data.count(_ASKS)
        self._since_s = self._clock()
        self._inner.write(data)

    def read(self, wait_s: float) -> bytes:
        """See `Transport`."""
        data = self._inner.read(wait_s)
        if data:
            seen = self._tail + data
            self._unanswered = max(0, self._unanswered - seen.count(_ANSWERED))
            self._tail = seen[seen.rfind(_ANSWERED[-1:]) + 1 :][-len(_ANSWERED) :]
            self._since_s = self._clock()
        elif self._may_rest:
            self._stop()
            self.rests = True
        return data

    def close(self) -> None:
        """See `Transport`."""
        self._inner.close()

    @property
    def _may_rest(self) -> bool:
        silent_s = self._clock() - self._since_s
        return not self.rests and self._unanswered == 0 and silent_s >= REST_AFTER_S
