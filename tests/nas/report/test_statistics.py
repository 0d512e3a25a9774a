from math import sqrt

import numpy as np
import pytest

from nas.report.statistics import Proportion, class_figures, pareto_front


@pytest.mark.parametrize(
    ("count", "total", "lowest", "highest"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_those_of_a_published_table(
    count: int, total: int, lowest: float, highest: float
) -> None:
    """Source: R. G. Newcombe, Statistics in Medicine 17 (1998), 857–872, table I, method 3."""
    assert Proportion(count, total).interval == pytest.approx((lowest, highest), abs=5e-5)


@pytest.mark.parametrize("total", [1, 7, 359])
def test_the_ends_of_an_interval_are_where_the_score_test_just_does_not_reject(total: int) -> None:
    for count in range(1, total):
        own = Proportion(count, total)
        for end in own.interval:
            error = sqrt(end * (1 - end) / total)
            assert abs(own.fraction - end) / error == pytest.approx(1.959964, rel=1e-6)


def test_an_interval_mirrors_that_of_what_does_not_count_and_stays_within_0_and_1() -> None:
    for count in range(21):
        lowest, highest = Proportion(count, 20).interval
        mirrored = Proportion(20 - count, 20).interval
        assert (1 - highest, 1 - lowest) == pytest.approx(mirrored)
        assert 0.0 <= lowest <= count / 20 <= highest <= 1.0


def test_recall_is_of_the_row_and_precision_of_the_column() -> None:
    cat, dog, unseen = class_figures(((3, 1, 0), (2, 4, 0), (0, 0, 0)))
    assert cat.recall == Proportion(3, 4)
    assert cat.precision == Proportion(3, 5)
    assert dog.recall == Proportion(4, 6)
    assert dog.precision == Proportion(4, 5)
    assert unseen.recall is None
    assert unseen.precision is None


def test_a_front_leaves_out_what_another_beats() -> None:
    points = [(5.0, 0.5), (3.0, 0.4), (4.0, 0.4), (2.0, 0.1), (9.0, 0.9), (9.0, 0.8), (8.0, 0.5)]
    assert pareto_front(points) == (3, 1, 0, 4)


def test_of_equal_points_the_first_is_kept() -> None:
    assert pareto_front([(1.0, 0.5), (1.0, 0.5)]) == (0,)
    assert pareto_front([]) == ()


@pytest.mark.parametrize("seed", range(5))
def test_a_front_is_what_comparing_all_pairs_gives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = [(float(a), float(b)) for a, b in rng.integers(0, 12, (40, 2))]
    unbeaten = {
        point
        for point in points
        if not any(
            other != point and other[0] <= point[0] and other[1] >= point[1] for other in points
        )
    }
    front = [points[index] for index in pareto_front(points)]
    assert front == sorted(unbeaten)
