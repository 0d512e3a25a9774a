"""Which candidate to try next. Pure.

A strategy is a generator: it yields a candidate, is sent the candidate's accuracy, and returns its
winner. It sees nothing else, so the same accuracies always lead to the same candidates: that is
what makes an interrupted search continue where it was.
"""

from collections.abc import Callable, Generator
from itertools import count

from firmware.errors import ConfigError
from nas.space import Candidate

Accuracy = float | None
"""Validation accuracy as a fraction; None if the candidate does not fit or its training failed."""

Search = Generator[Candidate, Accuracy, Candidate | None]
"""Yields candidates, is sent accuracies, returns the winner, None if there is none."""


def climb_paper() -> Search:
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


def _climb_cells(k: int) -> Generator[Candidate, Accuracy, tuple[Candidate | None, Accuracy]]:
    """Grow the cells of one k; gives its best candidate and that one's accuracy."""
    best: Candidate | None = None
    reached: Accuracy = None
    for c in count():
        candidate = Candidate(k, c)
        accuracy = yield candidate
        if not _is_better(accuracy, reached):
            break
        best, reached = candidate, accuracy
    return best, reached


def _is_better(accuracy: Accuracy, than: Accuracy) -> bool:
    return accuracy is not None and (than is None or accuracy > than)


_STRATEGIES: dict[str, Callable[[], Search]] = {"paper": climb_paper}


def known_strategies() -> tuple[str, ...]:
    """Names of the strategies."""
    return tuple(_STRATEGIES)


def start_strategy(name: str) -> Search:
    """A strategy, before its first candidate.

    Raises:
        ConfigError: There is none of this name.
    """
    if name not in _STRATEGIES:
        known = ", ".join(known_strategies())
        raise ConfigError(f"unknown strategy {name!r}; known strategies: {known}")
    return _STRATEGIES[name]()
