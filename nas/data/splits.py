"""Splits a dataset into training, validation and test images. Pure."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from firmware.errors import DataError


class Split(StrEnum):
    """The parts of a dataset."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"


VALID_FRACTION = 0.3
"""Fraction of the training images that is used for validation, as in the publication."""
TEST_FRACTION = 0.2
"""Fraction of all images that is used for the test, if the data has no test part."""
_SEED = 0

_NAMES = {
    "train": Split.TRAIN,
    "training": Split.TRAIN,
    "valid": Split.VALID,
    "validation": Split.VALID,
    "val": Split.VALID,
    "eval": Split.VALID,
    "evaluation": Split.VALID,
    "test": Split.TEST,
    "testing": Split.TEST,
}


def split_of_folder(name: str) -> Split | None:
    """The part with the name of a folder; None for any other name."""
    return _NAMES.get(name.lower())


def complete_splits(given: Sequence[Split | None], labels: Sequence[int]) -> list[Split]:
    """The part of each image.

    Images without a part are for training. Without a test part, a fifth of the training images are
    taken for the test; without a validation part, 30 % of the rest for validation. Both are drawn
    per class with a fixed seed, so that every search on the same data has the same parts.

    Args:
        given: The part that the data names for each image, or None.
        labels: The class of each image.
    """
    splits = [part or Split.TRAIN for part in given]
    rng = np.random.default_rng(_SEED)
    for part, fraction in ((Split.TEST, TEST_FRACTION), (Split.VALID, VALID_FRACTION)):
        if part not in splits:
            _draw(splits, labels, part, fraction, rng)
    return splits


def _draw(
    splits: list[Split],
    labels: Sequence[int],
    part: Split,
    fraction: float,
    rng: np.random.Generator,
) -> None:
    by_class: dict[int, list[int]] = defaultdict(list)
    for index, label in enumerate(labels):
        if splits[index] is Split.TRAIN:
            by_class[label].append(index)
    for _, indices in sorted(by_class.items()):
        count = round(fraction * len(indices))
        for position in rng.permutation(len(indices))[:count]:
            splits[indices[position]] = part


def check_splits(splits: Sequence[Split], labels: Sequence[int], classes: Sequence[str]) -> None:
    """Check that there are two classes or more, and that each part has images of all classes.

    Raises:
        DataError: There is only one class, or a part has no image of a class.
    """
    if len(classes) < 2:
        raise DataError(
            f"the data has {len(classes)} class ({', '.join(classes)}); at least 2 are needed, "
            "one folder each"
        )
    counts = Counter(zip(splits, labels, strict=True))
    missing = [
        f"{classes[label]!r} in {part}"
        for part in Split
        for label in range(len(classes))
        if counts[part, label] == 0
    ]
    if missing:
        raise DataError(f"no images of {'; '.join(missing)}; every class needs some in every part")
