from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pytest

from firmware.errors import ConfigError
from nas.network.description import Network, Shape
from nas.search.bounds import Accuracy, Bounds
from nas.search.strategy import known_strategies, start_strategy
from nas.spaces import Candidate, find_space
from nas.spaces.cells import CellSpace

SPACE, INPUTS = find_space("folded"), {0: (50, 50, 3)}
"""Inputs of 50 rows and columns have up to five cells."""
ANY = Bounds(SPACE, lambda _: True, INPUTS)
Judge = Callable[[Candidate], Accuracy]


def play(
    judge: Judge, name: str = "paper", bounds: Bounds = ANY
) -> tuple[list[tuple[int, int]], Candidate | None]:
    """Candidates in the order in which a strategy asks for them, and its winner."""
    strategy = start_strategy(name, bounds)
    asked: list[tuple[int, int]] = []
    try:
        wanted = next(strategy)
        while True:
            asked += [(e.candidate["k"], e.candidate["c"]) for e in wanted]
            wanted = strategy.send(tuple(judge(e.candidate) for e in wanted))
    except StopIteration as stop:
        return asked, stop.value


def table(accuracies: dict[tuple[int, int], float]) -> Judge:
    """Accuracies of some candidates; the others do not fit."""
    return lambda candidate: accuracies.get((candidate["k"], candidate["c"]))


def test_cells_grow_while_strictly_better_and_k_while_its_best_is() -> None:
    judge = table({(1, 0): 0.5, (1, 1): 0.6, (1, 2): 0.6, (2, 0): 0.7, (2, 1): 0.65, (3, 0): 0.7})
    asked, winner = play(judge)
    assert asked == [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (3, 0), (3, 1)]
    assert winner == Candidate(k=2, c=0)


def test_the_best_of_the_k_before_wins_even_if_others_were_as_good() -> None:
    _, winner = play(table({(1, 0): 0.5, (1, 1): 0.6, (2, 0): 0.6}))
    assert winner == Candidate(k=1, c=1)


def test_a_candidate_that_does_not_fit_only_ends_the_growth_of_cells() -> None:
    asked, winner = play(table({(1, 0): 0.5, (2, 0): 0.6, (2, 1): 0.7}))
    assert asked == [(1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (3, 0)]
    assert winner == Candidate(k=2, c=1)


def test_there_is_no_winner_where_nothing_fits() -> None:
    assert play(lambda _: None) == ([(1, 0)], None)


def test_an_accuracy_of_zero_is_better_than_none() -> None:
    assert play(table({(1, 0): 0.0}))[1] == Candidate(k=1, c=0)


def test_an_unknown_strategy_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="known strategies: bracket, evolution, paper"):
        start_strategy("luck", ANY)


def within(macs: int) -> Bounds:
    """Bounds in which needs grow with k and c, as they do in the spaces."""
    return Bounds(SPACE, lambda own: own["k"] * (own["c"] + 1) <= macs, INPUTS)


@pytest.mark.parametrize("name", known_strategies())
class TestEveryStrategy:
    """The contract that a search relies on."""

    def test_it_ends_without_a_winner_if_nothing_fits(self, name: str) -> None:
        asked, winner = play(lambda _: None, name, Bounds(SPACE, lambda _: False, INPUTS))
        assert winner is None
        assert len(asked) <= 1

    def test_it_ends_without_a_winner_if_nothing_can_be_trained(self, name: str) -> None:
        _, winner = play(lambda _: None, name, within(40))
        assert winner is None

    def test_the_winner_fits_and_was_trained(self, name: str) -> None:
        rng = np.random.default_rng(0)
        for macs in (1, 2, 7, 40):
            bounds = within(macs)
            asked, winner = play(
                lambda candidate, bounds=bounds: (  # type: ignore[misc]
                    float(rng.uniform(0.4, 0.9)) if bounds.fits(candidate) else None
                ),
                name,
                bounds,
            )
            assert winner is not None
            assert bounds.fits(winner)
            assert (winner["k"], winner["c"]) in asked

    def test_equal_accuracies_lead_to_equal_candidates(self, name: str) -> None:
        def judge(candidate: Candidate) -> Accuracy:
            accuracy = (candidate["k"] * 7 + candidate["c"] * 3) % 11 / 11
            return accuracy if within(30).fits(candidate) else None

        assert play(judge, name, within(30)) == play(judge, name, within(30))

    def test_a_candidate_that_fails_does_not_end_the_search(self, name: str) -> None:
        bounds = Bounds(SPACE, lambda own: own["k"] <= 3 and own["c"] <= 5, INPUTS)

        def judge(candidate: Candidate) -> Accuracy:
            fails = candidate == Candidate(k=1, c=1) or not bounds.fits(candidate)
            return None if fails else 0.5 + candidate["k"] / 100

        _, winner = play(judge, name, bounds)
        assert winner is not None


