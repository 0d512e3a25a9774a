"""A point in time at which waiting ends. Pure, except for the clock that the caller passes."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Clock = Callable[[], float]
"""Returns seconds since an arbitrary origin; never decreases."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline that is passed to all nested waits, so that they share one end.

    Attributes:
        limit_s: Duration from its start, for error texts.
        end_s: When it ends, by the clock.
        clock: The clock.
        cancelled: Ends it at once when it is set, such as by Ctrl-C in another thread.
    """

    limit_s: float
    end_s: float
    clock: Clock
    cancelled: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def after(
        cls,
        limit_s: float,
        clock: Clock = time.monotonic,
        cancelled: threading.Event | None = None,
    ) -> "Deadline":
        """The deadline `limit_s` seconds from now."""
        return cls(limit_s, clock() + limit_s, clock, cancelled or threading.Event())

    @classmethod
    def never(cls, clock: Clock = time.monotonic) -> "Deadline":
        """A deadline that never ends."""
        return cls.after(math.inf, clock)

    def within(self, limit_s: float) -> "Deadline":
        """The deadline `limit_s` seconds from now, or this one if it is earlier."""
        if self.left_s < limit_s:
            return self
        return Deadline.after(limit_s, self.clock, self.cancelled)

    @property
    def left_s(self) -> float:
        """Seconds left, 0 once it has passed."""
        return 0.0 if self.cancelled.is_set() else max(0.0, self.end_s - self.clock())

    @property
    def has_passed(self) -> bool:
        """Whether no time is left."""
        return self.left_s <= 0.0
