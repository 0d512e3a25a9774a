"""Measures latency in windows until the confidence interval is narrow enough. Pure.

A window is a number of inferences in a row, timed together, as in MLPerf Tiny.
"""

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

FEWEST, MOST = 3, 20
_COUNTER_TICKS = 0xE000_0000
"""A window must end before the 32-bit counter overflows."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of the latency measurement.

    Attributes:
        window_s: Length of a window.
        half_width_fraction: The measurement ends when half of the 95 % confidence interval of the
            mean is at most this fraction of the mean.
    """

    window_s: float = 1.0
    half_width_fraction: float = 0.001


@dataclass(frozen=True, slots=True)
class Windows:
    """The results of the windows.

    Attributes:
        inferences: Number of inferences in each window.
        ticks: Ticks of one inference, for each window.
        half_width_fraction: Half of the 95 % confidence interval of the mean, over the mean.
    """

    inferences: int
    ticks: tuple[float, ...]
    half_width_fraction: float

    @property
    def median_ticks(self) -> float:
        """Median of the ticks of one inference."""
        return statistics.median(self.ticks)


def measure_windows(
    ticks_of: Callable[[int], int], ticks_of_one: int, clock_hz: int, plan: Plan
) -> Windows:
    """Measure until the interval is narrow enough, at most `MOST` windows.

    Args:
        ticks_of: Runs that many inferences; returns their total ticks.
        ticks_of_one: Approximate ticks of one inference.
        clock_hz: Ticks per second.
        plan: The settings.
    """
    window_ticks = min(plan.window_s * clock_hz, _COUNTER_TICKS)
    inferences = max(1, int(window_ticks / max(ticks_of_one, 1)))
    ticks: list[float] = []
    while True:
        ticks.append(ticks_of(inferences) / inferences)
        if len(ticks) < FEWEST:
            continue
        half_width = half_width_fraction(ticks)
        if half_width <= plan.half_width_fraction or len(ticks) == MOST:
            return Windows(inferences, tuple(ticks), half_width)


def half_width_fraction(values: list[float]) -> float:
    """Half of the 95 % confidence interval of the mean, by Student's t, divided by the mean."""
    from scipy.special import stdtrit

    mean = statistics.fmean(values)
    quantile = float(stdtrit(len(values) - 1, 0.975))
    return quantile * statistics.stdev(values) / math.sqrt(len(values)) / mean
