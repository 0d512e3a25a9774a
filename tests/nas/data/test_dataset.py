import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from firmware.errors import DataError
from nas.data.data_source import find_data
from nas.data.dataset import Dataset, prepare_dataset
from nas.data.sample import decode
from nas.data.splits import Split, complete_splits
from nas.network.description import Shape

RED, BLUE = (200, 10, 10), (10, 10, 200)


def save(path: Path, color: tuple[int, int, int], size: tuple[int, int] = (20, 12)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)


def make_folder(folder: Path, parts: tuple[str, ...] = ("",), count: int = 10) -> Path:
    for part in parts:
        for index in range(count):
            save(folder / part / "blue" / f"{index}.png", BLUE)
            save(folder / part / "red" / f"{index}.jpg", RED)
    (folder / "index.csv").write_text("not an image")
    return folder


def prepare(
    data: Path | str, cache: Path, shape: Shape = (6, 10, 3), skip_broken: bool = False
) -> Dataset:
    return prepare_dataset(find_data(str(data)), shape, skip_broken, cache, lambda *_: None)


def zipped(folder: Path, archive: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(archive, "w") as target:
        for path in sorted(folder.rglob("*")):
            target.write(path, prefix + path.relative_to(folder).as_posix())
    return archive


def test_class_folders_become_labels_in_alphabetical_order(tmp_path: Path) -> None:
    dataset = prepare(make_folder(tmp_path / "data"), tmp_path)
    assert dataset.classes == ("blue", "red")
    for split in Split:
        images, labels = dataset.images(split), dataset.labels(split)
        assert images.shape == (len(labels), 6, 10, 3)
        assert images.dtype == np.uint8
        redder = images[..., 0].mean(axis=(1, 2)) > images[..., 2].mean(axis=(1, 2))
        np.testing.assert_array_equal(labels, redder.astype(int))


def test_parts_that_the_data_names_are_kept(tmp_path: Path) -> None:
    data = make_folder(tmp_path / "data", ("train", "val", "test"), count=4)
    assert prepare(data, tmp_path).counts == {"train": 8, "valid": 8, "test": 8}


def test_validation_is_30_percent_of_the_training_folder(tmp_path: Path) -> None:
    data = make_folder(tmp_path / "data", ("train", "test"), count=10)
    assert prepare(data, tmp_path).counts == {"train": 14, "valid": 6, "test": 20}


@pytest.mark.parametrize("prefix", ["", "wrapped/"])
def test_a_zip_is_read_like_its_folder(tmp_path: Path, prefix: str) -> None:
    folder = make_folder(tmp_path / "data", ("train", "valid", "test"), count=3)
    from_folder = prepare(folder, tmp_path)
    from_zip = prepare(zipped(folder, tmp_path / "data.zip", prefix), tmp_path)
    for split in Split:
        np.testing.assert_array_equal(from_zip.images(split), from_folder.images(split))


def test_the_digits_are_all_there(tmp_path: Path) -> None:
    source = find_data("digits")
    dataset = prepare("digits", tmp_path, source.default_shape)
    assert dataset.shape == (8, 8, 1)
    assert sum(dataset.counts.values()) == 1797
    assert dataset.classes == tuple("0123456789")
    assert dataset.images(Split.TRAIN).max() == 255


def test_arrays_keep_their_own_shape_and_parts(tmp_path: Path) -> None:
    images = np.arange(6 * 4 * 4, dtype=np.uint8).reshape(6, 4, 4)
    parts = {}
    for part in ("train", "valid", "test"):
        parts |= {f"{part}_images": images, f"{part}_labels": np.asarray([0, 1, 10] * 2)}
    np.savez(tmp_path / "data.npz", **parts)
    source = find_data(str(tmp_path / "data.npz"))
    dataset = prepare(tmp_path / "data.npz", tmp_path, source.default_shape)
    assert dataset.shape == (4, 4, 1)
    assert dataset.classes == ("00", "01", "10"), "names sort like the numbers"
    np.testing.assert_array_equal(dataset.images(Split.TEST)[..., 0], images)
    np.testing.assert_array_equal(dataset.labels(Split.TEST), [0, 1, 2] * 2)


def test_what_was_decoded_is_not_decoded_again(tmp_path: Path) -> None:
    data = make_folder(tmp_path / "data")
    calls: list[int] = []
    for _ in range(2):
        source = find_data(str(data))
        prepare_dataset(source, (6, 10, 3), False, tmp_path, lambda done, _: calls.append(done))
    assert len(calls) == 20


def test_a_changed_image_makes_another_dataset(tmp_path: Path) -> None:
    data = make_folder(tmp_path / "data")
    before = prepare(data, tmp_path)
    save(data / "red" / "0.jpg", (255, 128, 0))
    assert prepare(data, tmp_path).key != before.key


def test_a_broken_image_is_named(tmp_path: Path) -> None:
    data = make_folder(tmp_path / "data")
    content = (data / "red" / "3.jpg").read_bytes()
    (data / "red" / "3.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"'red/3\.jpg'.*--skip-broken"):
        prepare(data, tmp_path)
    assert list(tmp_path.glob("*/dataset.json")) == [], "nothing half-decoded is kept"


def test_a_broken_image_is_left_out_on_request(tmp_path: Path) -> None:
    data = make_folder(tmp_path / "data")
    (data / "red" / "3.jpg").write_bytes(b"no image")
    dataset = prepare(data, tmp_path, skip_broken=True)
    assert dataset.skipped == ("red/3.jpg",)
    assert sum(dataset.counts.values()) == 19


def test_images_are_turned_as_their_exif_says(tmp_path: Path) -> None:
    picture = Image.new("RGB", (20, 10), BLUE)
    picture.paste(RED, (0, 0, 10, 10))
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: the first row is the right-hand side
    for name in ("a", "b"):
        (tmp_path / "data" / name).mkdir(parents=True)
        picture.save(tmp_path / "data" / name / "0.jpg", exif=exif, quality=95)
    image = decode(find_data(str(tmp_path / "data")).samples[0], (20, 10, 3))
    assert image[2, 5, 0] > 150
    assert image[17, 5, 0] < 60


def test_drawn_parts_hold_every_class_in_proportion() -> None:
    labels = [0] * 100 + [1] * 50
    splits = complete_splits([None] * 150, labels)
    for label, expected in ((0, (56, 24, 20)), (1, (28, 12, 10))):
        own = [split for split, other in zip(splits, labels, strict=True) if other == label]
        assert tuple(own.count(split) for split in Split) == expected


Maker = Callable[[Path], object]


def one_class(folder: Path) -> None:
    save(folder / "red" / "0.png", RED)


def no_class_folders(folder: Path) -> None:
    save(folder / "0.png", RED)


def class_missing_in_test(folder: Path) -> None:
    make_folder(folder, ("train", "valid"))
    save(folder / "test" / "red" / "0.png", RED)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (one_class, r"the data has 1 class \(red\); at least 2"),
        (no_class_folders, r"the image '0\.png' is in no class folder; expected CLASS/picture"),
        (class_missing_in_test, "no images of 'blue' in test"),
    ],
)
def test_folders_that_are_no_classification_problem(tmp_path: Path, make: Maker, text: str) -> None:
    make(tmp_path / "data")
    with pytest.raises(DataError, match=text):
        prepare(tmp_path / "data", tmp_path)


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(DataError, match="no such folder or file: 'nowhere'; 'digits' is"):
        find_data("nowhere")


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("hello")
    with pytest.raises(DataError, match="is not a folder, a zip file or an .npz"):
        find_data(str(tmp_path / "data.txt"))


@pytest.mark.parametrize(
    ("arrays", "text"),
    [
        ({"images": np.zeros((4, 8, 8))}, "labels"),
        ({"images": np.zeros((4, 8, 8)), "labels": np.zeros(4, int)}, "images in .* is float64"),
        ({"images": np.zeros((4, 8), np.uint8), "labels": np.zeros(4, int)}, r"of shape \(4, 8\)"),
        (
            {"images": np.zeros((4, 8, 8), np.uint8), "labels": np.zeros(3, int)},
            "expected 4 whole numbers",
        ),
        (
            {"pictures": np.zeros(4)},
            "contains no arrays of images; .* found 'pictures'",
        ),
    ],
)
def test_arrays_of_other_kinds_are_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], text: str
) -> None:
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(DataError, match=text):
        find_data(str(tmp_path / "data.npz"))
