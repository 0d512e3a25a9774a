"""A proportion of images, and its confidence interval. Pure."""

from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959963984540054
"""Quantile of the standard normal distribution at 0.975."""


def wilson_interval(fraction: float, total: int) -> tuple[float, float]:
    """The 95 % confidence interval of a proportion.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22 (1927), 209–212.
    """
    square = Z_95 * Z_95
    centre = fraction * total + square / 2
    spread = Z_95 * sqrt(fraction * (1 - fraction) * total + square / 4)
    whole = total + square
    # These ends are exact; rounding would move them inside.
    lowest = 0.0 if fraction == 0 else (centre - spread) / whole
    highest = 1.0 if fraction == 1 else (centre + spread) / whole
    return lowest, highest


def interval_of(fraction: float, images: int) -> tuple[float, float] | None:
    """The 95 % interval of an accuracy on so many images; None if there are none."""
    return wilson_interval(fraction, images) if images else None


@dataclass(frozen=True, slots=True)
class Proportion:
    """A proportion of images, with its 95 % interval by Wilson's score.

    Attributes:
        count: Images with the property.
        total: All images, at least 1.
    """

    count: int
    total: int

    @property
    def fraction(self) -> float:
        """The proportion, 0 to 1."""
        return self.count / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """The ends of the 95 % interval of the proportion."""
        return wilson_interval(self.fraction, self.total)
