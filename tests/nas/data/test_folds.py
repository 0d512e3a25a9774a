import numpy as np
import pytest

from nas.data.dataset import Dataset
from nas.data.fold_images import open_folds
from nas.data.folds import enough_images, fold_rows
from nas.data.splits import Split


def test_the_limit_is_where_the_interval_of_a_half_is_ten_points_wide() -> None:
    # Wilson's interval of 1/2 is z / sqrt(n + z²) wide: 0.1 for n = 99 z² = 380.3.
    assert [enough_images(count) for count in (1, 380, 381, 434)] == [False, False, True, True]


@pytest.mark.parametrize("folds", [2, 5, 10])
def test_folds_are_stratified_and_hold_every_image_once(folds: int) -> None:
    labels = np.random.default_rng(1).choice(3, 97, p=[0.6, 0.3, 0.1]).astype(np.int32)
    found = fold_rows(labels, folds)
    assert sorted(np.concatenate(found).tolist()) == list(range(97))
    by_class = np.array([np.bincount(labels[own], minlength=3) for own in found])
    assert np.ptp(by_class, axis=0).max() <= 1
    assert np.ptp(by_class.sum(axis=1)) <= 1
    assert [own.tolist() for own in found] == [own.tolist() for own in fold_rows(labels, folds)]


def test_two_images_of_a_class_are_in_two_folds() -> None:
    labels = np.array([0, 0, 0, 1, 1], np.int32)
    found = fold_rows(labels, 2)
    assert [sorted(labels[own].tolist()) for own in found] == [[0, 0, 1], [0, 1]]


def test_a_fold_validates_on_its_images_and_trains_on_all_others(small_dataset: Dataset) -> None:
    parts = (Split.TRAIN, Split.VALID)
    expected = sorted(row for part in parts for row in rows(small_dataset, part))
    folds = open_folds(small_dataset, 5)
    for fold in folds:
        assert sorted(row for part in parts for row in rows(fold, part)) == expected
        assert rows(fold, Split.TEST) == rows(small_dataset, Split.TEST)
        # Consecutive rows of the file: nothing is copied to train on them.
        assert all(isinstance(fold.images(part), np.memmap) for part in parts)
        assert all(fold.images(part).flags.c_contiguous for part in parts)
    assert sorted(row for fold in folds for row in rows(fold, Split.VALID)) == expected


def rows(dataset: Dataset, part: Split) -> list[tuple[bytes, int]]:
    """The images of a part, with their classes."""
    pairs = zip(dataset.images(part), dataset.labels(part), strict=True)
    return [(image.tobytes(), int(label)) for image, label in pairs]


def test_a_damaged_file_of_folds_is_written_again(small_dataset: Dataset) -> None:
    first = open_folds(small_dataset, 3)[0]
    before = first.path.read_bytes()
    first.path.write_bytes(before[:-1])
    assert open_folds(small_dataset, 3)[0].path.read_bytes() == before
