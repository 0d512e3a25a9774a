"""The candidates that were trained: their needs and accuracies, and their Pareto front. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean

from nas.estimator.cost import Limits, exceeded, needs
from nas.search.trials import Trial
from nas.spaces import Candidate

NEEDS = ("RAM", "flash", "MACC", "latency")
"""Needs that the target may limit, as named in `nas.estimator.cost`; latency is optional."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A candidate that was trained, once or several times.

    Attributes:
        needed: Its needs, by the names of `nas.estimator.cost`.
        accuracies: Validation accuracies of its trainings, in order.
        over: Names of the needs above their limits, worst first; empty if it fits.
    """

    candidate: Candidate
    needed: dict[str, int]
    accuracies: tuple[float, ...]
    over: tuple[str, ...] = ()

    @property
    def accuracy(self) -> float:
        """The mean of the accuracies, by which the search ranks."""
        return mean(self.accuracies)

    @property
    def rank(self) -> tuple[float, Candidate]:
        """Its place in ascending order: the most accurate first; of equals, the smaller."""
        return -self.accuracy, self.candidate


def tried(trials: Iterable[Trial], limits: Limits) -> tuple[Tried, ...]:
    """The candidates that were trained, in the order of their first training."""
    found: dict[Candidate, list[Trial]] = {}
    for trial in trials:
        if trial.accuracy is not None and trial.cost is not None:
            found.setdefault(trial.candidate, []).append(trial)
    return tuple(
        Tried(
            candidate,
            needed_by(own[0], limits),
            tuple(trial.accuracy for trial in own if trial.accuracy is not None),
            () if own[0].cost is None else tuple(n.name for n in exceeded(own[0].cost, limits)),
        )
        for candidate, own in found.items()
    )


def needed_by(trial: Trial, limits: Limits) -> dict[str, int]:
    """The needs of a trial's candidate; empty if it has no network."""
    return {} if trial.cost is None else {n.name: n.needed for n in needs(trial.cost, limits)}


def front(all_tried: Sequence[Tried], *names: str) -> tuple[Tried, ...]:
    """The Pareto front of accuracy and some needs, by ascending first need.

    Args:
        all_tried: The candidates.
        names: Names of the needs. A candidate of which one is not known is left out.
    """
    known = [own for own in all_tried if all(name in own.needed for name in names)]
    points = [(tuple(own.needed[name] for name in names), own.accuracy) for own in known]
    return tuple(known[index] for index in pareto_front(points))


def pareto_front(points: Sequence[tuple[tuple[float, ...], float]]) -> tuple[int, ...]:
    """Indices of the points (needs, worth) of the Pareto front, by ascending first need.

    A point is better if it needs no more of anything, is worth no less, and differs. The first of
    equal points is kept.
    """
    order = sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1], i))
    kept: list[int] = []
    for index in order:  # a better point comes earlier in this order
        needed, worth = points[index]
        if not any(_is_enough(points[own], needed, worth) for own in kept):
            kept.append(index)
    return tuple(kept)


def _is_enough(
    point: tuple[tuple[float, ...], float], needed: tuple[float, ...], worth: float
) -> bool:
    """Whether a point needs no more of anything, and is worth no less."""
    return point[1] >= worth and all(
        own <= most for own, most in zip(point[0], needed, strict=True)
    )
