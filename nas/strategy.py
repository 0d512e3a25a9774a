"""Which candidates to try next. Pure.

A strategy is a generator: it yields evaluations that may be made at the same time, is sent their
accuracies, and returns its winner. It sees nothing else, so the same accuracies always lead to the
same candidates: that is what makes an interrupted search continue where it was, and the result
independent of the number of workers.
"""

from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from statistics import mean

from firmware.errors import ConfigError
from nas.space import Candidate

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
    """What is known of a space before anything is trained.

    Attributes:
        most_cells: Cells that the (largest) input allows.
        fits: Whether a candidate keeps all limits.
        sides: Inputs to choose from, rising; 0 is the only one of a search with one input.
        first_side: The one of them where the search begins.
    """

    most_cells: int
    fits: Callable[[Candidate], bool]
    sides: tuple[int, ...] = (0,)
    first_side: int = 0

    def most_kernels(self, c: int, side: int = 0) -> int:
        """The largest k that fits with so many cells; 0 if none does. Needs grow with k."""
        if not self.fits(Candidate(1, c, side)):
            return 0
        lowest, beyond = 1, 2
        while self.fits(Candidate(beyond, c, side)):
            lowest, beyond = beyond, 2 * beyond
        while beyond - lowest > 1:
            middle = (lowest + beyond) // 2
            if self.fits(Candidate(middle, c, side)):
                lowest = middle
            else:
                beyond = middle
        return lowest


Search = Generator[tuple[Evaluation, ...], tuple[Accuracy, ...], Candidate | None]
"""Yields evaluations, is sent accuracies, returns the winner, None if there is none."""


def climb_paper(_: Bounds) -> Search:
    """The published climb.

    For k = 1, 2, 3, … the cells grow from 0 while the accuracy is strictly better; the first k
    whose best is not strictly better than that of the k before ends the search, and the best of
    the k before wins. A candidate without accuracy ends the growth of cells.

    Source: the loop described with the method (PRIME 2023, ICCE 2024).
    """
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
        candidate = Candidate(k, c)
        (accuracy,) = yield (Evaluation(candidate),)
        if not _is_better(accuracy, reached):
            break
        best, reached = candidate, accuracy
    return best, reached


def _is_better(accuracy: Accuracy, than: Accuracy) -> bool:
    return accuracy is not None and (than is None or accuracy > than)


FIRST_WIDTH = 8
"""k at which numbers of cells are compared, or the largest that fits."""
INNER_SHARE = 0.9
"""Of the largest k that fits: another k worth a training."""
CELLS_WIDENED = 2
FINALISTS, REPEATS = 3, 2
_Steps = Generator[tuple[Evaluation, ...], tuple[Accuracy, ...], None]


def bracket(bounds: Bounds) -> Search:
    """Depth first, then width up to the limits, with repetitions where noise decides.

    Numbers of cells are compared at one width, from the deepest up, until two in a row are worse.
    The best two are widened: k doubles as long as that helps, up to the largest that fits. The
    best few of all are then trained again with other seeds, and the highest mean wins.

    Where the input is to be chosen, all that is done at one of them; then the best candidate is
    taken to larger inputs as long as that helps, and to smaller ones.
    """
    found: dict[Candidate, list[float]] = defaultdict(list)
    side, widest = _first_input(bounds)
    first = [Candidate(min(FIRST_WIDTH, k), c, side) for c, k in widest.items() if k > 0]
    yield from _while_better(first, found)
    for candidate in ranked(found)[:CELLS_WIDENED]:
        yield from _while_better(_wider(candidate, widest[candidate.c]), found)
    for sides in _other_inputs(bounds.sides, side):
        yield from _resize(bounds, sides, found)
    for repeat in range(1, REPEATS + 1):
        finalists = ranked(found)[:FINALISTS]
        yield from _evaluate([c for c in finalists if len(found[c]) == repeat], found)
    return next(iter(ranked(found)), None)


def _first_input(bounds: Bounds) -> tuple[int, dict[int, int]]:
    """Where to begin, and the largest k there for each number of cells, the deepest first.

    Nothing may fit the first side; then it is the largest below it where something does.
    """
    for side in sorted((s for s in bounds.sides if s <= bounds.first_side), reverse=True):
        widest = {c: bounds.most_kernels(c, side) for c in range(bounds.most_cells, -1, -1)}
        if any(widest.values()):
            return side, widest
    return bounds.first_side, {}


def _other_inputs(sides: tuple[int, ...], first: int) -> tuple[list[int], list[int]]:
    """Inputs above the first, rising; and those below it, falling."""
    return [s for s in sides if s > first], [s for s in reversed(sides) if s < first]


def _resize(bounds: Bounds, sides: list[int], found: dict[Candidate, list[float]]) -> _Steps:
    """Take the best candidate from input to input, until it gets no better there.

    A larger input has one cell more as the other choice, a smaller one has one less; k is the
    largest that fits, and at most twice the best one's.
    """
    for side in sides:
        best = next(iter(ranked(found)), None)
        if best is None:
            return
        other = best.c + 1 if side > best.side else best.c - 1
        widths = {c: bounds.most_kernels(c, side) for c in (best.c, other) if c >= 0}
        pair = [Candidate(min(2 * best.k, k), c, side) for c, k in widths.items() if k > 0]
        yield from _evaluate(pair, found)
        if ranked(found)[0].side != side:
            return


def _wider(candidate: Candidate, most: int) -> list[Candidate]:
    """Twice as wide, four times, and so on; at last the widest, and one a little below it."""
    widths = []
    k = 2 * candidate.k
    while k < INNER_SHARE * most:
        widths.append(k)
        k *= 2
    widths += [round(INNER_SHARE * most), most]
    return [replace(candidate, k=k) for k in dict.fromkeys(widths) if k > candidate.k]


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
