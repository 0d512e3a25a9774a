from math import sqrt

import pytest

from nas.data.proportion import Proportion
from nas.report.statistics import class_figures


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
