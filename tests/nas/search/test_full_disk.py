"""A disk that is full, or fills up while images are decoded."""

import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from firmware.errors import DataError
from nas.data.dataset import open_dataset, prepare_dataset
from nas.data.row_file import RowFile
from tests.nas.conftest import stripes_source


@pytest.fixture
def _no_large_files() -> Iterator[None]:
    """The system refuses files of more than 4,000 bytes, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("_no_large_files")
@pytest.mark.parametrize("is_reserved", [True, False])
def test_a_full_disk_is_told_and_leaves_nothing_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_reserved: bool
) -> None:
    if not is_reserved:  # another program takes the place afterwards
        monkeypatch.setattr(os, "posix_fallocate", lambda *_: None)
    source, shape = stripes_source((8, 8, 1)), (8, 8, 1)
    cache = tmp_path / "cache"
    with pytest.raises(DataError, match="decoded images, 7,680 bytes, .* set XDG_CACHE_HOME"):
        prepare_dataset(source, shape, False, cache, lambda *_: None)
    assert list(cache.iterdir()) == []


def test_no_image_is_decoded_where_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    told: list[int] = []
    with pytest.raises(DataError, match="No space left on device"):
        prepare_dataset(
            stripes_source((8, 8, 1)), (8, 8, 1), False, tmp_path, lambda *_: told.append(1)
        )
    assert told == []


def test_rows_that_were_reserved_and_not_written_are_given_back(tmp_path: Path) -> None:
    rows = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    with RowFile(tmp_path / "a.npy", (2, 2), 1000) as file:
        for row in rows:
            file.append(row)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy", mmap_mode="r"), rows)
    assert (tmp_path / "a.npy").stat().st_size == 128 + 12


@pytest.mark.parametrize("name", ["dataset.json", "train_images.npy", "test_labels.npy"])
@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\x93NUMPY\x01\0\xff\xff{"])
def test_a_damaged_cache_is_decoded_again(tmp_path: Path, name: str, content: bytes) -> None:
    source, shape = stripes_source((8, 8, 1)), (8, 8, 1)
    dataset = prepare_dataset(source, shape, False, tmp_path, lambda *_: None)
    (dataset.folder / name).write_bytes(content)
    with pytest.raises(DataError, match="no decoded images"):
        open_dataset(dataset.folder)
    assert prepare_dataset(source, shape, False, tmp_path, lambda *_: None) == dataset
