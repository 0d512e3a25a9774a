"""Which images train, which validate, which test. Pure."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from firmware.errors import DataError


class Split(StrEnum):
    """Parts of a dataset."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"


VALID_FRACTION = 0.3
"""Of the images that are given for training: the method's published fraction."""
TEST_FRACTION = 0.2
"""Of all images, where the data has no test part of its own."""
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
    """The part that a folder's name means; None for any other name."""
    return _NAMES.get(name.lower())


def complete_splits(given: Sequence[Split | None], labels: Sequence[int]) -> list[Split]:
    """A part for every image.

    Images without a part are for training. Where no image is for test, a fifth of those for
    training are taken; where none validates, 30 % of the rest. Both are drawn class by class with
    a fixed seed, so that every search on the same data sees the same parts.

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
    """Refuse data with which nothing can be learned or measured.

    Raises:
        DataError: There is one class, or a class is missing from a part.
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
