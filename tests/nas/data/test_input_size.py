import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from firmware.errors import DataError
from nas.data.data_source import find_data
from nas.data.input_size import first_side, input_sides
from nas.data.sample import DataSource


def images(path: Path, sizes: list[tuple[int, int]]) -> DataSource:
    with zipfile.ZipFile(path, "w") as archive:
        for number, size in enumerate(sizes):
            content = io.BytesIO()
            Image.new("RGB", size).save(content, "PNG")
            archive.writestr(f"{'ab'[number % 2]}/{number}.png", content.getvalue())
    return find_data(str(path))


def test_sides_end_at_the_images_own(tmp_path: Path) -> None:
    assert input_sides(images(tmp_path / "a.zip", [(96, 120)] * 4)) == (24, 32, 48, 64, 96)


def test_the_usual_size_counts_where_images_differ(tmp_path: Path) -> None:
    sizes = [(70, 64), (64, 64), (64, 80), (8, 8), (900, 900)]
    assert input_sides(images(tmp_path / "a.zip", sizes)) == (24, 32, 48, 64)


def test_images_smaller_than_all_sides_keep_their_own() -> None:
    assert input_sides(find_data("digits")) == (8,)


def test_damaged_images_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    images(path, [(40, 40)] * 3)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("a/broken.png", b"no image")
    assert input_sides(find_data(str(path))) == (24, 32)


def test_images_that_cannot_be_read_at_all_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/broken.png", b"no image")
    with pytest.raises(DataError, match=r"no image of .* could be read"):
        input_sides(find_data(str(path)))


@pytest.mark.parametrize(("sides", "first"), [((24, 32, 48, 64), 48), ((24, 32), 32), ((8,), 8)])
def test_a_search_begins_near_the_published_input(sides: tuple[int, ...], first: int) -> None:
    assert first_side(sides) == first


def test_arrays_tell_their_size_too(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=np.zeros((4, 33, 40), np.uint8), labels=[0, 1, 0, 1])
    assert input_sides(find_data(str(tmp_path / "a.npz"))) == (24, 32)