def test_the_largest_width_that_fits_is_found_without_training() -> None:
    asked: list[int] = []

    def fits(candidate: Candidate) -> bool:
        asked.append(candidate["k"])
        return candidate["k"] <= 37

    narrow = Candidate(k=1, c=0)
    assert Bounds(SPACE, fits, INPUTS).widest(narrow) == Candidate(k=37, c=0)
    assert len(asked) < 15
    assert Bounds(SPACE, lambda _: False, INPUTS).widest(narrow) is None


class Steps(CellSpace):
    """Widths of 4, 8, 12 to 40."""

    name = "steps"
    dimensions: ClassVar[dict[str, range]] = {"k": range(4, 41, 4), "c": range(3)}

    def build(self, candidate: Candidate, shape: Shape, classes: int) -> Network:
        return find_space("folded").network(candidate, shape, classes)


def test_only_widths_of_the_space_are_tried() -> None:
    asked: set[int] = set()

    def fits(candidate: Candidate) -> bool:
        asked.add(candidate["k"])
        return candidate["k"] <= 30

    bounds = Bounds(Steps(), fits, INPUTS)
    assert bounds.widest(Candidate(k=4, c=1)) == Candidate(k=28, c=1)
    everything = Bounds(Steps(), lambda _: True, INPUTS)
    assert everything.widest(Candidate(k=4, c=1)) == Candidate(k=40, c=1)
    tried, winner = play(lambda own: own["k"] / 100 + own["c"] / 1000, "bracket", bounds)
    assert winner == Candidate(k=28, c=2)
    assert {k for k, _ in tried} | asked <= set(range(4, 41, 4))


def test_the_published_climb_is_refused_where_there_is_no_k_and_c() -> None:
    class Other(Steps):
        dimensions: ClassVar[dict[str, range]] = {"width": range(4), "depth": range(4)}

    with pytest.raises(ConfigError, match="--strategy bracket searches every space"):
        play(lambda _: None, "paper", Bounds(Other(), lambda _: True, INPUTS))


def test_the_bracket_finds_the_best_of_a_landscape_without_noise_in_few_evaluations() -> None:
    def judge(candidate: Candidate) -> float:
        return 0.7 - abs(candidate["c"] - 3) / 20 - 0.1 / candidate["k"]

    asked, winner = play(judge, "bracket", within(60))
    assert winner == Candidate(k=15, c=3)
    assert len(asked) <= 18


def test_the_bracket_does_not_go_to_the_limits_where_width_does_not_help() -> None:
    """On tiny images a thousand kernels may fit, and are of no use."""
    asked, winner = play(
        lambda candidate: 0.8 - abs(candidate["k"] - 16) / 1000, "bracket", within(5000)
    )
    assert winner is not None
    assert winner["k"] == 16
    assert max(k for k, _ in asked) <= 128


class TestInputs:
    """A search that chooses its input: 24, 32, 48, 64 or 96, from 48 on."""

    @staticmethod
    def bounds(macs: int, first_side: int = 48) -> Bounds:
        def fits(candidate: Candidate) -> bool:
            return candidate["k"] * (candidate["c"] + 1) * candidate.side**2 <= macs

        inputs = {side: (side, side, 3) for side in (24, 32, 48, 64, 96)}
        return Bounds(SPACE, fits, inputs, first_side)

    @pytest.mark.parametrize("best", [24, 32, 48, 64, 96])
    def test_the_best_input_is_found_where_there_is_one_summit(self, best: int) -> None:
        def judge(candidate: Candidate) -> float:
            return 0.7 - abs(candidate.side - best) / 500 - 0.1 / candidate["k"]

        _, winner = play(judge, "bracket", self.bounds(10**6))
        assert winner is not None
        assert winner.side == best

    def test_inputs_that_get_worse_are_not_gone_through(self) -> None:
        sides = set()

        def judge(candidate: Candidate) -> float:
            sides.add(candidate.side)
            return 0.7 - abs(candidate.side - 48) / 500 - 0.1 / candidate["k"]

        play(judge, "bracket", self.bounds(10**6))
        assert sides == {32, 48, 64}

    def test_it_begins_below_where_nothing_fits_at_the_first_input(self) -> None:
        _, winner = play(lambda own: 0.5 + own["k"] / 1000, "bracket", self.bounds(32 * 32))
        assert winner is not None
        assert winner.side in (24, 32)

    def test_there_is_no_winner_where_no_input_fits(self) -> None:
        assert play(lambda _: 0.5, "bracket", self.bounds(10)) == ([], None)
