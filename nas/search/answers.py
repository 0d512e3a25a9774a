"""What the float and the int8 model answered on the test images, counted. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware.records.values import Count

Confusion = tuple[tuple[Count, ...], ...]
"""Images by their class (rows) and by the class that a model gave them (columns)."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Two models on the same images.

    Attributes:
        in_float: What the float model made of them.
        in_int8: What the int8 model made of them.
        both_right: Images that both get right.
        float_alone_right: Images that only the float model gets right.
        int8_alone_right: Images that only the int8 model gets right.
        same: Images to which both give the same class, right or wrong.
    """

    in_float: Confusion
    in_int8: Confusion
    both_right: Count
    float_alone_right: Count
    int8_alone_right: Count
    same: Count

    @property
    def images(self) -> int:
        """Images that were answered."""
        return sum(map(sum, self.in_float))

    @property
    def float_right(self) -> int:
        """Images that the float model gets right."""
        return self.both_right + self.float_alone_right

    @property
    def int8_right(self) -> int:
        """Images that the int8 model gets right."""
        return self.both_right + self.int8_alone_right


def count_answers(
    labels: NDArray[np.integer[Any]],
    in_float: Sequence[int],
    in_int8: Sequence[int],
    classes: int,
) -> Answers:
    """Compare the classes that two models give with the right ones, image by image."""
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
