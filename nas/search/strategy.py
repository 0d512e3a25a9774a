"""Search strategies: which candidates to evaluate next. Pure.

A strategy is a generator. It yields evaluations that may run in parallel, receives their
accuracies, and returns the winner. It depends on nothing else, so the same accuracies always lead
to the same candidates. Therefore an interrupted search can be resumed, and the result does not
depend on the number of workers.
"""

from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from statistics import mean

from firmware.errors import ConfigError
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
    """

    space: SearchSpace
    fits: Callable[[Candidate], bool]
    inputs: Mapping[int, Shape]
    first_side: int = 0
    _narrow: dict[int, list[Candidate]] = field(default_factory=dict)

    def narrowest(self, side: int) -> list[Candidate]:
        """The narrowest candidate of each depth at an input, deepest first."""
        if side not in self._narrow:
            self._narrow[side] = self.space.start(self.inputs[side], side)
        return self._narrow[side]

    def widest(self, candidate: Candidate) -> Candidate | None:
        """The widest variant of a candidate that fits; None if the candidate itself does not fit.

        The needs grow with the width, so it is found by bisection.
        """
        if not self.fits(candidate):
            return None
        widths = self.space.widths

        def fits(index: int) -> bool:
            return self.fits(self.space.with_width(candidate, widths[index]))

        lowest = widths.index(self.space.width(candidate))
        step = 1
        while lowest + step < len(widths) and fits(lowest + step):
            lowest, step = lowest + step, 2 * step
        beyond = min(lowest + step, len(widths))
        while beyond - lowest > 1:
            middle = (lowest + beyond) // 2
            if fits(middle):
                lowest = middle
            else:
                beyond = middle
        return self.space.with_width(candidate, widths[lowest])


Search = Generator[tuple[Evaluation, ...], tuple[Accuracy, ...], Candidate | None]
"""Yields evaluations, receives accuracies, returns the winner or None."""


def climb_paper(bounds: Bounds) -> Search:
    """The strategy of the publication: hill climbing over k and c.

    For k = 1, 2, 3, … the number of cells c grows from 0 while the accuracy improves. The search
    ends at the first k whose best accuracy is not better than that of k - 1; the best candidate of
    k - 1 wins. A candidate without accuracy ends the growth of c.

    Source: the loop described with the method (PRIME 2023, ICCE 2024).

    Raises:
        ConfigError: The space does not have the dimensions k and c.
    """
    if tuple(bounds.space.dimensions) != ("k", "c"):
        raise ConfigError(
            f"the strategy 'paper' searches k and c, which the space {bounds.space.name!r} does "
            f"not have; --strategy {DEFAULT_STRATEGY} searches every space"
        )
    winner: Candidate | None = None
    winning: Accuracy = None
    for k in count(1):
        best, reached = yield from _climb_cells(k)
        if not _is_better(reached, winning):
            return winner
        winner, winning = best, reached
    raise AssertionError("unreachable: the climb ends at the first k that is not better")


def _climb_cells(
    k: int,
) -> Generator[tuple[Evaluation, ...], tuple[Accuracy, ...], tuple[Candidate | None, Accuracy]]:
    """Grow the cells of one k; returns its best candidate and the accuracy."""
    best: Candidate | None = None
    reached: Accuracy = None
    for c in count():
        candidate = Candidate(k=k, c=c)
        (accuracy,) = yield (Evaluation(candidate),)
        if not _is_better(accuracy, reached):
            break
        best, reached = candidate, accuracy
    return best, reached


def _is_better(accuracy: Accuracy, than: Accuracy) -> bool:
    return accuracy is not None and (than is None or accuracy > than)


INNER_SHARE = 0.9
"""Fraction of the largest width that fits; a candidate of this width is trained too."""
DEPTHS_WIDENED = 2
FINALISTS, REPEATS = 3, 2
_Steps = Generator[tuple[Evaluation, ...], tuple[Accuracy, ...], None]


def bracket(bounds: Bounds) -> Search:
    """The depth first, then the width up to the limits, then repetitions of the best.

    Depths are compared at one width, starting with the deepest, until two in a row are worse. The
    best two are widened: the width is doubled as long as the accuracy improves, up to the largest
    that fits. The best few candidates are trained again with other seeds, and the highest mean
    accuracy wins.

    If the input size is searched too, this is done at one size. Then the best candidate is tried
    at larger sizes as long as the accuracy improves, and at smaller ones.
    """
    found: dict[Candidate, list[float]] = defaultdict(list)
    space = bounds.space
    side, widest = _first_input(bounds)
    yield from _while_better([_at_most(bounds, own, space.first_width) for own in widest], found)
    for candidate in ranked(found)[:DEPTHS_WIDENED]:
        most = next(own for own in widest if space.depth(own) == space.depth(candidate))
        yield from _while_better(_wider(space, candidate, most), found)
    for sides in _other_inputs(tuple(bounds.inputs), side):
        yield from _resize(bounds, sides, found)
    for repeat in range(1, REPEATS + 1):
        finalists = ranked(found)[:FINALISTS]
        yield from _evaluate([c for c in finalists if len(found[c]) == repeat], found)
    return next(iter(ranked(found)), None)


def _first_input(bounds: Bounds) -> tuple[int, list[Candidate]]:
    """The side to start at, and the widest candidate of each depth there, deepest first.

    If no candidate fits at the first side, it is the largest side below at which one fits.
    """
    for side in sorted((s for s in bounds.inputs if s <= bounds.first_side), reverse=True):
        widest = [bounds.widest(own) for own in bounds.narrowest(side)]
        fitting = [own for own in widest if own is not None]
        if fitting:
            return side, fitting
    return bounds.first_side, []


def _at_most(bounds: Bounds, candidate: Candidate, width: int) -> Candidate:
    """The candidate with this width if it is narrower; else the candidate itself."""
    return bounds.space.with_width(candidate, min(width, bounds.space.width(candidate)))


def _other_inputs(sides: tuple[int, ...], first: int) -> tuple[list[int], list[int]]:
    """The sides above the first, ascending, and those below it, descending."""
    return [s for s in sides if s > first], [s for s in reversed(sides) if s < first]


def _resize(bounds: Bounds, sides: list[int], found: dict[Candidate, list[float]]) -> _Steps:
    """Try the best candidate at one side after the other, until the accuracy no longer improves.

    At a larger side the next depth is tried too, at a smaller side the depth before. The width is
    the largest that fits, and at most twice that of the best candidate.
    """
    space = bounds.space
    for side in sides:
        best = next(iter(ranked(found)), None)
        if best is None:
            return
        depth = space.depth(best)
        depths = (depth, depth + 1 if side > best.side else depth - 1)
        narrow = {space.depth(own): own for own in bounds.narrowest(side)}
        widest = [bounds.widest(narrow[own]) for own in depths if own in narrow]
        most = 2 * space.width(best)
        yield from _evaluate([_at_most(bounds, own, most) for own in widest if own], found)
        if ranked(found)[0].side != side:
            return


def _wider(space: SearchSpace, candidate: Candidate, most: Candidate) -> list[Candidate]:
    """Candidates of twice the width, four times and so on; last the widest and one below."""
    widths, width = [], 2 * space.width(candidate)
    largest = space.width(most)
    while width < INNER_SHARE * largest:
        widths.append(width)
        width *= 2
    widths += [round(INNER_SHARE * largest), largest]
    return [
        space.with_width(candidate, own)
        for own in dict.fromkeys(widths)
        if own > space.width(candidate)
    ]


def _while_better(candidates: list[Candidate], found: dict[Candidate, list[float]]) -> _Steps:
    """Evaluate two candidates at a time, until both are no better than the best before them."""
    for first in range(0, len(candidates), 2):
        before = max((mean(values) for values in found.values()), default=-1.0)
        pair = candidates[first : first + 2]
        yield from _evaluate(pair, found)
        if found and all(mean(found[c]) <= before for c in pair if c in found):
            return


def _evaluate(candidates: Iterable[Candidate], found: dict[Candidate, list[float]]) -> _Steps:
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


_STRATEGIES: dict[str, Callable[[Bounds], Search]] = {"bracket": bracket, "paper": climb_paper}
DEFAULT_STRATEGY = "bracket"


def known_strategies() -> tuple[str, ...]:
    """Names of the strategies."""
    return tuple(_STRATEGIES)


def start_strategy(name: str, bounds: Bounds) -> Search:
    """Create a strategy; it has not yielded a candidate yet.

    Raises:
        ConfigError: There is no strategy of this name.
    """
    if name not in _STRATEGIES:
        known = ", ".join(known_strategies())
        raise ConfigError(f"unknown strategy {name!r}; known strategies: {known}")
    return _STRATEGIES[name](bounds)
