"""What search strategies share: evaluations, facts known before them, rankings. Pure."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean

from nas.network.description import Shape
from nas.spaces import Candidate, SearchSpace

Accuracy = float | None
"""Validation accuracy, 0 to 1; None if the candidate does not fit or its training failed."""


@dataclass(frozen=True, slots=True, order=True)
class Evaluation:
    """One training of a candidate.

    Attributes:
        candidate: The candidate.
        repeat: Number of its earlier trainings, with other seeds.
    """

    candidate: Candidate
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """The facts of a search that are known before a training.

    Attributes:
        space: The search space.
        fits: Whether a candidate is within all limits.
        inputs: Possible input shapes by their side, ascending; 0 is the only side of a search with
            one input.
        first_side: The side at which the search starts.
        seed: Seed of the random numbers of a strategy.
        may_fit: A condition that is quickly checked, and holds for all candidates that fit; None if
            there is none. Like `fits`, it holds up to some width.
    """

    space: SearchSpace
    fits: Callable[[Candidate], bool]
    inputs: Mapping[int, Shape]
    first_side: int = 0
    seed: int = 0
    may_fit: Callable[[Candidate], bool] | None = None
    _narrow: dict[int, list[Candidate]] = field(default_factory=dict)

    def narrowest(self, side: int) -> list[Candidate]:
        """The narrowest candidate of each depth at an input, deepest first."""
        if side not in self._narrow:
            self._narrow[side] = self.space.start(self.inputs[side], side)
        return self._narrow[side]

    def templates(self, side: int) -> list[Candidate]:
        """The narrow candidates from which a local search starts at an input."""
        return self.space.templates(self.inputs[side], side)

    def widest(self, candidate: Candidate) -> Candidate | None:
        """The widest variant of a candidate that fits; None if the candidate itself does not fit.

        The needs grow with the width, so it is found by bisection.
        """
        if not self.fits(candidate):
            return None
        widths = self.space.widths

        def wider(index: int) -> Candidate:
            return self.space.with_width(candidate, widths[index])

        lowest, end = widths.index(self.space.width(candidate)), len(widths)
        if self.may_fit is not None:
            may_fit = self.may_fit
            highest = _last(lowest, end, lambda index: may_fit(wider(index)))
            if highest == lowest or self.fits(wider(highest)):
                return wider(highest)
            end = highest
        return wider(_last(lowest, end, lambda index: self.fits(wider(index))))


def _last(first: int, end: int, holds: Callable[[int], bool]) -> int:
    """The last index below `end` for which a condition holds, if it holds from `first` on to there.

    Found by doubling steps and bisection; the condition is known to hold for `first`.
    """
    step = 1
    while first + step < end and holds(first + step):
        first, step = first + step, 2 * step
    beyond = min(first + step, end)
    while beyond - first > 1:
        middle = (first + beyond) // 2
        if holds(middle):
            first = middle
        else:
            beyond = middle
    return first


Search = Generator[tuple[Evaluation, ...], tuple[Accuracy, ...], Candidate | None]
"""Yields evaluations, receives accuracies, returns the winner or None."""
Steps = Generator[tuple[Evaluation, ...], tuple[Accuracy, ...], None]
"""A part of a search."""


def evaluate(candidates: Iterable[Candidate], found: dict[Candidate, list[float]]) -> Steps:
    """Train each candidate once more; failed trainings are not added."""
    wanted = tuple(Evaluation(c, len(found[c]) if c in found else 0) for c in candidates)
    if not wanted:
        return
    accuracies = yield wanted
    for evaluation, accuracy in zip(wanted, accuracies, strict=True):
        if accuracy is not None:
            found[evaluation.candidate].append(accuracy)


def ranked(found: Mapping[Candidate, Sequence[float]]) -> list[Candidate]:
    """The candidates by mean accuracy, best first; of equals, the smaller first."""
    return sorted(found, key=lambda candidate: (-mean(found[candidate]), candidate))
