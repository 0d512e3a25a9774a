from itertools import product

import numpy as np
import pytest

from nas.estimator.cost import Cost, Limits
from nas.search.trials import Trial, TrialStatus
from nas.search.tried import Tried, front, pareto_front, tried
from nas.spaces import Candidate

LIMITS = Limits(macc=1_000, flash_bytes=1_000, ram_bytes=100)
Point = tuple[tuple[float, ...], float]


def trained(k: int, accuracy: float, cost: Cost, repeat: int = 0) -> Trial:
    return Trial(
        Candidate(k=k, c=1), TrialStatus.TRAINED, cost, accuracies=(accuracy,), repeat=repeat
    )


def beats(one: Point, other: Point) -> bool:
    """The definition of the front: no worse in anything, better in something."""
    pairs = [(-one[1], -other[1]), *zip(one[0], other[0], strict=True)]
    return all(own <= its for own, its in pairs) and any(own < its for own, its in pairs)


def random_points(seed: int, needs: int) -> list[Point]:
    """Points with many ties."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 6, (60, needs + 1)).tolist()
    return [(tuple(map(float, row[1:])), float(row[0])) for row in rows]


SEEDS = list(product(range(6), (1, 2, 3, 4)))


@pytest.mark.parametrize(("seed", "needs"), SEEDS)
def test_the_front_is_what_no_point_beats(seed: int, needs: int) -> None:
    points = random_points(seed, needs)
    unbeaten = {own for own in points if not any(beats(other, own) for other in points)}
    found = [points[index] for index in pareto_front(points)]
    assert set(found) == unbeaten
    assert len(found) == len(unbeaten), "of equal points only one is kept"


@pytest.mark.parametrize(("seed", "needs"), SEEDS)
def test_every_other_point_is_beaten_or_equalled_by_the_front(seed: int, needs: int) -> None:
    points = random_points(seed, needs)
    kept = [points[index] for index in pareto_front(points)]
    for own in points:
        assert any(beats(member, own) or member == own for member in kept)


@pytest.mark.parametrize(("seed", "needs"), SEEDS)
def test_the_front_does_not_depend_on_the_order_or_on_points_that_are_beaten(
    seed: int, needs: int
) -> None:
    points = random_points(seed, needs)
    kept = [points[index] for index in pareto_front(points)]
    mixed = [points[own] for own in np.random.default_rng(seed).permutation(len(points))]
    assert [mixed[index] for index in pareto_front(mixed)] == kept
    assert [kept[index] for index in pareto_front(kept)] == kept


@pytest.mark.parametrize(("seed", "needs"), SEEDS)
def test_a_further_need_never_removes_a_value_from_the_front(seed: int, needs: int) -> None:
    points = random_points(seed, needs)
    fewer = [(own[0][:-1], own[1]) for own in points]
    kept = {fewer[index] for index in pareto_front(points)}
    assert {fewer[index] for index in pareto_front(fewer)} <= kept


def test_with_one_need_both_numbers_rise() -> None:
    rows = [(5.0, 0.5), (3.0, 0.4), (4.0, 0.4), (2.0, 0.1), (9.0, 0.9), (9.0, 0.8), (8.0, 0.5)]
    assert pareto_front([((need,), worth) for need, worth in rows]) == (3, 1, 0, 4)


def test_of_equal_points_the_first_is_kept() -> None:
    assert pareto_front([((1.0, 2.0), 0.5), ((1.0, 2.0), 0.5)]) == (0,)
    assert pareto_front([]) == ()


def test_a_candidate_is_ranked_by_the_mean_of_its_trainings() -> None:
    cost = Cost(macc=10, model_bytes=20, arena_bytes=30)
    own, other = tried(
        [trained(1, 0.4, cost), trained(2, 0.5, cost), trained(1, 0.8, cost, 1)], LIMITS
    )
    assert own == Tried(Candidate(k=1, c=1), {"RAM": 30, "flash": 20, "MACC": 10}, (0.4, 0.8), ())
    assert own.accuracy == pytest.approx(0.6)
    assert other.accuracies == (0.5,)


def test_the_limits_that_a_candidate_exceeds_are_named_worst_first() -> None:
    cost = Cost(macc=1_001, model_bytes=2_000, arena_bytes=100)
    (own,) = tried([trained(1, 0.4, cost)], LIMITS)
    assert own.over == ("flash", "MACC")


def test_what_was_not_trained_is_left_out() -> None:
    priced = Trial(Candidate(k=1, c=0), TrialStatus.PRICED, Cost(1, 1, 1))
    failed = Trial(Candidate(k=2, c=0), TrialStatus.FAILED, Cost(1, 1, 1), "killed")
    assert tried([priced, failed], LIMITS) == ()


def test_a_candidate_with_an_unknown_need_is_not_on_its_front() -> None:
    known = Tried(Candidate(k=1, c=0), {"RAM": 1, "flash": 9}, (0.5,))
    unknown = Tried(Candidate(k=2, c=0), {"flash": 1}, (0.9,))
    assert front([known, unknown], "RAM", "flash") == (known,)
    assert front([known, unknown], "flash") == (unknown,)
