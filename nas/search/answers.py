"""Counts the classes that the float and the int8 model predict for the test images. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware.records.values import Count

Confusion = tuple[tuple[Count, ...], ...]
"""A confusion matrix: counts of images by true class (rows) and predicted class (columns)."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The predictions of two models on the same images.

    Attributes:
        in_float: Confusion matrix of the float model.
        in_int8: Confusion matrix of the int8 model.
        both_right: Images that both models classify correctly.
        float_alone_right: Images that only the float model classifies correctly.
        int8_alone_right: Images that only the int8 model classifies correctly.
        same: Images for which both models predict the same class, correct or not.
    """

    in_float: Confusion
    in_int8: Confusion
    both_right: Count
    float_alone_right: Count
    int8_alone_right: Count
    same: Count

    @property
    def images(self) -> int:
        """Number of images."""
        return sum(map(sum, self.in_float))

    @property
    def float_right(self) -> int:
        """Images that the float model classifies correctly."""
        return self.both_right + self.float_alone_right

    @property
    def int8_right(self) -> int:
        """Images that the int8 model classifies correctly."""
        return self.both_right + self.int8_alone_right


def count_answers(
    labels: NDArray[np.integer[Any]],
    in_float: Sequence[int],
    in_int8: Sequence[int],
    classes: int,
) -> Answers:
    """Compare the predictions of two models with the labels, image by image."""
    float_classes, int8_classes = np.asarray(in_float), np.asarray(in_int8)
    float_right, int8_right = float_classes == labels, int8_classes == labels
    return Answers(
        _confusion(labels, float_classes, classes),
        _confusion(labels, int8_classes, classes),
        int((float_right & int8_right).sum()),
        int((float_right & ~int8_right).sum()),
        int((int8_right & ~float_right).sum()),
        int((float_classes == int8_classes).sum()),
    )


def _confusion(
    labels: NDArray[np.integer[Any]], answers: NDArray[np.integer[Any]], classes: int
) -> Confusion:
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (labels, answers), 1)
    return tuple(tuple(row) for row in counts.tolist())
