"""Search strategies: which candidates to evaluate next. Pure.

A strategy is a generator. It yields evaluations that may run in parallel, receives their
accuracies, and returns the winner. It depends on nothing else, so the same accuracies always lead
to the same candidates. Therefore an interrupted search can be resumed, and the result does not
depend on the number of workers.
"""

from collections import defaultdict
from collections.abc import Callable, Generator
from itertools import count
from statistics import mean

from firmware.errors import ConfigError
from nas.search.bounds import Accuracy, Bounds, Evaluation, Search, Steps, evaluate, ranked
from nas.search.evolution import evolve
from nas.spaces import Candidate, SearchSpace
from nas.spaces.strategies import BRACKET, EVOLUTION


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
            "not have; --strategy bracket searches every space"
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
        yield from evaluate([c for c in finalists if len(found[c]) == repeat], found)
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


def _resize(bounds: Bounds, sides: list[int], found: dict[Candidate, list[float]]) -> Steps:
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
        yield from evaluate([_at_most(bounds, own, most) for own in widest if own], found)
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


def _while_better(candidates: list[Candidate], found: dict[Candidate, list[float]]) -> Steps:
    """Evaluate two candidates at a time, until both are no better than the best before them."""
    for first in range(0, len(candidates), 2):
        before = max((mean(values) for values in found.values()), default=-1.0)
        pair = candidates[first : first + 2]
        yield from evaluate(pair, found)
        if found and all(mean(found[c]) <= before for c in pair if c in found):
            return


_STRATEGIES: dict[str, Callable[[Bounds], Search]] = {
    BRACKET: bracket,
    EVOLUTION: evolve,
    "paper": climb_paper,
}


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
