"""A point in time by which something must have happened. Pure but for the clock it is given."""

import time
from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]
"""Seconds from any origin, never going back."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """Passed down to whoever waits, so that nested waits share one end.

    Attributes:
        limit_s: How long it was from the start, for error texts.
        end_s: When it ends, by the clock.
        clock: The clock.
    """

    limit_s: float
    end_s: float
    clock: Clock

    @classmethod
    def after(cls, limit_s: float, clock: Clock = time.monotonic) -> "Deadline":
        """The deadline `limit_s` seconds from now."""
        return cls(limit_s, clock() + limit_s, clock)

    @property
    def left_s(self) -> float:
        """Seconds left, 0 once it has passed."""
        return max(0.0, self.end_s - self.clock())

    @property
    def has_passed(self) -> bool:
        """Whether no time is left."""
        return self.left_s <= 0.0
