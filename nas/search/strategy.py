"""Which candidates to try next. Pure.

A strategy is a generator: it yields evaluations that may be made at the same time, is sent their
accuracies, and returns its winner. It sees nothing else, so the same accuracies always lead to the
same candidates: that is what makes an interrupted search continue where it was, and the result
independent of the number of workers.
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
"""Validation accuracy as a fraction; None if the candidate does not fit or its training failed."""


@dataclass(frozen=True, slots=True, order=True)
class Evaluation:
    """One training of a candidate.

    Attributes:
        candidate: What is trained.
        repeat: How many trainings of it came before, with other seeds.
    """

    candidate: Candidate
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is known of a search before anything is trained.

    Attributes:
        space: What is searched.
        fits: Whether a candidate keeps all limits.
        inputs: Shapes to choose from by the side of the input, rising; 0 is the only side of a
            search with one input.
        first_side: The one of them where the search begins.
    """

    space: SearchSpace
    fits: Callable[[Candidate], bool]
    inputs: Mapping[int, Shape]
    first_side: int = 0
    _narrow: dict[int, list[Candidate]] = field(default_factory=dict)

    def narrowest(self, side: int) -> list[Candidate]:
        """The narrowest candidate of each depth at an input, the deepest first."""
        if side not in self._narrow:
            self._narrow[side] = self.space.start(self.inputs[side], side)
        return self._narrow[side]

    def widest(self, candidate: Candidate) -> Candidate | None:
        """The widest one that fits, otherwise as a candidate; None if it does not fit itself.

        Needs grow with the width.
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
"""Yields evaluations, is sent accuracies, returns the winner, None if there is none."""


def climb_paper(bounds: Bounds) -> Search:
    """The published climb over k and c.

    For k = 1, 2, 3, … the cells grow from 0 while the accuracy is strictly better; the first k
    whose best is not strictly better than that of the k before ends the search, and the best of
    the k before wins. A candidate without accuracy ends the growth of cells.

    Source: the loop described with the method (PRIME 2023, ICCE 2024).

    Raises:
        ConfigError: The candidates of the space are others.
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
    """Grow the cells of one k; gives its best candidate and that one's accuracy."""
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
"""Of the largest width that fits: another width worth a training."""
DEPTHS_WIDENED = 2
FINALISTS, REPEATS = 3, 2
_Steps = Generator[tuple[Evaluation, ...], tuple[Accuracy, ...], None]


def bracket(bounds: Bounds) -> Search:
    """Depth first, then width up to the limits, with repetitions where noise decides.

    Depths are compared at one width, from the deepest up, until two in a row are worse. The best
    two are widened: the width doubles as long as that helps, up to the largest that fits. The best
    few of all are then trained again with other seeds, and the highest mean wins.

    Where the input is to be chosen, all that is done at one of them; then the best candidate is
    taken to larger inputs as long as that helps, and to smaller ones.
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
    """Where to begin, and the widest candidate of each depth there, the deepest first.

    Nothing may fit the first side; then it is the largest below it where something does.
    """
    for side in sorted((s for s in bounds.inputs if s <= bounds.first_side), reverse=True):
        widest = [bounds.widest(own) for own in bounds.narrowest(side)]
        fitting = [own for own in widest if own is not None]
        if fitting:
            return side, fitting
    return bounds.first_side, []


def _at_most(bounds: Bounds, candidate: Candidate, width: int) -> Candidate:
    """The candidate, or one that is otherwise the same and has that width, if it is wider."""
    return bounds.space.with_width(candidate, min(width, bounds.space.width(candidate)))


def _other_inputs(sides: tuple[int, ...], first: int) -> tuple[list[int], list[int]]:
    """Inputs above the first, rising; and those below it, falling."""
    return [s for s in sides if s > first], [s for s in reversed(sides) if s < first]


def _resize(bounds: Bounds, sides: list[int], found: dict[Candidate, list[float]]) -> _Steps:
    """Take the best candidate from input to input, until it gets no better there.

    A larger input has the next depth as the other choice, a smaller one the depth before; the
    width is the largest that fits, and at most twice the best one's.
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
    """Twice as wide, four times, and so on; at last the widest, and one a little below it."""
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
    """Two candidates at a time, until both are no better than the best before them."""
    for first in range(0, len(candidates), 2):
        before = max((mean(values) for values in found.values()), default=-1.0)
        pair = candidates[first : first + 2]
        yield from _evaluate(pair, found)
        if found and all(mean(found[c]) <= before for c in pair if c in found):
            return


def _evaluate(candidates: Iterable[Candidate], found: dict[Candidate, list[float]]) -> _Steps:
    """Train each candidate once more; those that fail are not in what is found."""
    wanted = tuple(Evaluation(c, len(found[c]) if c in found else 0) for c in candidates)
    if not wanted:
        return
    accuracies = yield wanted
    for evaluation, accuracy in zip(wanted, accuracies, strict=True):
        if accuracy is not None:
            found[evaluation.candidate].append(accuracy)


def ranked(found: Mapping[Candidate, Sequence[float]]) -> list[Candidate]:
    """By mean accuracy, the best first; of equal ones the smaller."""
    return sorted(found, key=lambda candidate: (-mean(found[candidate]), candidate))


_STRATEGIES: dict[str, Callable[[Bounds], Search]] = {"bracket": bracket, "paper": climb_paper}
DEFAULT_STRATEGY = "bracket"


def known_strategies() -> tuple[str, ...]:
    """Names of the strategies."""
    return tuple(_STRATEGIES)


def start_strategy(name: str, bounds: Bounds) -> Search:
    """A strategy, before its first candidate.

    Raises:
        ConfigError: There is none of this name.
    """
    if name not in _STRATEGIES:
        known = ", ".join(known_strategies())
        raise ConfigError(f"unknown strategy {name!r}; known strategies: {known}")
    return _STRATEGIES[name](bounds)
