"""Intervals, fronts and figures of classes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from nas.search.answers import Confusion

Z_95 = 1.959963984540054
"""Quantile of the standard normal distribution at 0.975."""


def wilson_interval(fraction: float, total: int) -> tuple[float, float]:
    """The 95 % interval of a share of so many images.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22 (1927), 209–212.
    """
    square = Z_95 * Z_95
    centre = fraction * total + square / 2
    spread = Z_95 * sqrt(fraction * (1 - fraction) * total + square / 4)
    whole = total + square
    # The ends are exact there; rounding would leave them a little inside.
    lowest = 0.0 if fraction == 0 else (centre - spread) / whole
    highest = 1.0 if fraction == 1 else (centre + spread) / whole
    return lowest, highest


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share of some images, with its 95 % interval by Wilson's score.

    Attributes:
        count: Images that count.
        total: Images in all, at least 1.
    """

    count: int
    total: int

    @property
    def fraction(self) -> float:
        """The share, 0 to 1."""
        return self.count / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """Between what the share lies, for images drawn like these."""
        return wilson_interval(self.fraction, self.total)


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How a model does on one class.

    Attributes:
        images: Images of the class.
        answered: Images to which it gave the class.
        right: Images of the class to which it gave it.
    """

    images: int
    answered: int
    right: int

    @property
    def recall(self) -> Proportion | None:
        """Of the images of the class, those found; None if there is no image."""
        return Proportion(self.right, self.images) if self.images else None

    @property
    def precision(self) -> Proportion | None:
        """Of the images given the class, those that are of it; None if it was never given."""
        return Proportion(self.right, self.answered) if self.answered else None


def class_figures(confusion: Confusion) -> tuple[ClassFigures, ...]:
    """The figures of every class."""
    return tuple(
        ClassFigures(sum(row), sum(other[index] for other in confusion), row[index])
        for index, row in enumerate(confusion)
    )


def pareto_front(points: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    """Indices of the points (need, worth) for which no other is better, by rising need.

    Better is: needs no more, is worth no less, and is not equal in both. Of equal points the
    first is kept.
    """
    order = sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1], i))
    front: list[int] = []
    for index in order:
        if not front or points[index][1] > points[front[-1]][1]:
            front.append(index)
    return tuple(front)
