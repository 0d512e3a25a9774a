"""How long a board may be silent before it is asked whether it is there. Pure.

Source: RFC 6298, section 2, which has the same smoothing and the same four deviations.
"""


class Patience:
    """Learns how soon quick commands are answered."""

    FIRST_S, SHORTEST_S, LONGEST_S = 1.0, 0.25, 8.0
    """Before anything is known; where answers are quick; the most."""

    def __init__(self) -> None:
        self.usual_s = 0.0
        self._deviation_s = 0.0
        self._has_learnt = False

    def learn(self, latency_s: float) -> None:
        """A quick command was answered so soon."""
        if not self._has_learnt:
            self.usual_s, self._deviation_s = latency_s, latency_s / 2
            self._has_learnt = True
            return
        self._deviation_s += (abs(latency_s - self.usual_s) - self._deviation_s) / 4
        self.usual_s += (latency_s - self.usual_s) / 8

    @property
    def limit_s(self) -> float:
        """After which silence is unusual."""
        if not self._has_learnt:
            return self.FIRST_S
        wanted_s = self.usual_s + 4 * self._deviation_s
        return min(max(wanted_s, self.SHORTEST_S), self.LONGEST_S)
