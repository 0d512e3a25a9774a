from collections.abc import Callable

import pytest

from firmware.errors import ConfigError
from nas.space import Candidate
from nas.strategy import Accuracy, start_strategy

Judge = Callable[[Candidate], Accuracy]


def play(judge: Judge) -> tuple[list[tuple[int, int]], Candidate | None]:
    """Candidates in the order in which the published climb asks for them, and its winner."""
    strategy = start_strategy("paper")
    asked: list[tuple[int, int]] = []
    candidate = next(strategy)
    while True:
        asked.append((candidate.k, candidate.c))
        try:
            candidate = strategy.send(judge(candidate))
        except StopIteration as stop:
            return asked, stop.value


def table(accuracies: dict[tuple[int, int], float]) -> Judge:
    """Accuracies of some candidates; the others do not fit."""
    return lambda candidate: accuracies.get((candidate.k, candidate.c))


def test_cells_grow_while_strictly_better_and_k_while_its_best_is() -> None:
    judge = table({(1, 0): 0.5, (1, 1): 0.6, (1, 2): 0.6, (2, 0): 0.7, (2, 1): 0.65, (3, 0): 0.7})
    asked, winner = play(judge)
    assert asked == [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (3, 0), (3, 1)]
    assert winner == Candidate(2, 0)


def test_the_best_of_the_k_before_wins_even_if_others_were_as_good() -> None:
    _, winner = play(table({(1, 0): 0.5, (1, 1): 0.6, (2, 0): 0.6}))
    assert winner == Candidate(1, 1)


def test_a_candidate_that_does_not_fit_only_ends_the_growth_of_cells() -> None:
    asked, winner = play(table({(1, 0): 0.5, (2, 0): 0.6, (2, 1): 0.7}))
    assert asked == [(1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (3, 0)]
    assert winner == Candidate(2, 1)


def test_there_is_no_winner_where_nothing_fits() -> None:
    assert play(lambda _: None) == ([(1, 0)], None)


def test_an_accuracy_of_zero_is_better_than_none() -> None:
    assert play(table({(1, 0): 0.0}))[1] == Candidate(1, 0)


def test_an_unknown_strategy_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="known strategies: paper"):
        start_strategy("luck")
