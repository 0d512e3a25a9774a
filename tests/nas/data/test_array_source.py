"""Arrays as others save them: MedMNIST's, CIFAR's, Keras' names and shapes."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware.errors import DataError
from nas.data import array_rows, array_source
from nas.data.data_source import find_data
from nas.data.dataset import prepare_dataset
from nas.data.sample import DataSource, decode
from nas.data.splits import Split

IMAGES = np.arange(6 * 16, dtype=np.uint8).reshape(6, 4, 4)
LABELS = np.asarray([0, 1] * 3)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def read(tmp_path: Path, save: Any = np.savez, **arrays: object) -> DataSource:
    save(tmp_path / "a.npz", **arrays)
    return find_data(str(tmp_path / "a.npz"))


def labels_of(source: DataSource) -> list[str]:
    return [own.label for own in source.samples]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_every_image_comes_back(tmp_path: Path, save: Any) -> None:
    source = read(tmp_path, save, images=IMAGES, labels=LABELS)
    assert labels_of(source) == ["0", "1"] * 3
    assert source.samples[4].name == "a.npz[4]"
    for own, expected in zip(source.samples, IMAGES, strict=True):
        np.testing.assert_array_equal(decode(own, (4, 4, 1))[..., 0], expected)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", ["C", "F"])
def test_large_arrays_are_read_from_disk_image_by_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save: Any, order: Any
) -> None:
    monkeypatch.setattr(array_rows, "_SMALL_BYTES", 10)
    images = np.random.default_rng(0).integers(0, 256, (6, 4, 5, 3)).astype(np.uint8)
    source = read(tmp_path, save, images=np.asarray(images, order=order), labels=LABELS)
    for own, expected in zip(source.samples, images, strict=True):
        np.testing.assert_array_equal(decode(own, (4, 5, 3)), expected)


def test_a_damaged_large_array_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_rows, "_SMALL_BYTES", 10)
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=LABELS)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[content.index(bytes(range(90, 96)))] ^= 1
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match="array 'images': the zip file is damaged there: Bad CRC"):
        find_data(str(tmp_path / "a.npz"))


def test_a_file_that_is_cut_short_while_it_is_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_rows, "_SMALL_BYTES", 10)
    source = read(tmp_path, images=IMAGES, labels=LABELS)
    os.truncate(tmp_path / "a.npz", 100)
    with pytest.raises(DataError, match=r"image 'a\.npz\[5\]': the file was truncated"):
        decode(source.samples[5], (4, 4, 1))


def test_an_array_that_unpacks_to_what_no_images_are_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_rows, "_ANY_RATIO_BYTES", 100_000)
    images = np.zeros((100, 40, 40), np.uint8)
    with pytest.raises(DataError, match=r"unpacks \d+ bytes to 160,000, which no images do"):
        read(tmp_path, np.savez_compressed, images=images, labels=np.zeros(100, int))


@pytest.mark.parametrize(
    ("train", "test", "valid"),
    [
        (("train_images", "train_labels"), ("test_images", "test_labels"), "val_images val_labels"),
        (("x_train", "y_train"), ("x_test", "y_test"), "x_val y_val"),
        (("X_train", "y_train"), ("X_test", "y_test"), "X_valid y_valid"),
    ],
)
def test_parts_are_called_as_folders_may_be(
    tmp_path: Path, train: tuple[str, str], test: tuple[str, str], valid: str
) -> None:
    parts = [(Split.TRAIN, train), (Split.VALID, valid.split()), (Split.TEST, test)]
    arrays = {names[0]: IMAGES[:n] for n, (_, names) in enumerate(parts, 2)}
    arrays |= {names[1]: LABELS[:n] for n, (_, names) in enumerate(parts, 2)}
    source = read(tmp_path, **arrays)
    splits = [own.split for own in source.samples]
    assert [splits.count(split) for split, _ in parts] == [2, 3, 4]


def test_names_of_classes_have_equally_many_digits_in_all_parts(tmp_path: Path) -> None:
    labels = np.asarray([3, 10] * 3)
    arrays = {"train_images": IMAGES, "train_labels": labels}
    arrays |= {"test_images": IMAGES[:2], "test_labels": labels[:1].repeat(2)}
    assert set(labels_of(read(tmp_path, **arrays))) == {"03", "10"}


@pytest.mark.parametrize(
    "labels",
    [
        LABELS[:, None],
        LABELS.astype(np.float32),
        LABELS.astype(np.uint8)[:, None],
        LABELS.astype(bool),
        LABELS.astype(">i2"),
    ],
)
def test_labels_may_be_a_column_or_whole_numbers_of_any_type(
    tmp_path: Path, labels: np.ndarray
) -> None:
    assert labels_of(read(tmp_path, images=IMAGES, labels=labels)) == ["0", "1"] * 3


def test_labels_may_be_bytes(tmp_path: Path) -> None:
    labels = np.asarray([b"cat", b"d\xff"] * 3)
    assert labels_of(read(tmp_path, images=IMAGES, labels=labels))[:2] == ["cat", r"d\xff"]


@pytest.mark.parametrize(
    ("arrays", "complaint"),
    [
        ({"labels": np.eye(2)[LABELS]}, "one-hot labels; .*save labels.argmax"),
        ({"labels": LABELS + 0.5}, "float64 of shape .* and not whole"),
        ({"labels": LABELS * np.nan}, "and not whole"),
        ({"labels": np.asarray([{}] * 6)}, "array 'labels': it holds Python objects"),
        ({"labels": LABELS[:5]}, "labels .* of shape .5,.; expected 6 whole numbers or names"),
        ({"images": IMAGES.reshape(2, 3, 4, 4)}, r"channels come last: save images\.transpose"),
        ({"images": IMAGES[:, :0]}, r"has shape \(6, 0, 4\)"),
        ({"images": IMAGES.astype(float)}, "is float64 of shape"),
        ({"train_images": IMAGES, "train_labels": LABELS}, "without a part and images of parts"),
        ({"x": IMAGES}, "contains 'images', 'x', which have the same meaning"),
        ({"labels": None}, "contains 'images' without labels"),
        ({"images": None}, "contains no arrays of images"),
        ({"images": None, "train_x": IMAGES}, "no arrays of images; .* found 'labels', 'train_x'"),
    ],
)
def test_arrays_that_cannot_be_understood_are_refused(
    tmp_path: Path, arrays: Mapping[str, Any], complaint: str
) -> None:
    all_arrays = {"images": IMAGES, "labels": LABELS} | dict(arrays)
    kept = {name: own for name, own in all_arrays.items() if own is not None}
    with pytest.raises(DataError, match=complaint) as refused:
        read(tmp_path, **kept)
    assert len(str(refused.value)) < 500


def test_other_arrays_are_named(tmp_path: Path) -> None:
    source = read(tmp_path, images=IMAGES, labels=LABELS, class_names=np.asarray(["a", "b"]))
    assert source.remarks == ["ignored arrays: 'class_names'"]


def test_too_many_classes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_source, "MOST_CLASSES", 5)
    with pytest.raises(DataError, match="has 6 different labels; the maximum is 5 classes"):
        read(tmp_path, images=IMAGES, labels=np.arange(6))


def test_parts_of_several_sizes_are_resized_as_pictures_are(tmp_path: Path) -> None:
    arrays = {"train_images": IMAGES, "train_labels": LABELS}
    arrays |= {f"{part}_images": IMAGES[:, :2] for part in ("val", "test")}
    arrays |= {f"{part}_labels": LABELS for part in ("val", "test")}
    source = read(tmp_path, **arrays)
    dataset = prepare_dataset(source, source.default_shape, False, tmp_path, lambda *_: None)
    assert dataset.counts == {"train": 6, "valid": 6, "test": 6}
    assert dataset.images(Split.TEST).shape == (6, 4, 4, 1)
