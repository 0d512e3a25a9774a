"""Decides how long to wait for a board before it is asked for its name. Pure.

Source: RFC 6298, section 2: the same smoothing and the same four deviations.
"""

from hil.deadline import Clock


class Patience:
    """Learns how long the answers to quick commands take."""

    FIRST_S, SHORTEST_S, LONGEST_S = 1.0, 0.25, 8.0
    """Limits in seconds: before any answer, with quick answers, and the maximum."""

    def __init__(self) -> None:
        self.usual_s = 0.0
        self._deviation_s = 0.0
        self._has_learnt = False

    def learn(self, latency_s: float) -> None:
        """Take the answer time of a quick command into account."""
        if not self._has_learnt:
            self.usual_s, self._deviation_s = latency_s, latency_s / 2
            self._has_learnt = True
            return
        self._deviation_s += (abs(latency_s - self.usual_s) - self._deviation_s) / 4
        self.usual_s += (latency_s - self.usual_s) / 8

    @property
    def limit_s(self) -> float:
        """Seconds after which a missing answer is unusual."""
        if not self._has_learnt:
            return self.FIRST_S
        wanted_s = self.usual_s + 4 * self._deviation_s
        return min(max(wanted_s, self.SHORTEST_S), self.LONGEST_S)


class Wait:
    """How long nothing was received, and whether to ask the board for its name.

    Args:
        clock: Seconds.
        limit_s: Longest silence.
    """

    def __init__(self, clock: Clock, limit_s: float) -> None:
        self._clock = clock
        self._started_s = self._since_s = clock()
        self._first_limit_s = self._limit_s = limit_s
        self.pings = 0
        self.bytes_heard = 0
        self.until_first_s = 0.0

    @property
    def left_s(self) -> float:
        """Seconds until the wait is too long."""
        return max(0.0, self._since_s + self._limit_s - self._clock())

    @property
    def is_over(self) -> bool:
        """Whether the wait is too long."""
        return self.left_s <= 0.0

    def heard(self) -> None:
        """Bytes were received: the board is sending, so restart the wait."""
        self._limit_s = self._first_limit_s
        self._since_s = self._clock()
        self.until_first_s = self.until_first_s or self._since_s - self._started_s

    def pinged(self) -> None:
        """The board was asked for its name: wait longer before the next time."""
        self.pings += 1
        self._since_s = self._clock()
        self._limit_s = min(2 * self._limit_s, Patience.LONGEST_S)
