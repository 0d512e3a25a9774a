"""Folds of the training and validation images, for cross-validation. Pure."""

import numpy as np
from numpy.typing import NDArray

from nas.data.proportion import wilson_interval

FOLDS = 5
"""Folds of small data. Each training then has four fifths of the images."""
MOST_FOLDS = 10
WIDEST_INTERVAL = 0.1
"""Widest 95 % interval of a validation accuracy for which one validation part is enough."""
_SEED = 0


def enough_images(valid_images: int) -> bool:
    """Whether so many validation images are enough to compare candidates: 381 or more.

    They are if the 95 % interval of an accuracy of 50 %, where it is widest, is no wider than
    `WIDEST_INTERVAL`.
    """
    lowest, highest = wilson_interval(0.5, valid_images)
    return highest - lowest <= WIDEST_INTERVAL


def fold_rows(labels: NDArray[np.int32], folds: int) -> list[NDArray[np.int64]]:
    """The images of each fold, as indices.

    Stratified: the numbers of images of a class differ by at most one between folds, and so do the
    numbers of all images. Drawn with a fixed seed.

    Args:
        labels: The class of each image, shape (n,).
        folds: Number of folds, at least 2.
    """
    rng = np.random.default_rng(_SEED)
    own = [rng.permutation(np.flatnonzero(labels == label)) for label in sorted({*labels.tolist()})]
    dealt = np.concatenate(own)
    return [dealt[first::folds] for first in range(folds)]
