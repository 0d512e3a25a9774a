"""Images in arrays: an .npz file, and the built-in digits. Reads files."""

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware.errors import DataError
from firmware.files import sha256_of_file
from nas.file_names import as_unicode
from nas.sample import DataSource, Sample
from nas.splits import Split

DIGITS = "digits"
"""Name of the built-in data: 1,797 handwritten digits of 8×8 pixels, shipped by scikit-learn."""
_MOST_DIGITS = 1797


def read_digits() -> DataSource:
    """The built-in digits, read from scikit-learn's file: the package itself takes 57 MB to load.

    Raises:
        DataError: scikit-learn is not installed, or keeps the file elsewhere.
    """
    pixels, labels = _digit_arrays(_digits_file())
    digest = hashlib.sha256(pixels.tobytes() + labels.astype("<i8").tobytes())
    samples = list(_array_samples(DIGITS, pixels, labels, None))
    return DataSource(DIGITS, digest.hexdigest(), (8, 8, 1), samples)


def _digits_file() -> Path:
    package = find_spec("sklearn")  # finds a package of this level without running it
    for folder in (package and package.submodule_search_locations) or ():
        path = Path(folder) / "datasets" / "data" / "digits.csv.gz"
        if path.is_file():
            return path
    raise DataError(
        "the built-in digits come with scikit-learn, which is not installed or has no "
        "datasets/data/digits.csv.gz: pip install scikit-learn"
    )


def _digit_arrays(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (n, 8, 8) of 0 to 255, and labels: rows of 64 pixels of 0 to 16 and the label."""
    try:
        with gzip.open(path, "rt", encoding="ascii") as stream:
            rows = np.loadtxt(stream, delimiter=",", dtype=np.float64, max_rows=_MOST_DIGITS)
        pixels = np.rint(rows[:, :-1].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    except (OSError, EOFError, ValueError, IndexError, zlib.error) as error:
        raise DataError(f"could not read the built-in digits in {str(path)!r}: {error}") from error
    return pixels, rows[:, -1].astype(np.int64)


def read_arrays(path: Path) -> DataSource:
    """Arrays `images` and `labels`, or `train_images`, `train_labels` and the same for others.

    Raises:
        DataError: The file is damaged, or its arrays are none of images and labels.
    """
    samples: list[Sample] = []
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            for prefix in ("", *(f"{part}_" for part in Split)):
                if f"{prefix}images" in arrays:
                    images, labels = arrays[f"{prefix}images"], arrays[f"{prefix}labels"]
                    _check_arrays(path, prefix, images, labels)
                    split = Split(prefix[:-1]) if prefix else None
                    samples += _array_samples(path.name, images, labels, split)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"could not read {str(path)!r}: {error}") from error
    if not samples:
        raise DataError(f"{str(path)!r} holds no arrays 'images' and 'labels'")
    first = np.asarray(samples[0].read())
    shape = (first.shape[0], first.shape[1], first.shape[2] if first.ndim == 3 else 1)
    return DataSource(as_unicode(str(path)), sha256_of_file(path), shape, samples)


def _check_arrays(path: Path, prefix: str, images: NDArray[Any], labels: NDArray[Any]) -> None:
    is_image = images.ndim == 3 or (images.ndim == 4 and images.shape[3] in (1, 3))
    if images.dtype != np.uint8 or not is_image:
        raise DataError(
            f"{prefix}images in {str(path)!r} is {images.dtype} of shape {images.shape}; expected "
            "uint8 of (n, h, w), (n, h, w, 1) or (n, h, w, 3)"
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iuU":
        raise DataError(
            f"{prefix}labels in {str(path)!r} is {labels.dtype} of shape {labels.shape}; expected "
            f"{len(images)} whole numbers or names"
        )


def _array_samples(
    name: str, images: NDArray[np.uint8], labels: NDArray[Any], split: Split | None
) -> Iterator[Sample]:
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    digits = len(str(labels.max())) if labels.dtype.kind in "iu" and len(labels) else 0

    def opener(index: int) -> Callable[[], NDArray[Any]]:
        return lambda: images[index]

    for index, label in enumerate(labels):
        text = f"{label:0{digits}d}" if digits else as_unicode(str(label))
        yield Sample(f"{name}[{index}]", text, split, opener(index))
