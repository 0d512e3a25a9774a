"""int8 may not cost more accuracy than it may: what is done about it, and what is said."""

from collections.abc import Iterator
from typing import Any

import pytest

from nas.quantization.tasks import calibration_counts, first_good
from nas.report.terminal import run_text


def conversions(accuracies: list[float], made: list[float]) -> Iterator[tuple[float, int, bytes]]:
    for count, accuracy in enumerate(accuracies):
        made.append(accuracy)
        yield accuracy, count, b"model"


def test_a_good_conversion_is_the_last_one_made() -> None:
    made: list[float] = []
    assert first_good(conversions([0.6, 0.71, 0.8], made), wanted=0.7)[:2] == (0.71, 1)
    assert made == [0.6, 0.71]


def test_of_conversions_that_are_all_too_bad_the_best_is_taken() -> None:
    assert first_good(conversions([0.6, 0.65, 0.62], []), wanted=0.7)[:2] == (0.65, 1)


def record(float_accuracy: float, int8_accuracy: float) -> dict[str, Any]:
    winner = {"candidate": {"k": 1, "c": 0, "side": 0}, "cost": {"model_bytes": 100}}
    return {
        "config": {"limits": {"latency_us": None}, "pace": None},
        "trials": [],
        "winner": winner,
        "input": [8, 8, 1],
        "valid_accuracy": float_accuracy,
        "int8_valid_accuracy": int8_accuracy,
        "float_test_accuracy": 0.5,
        "int8_test_accuracy": 0.5,
        "intervals": dict.fromkeys(("float_test_accuracy", "int8_test_accuracy"), (0.24, 0.76)),
        "images": {"test": 10},
        "model_bytes": 100,
        "model_sha256": "0" * 64,
    }


@pytest.mark.parametrize(("int8_accuracy", "is_warned"), [(0.696, False), (0.69, True)])
def test_a_loss_of_more_than_half_a_point_is_said_aloud(
    int8_accuracy: float, is_warned: bool
) -> None:
    text = run_text(record(0.7, int8_accuracy))
    assert ("WARNING: on the validation images int8 is 1.0 pp less" in text) == is_warned


def test_no_more_images_are_told_for_the_calibration_than_there_are() -> None:
    assert calibration_counts(14) == [14]
    assert calibration_counts(200) == [150, 200]
    assert calibration_counts(10_000) == [150, 600, 2400]
