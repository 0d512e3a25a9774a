"""The built-in dataset of digits. Reads a file of scikit-learn."""

import gzip
import hashlib
import zlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firmware.errors import DataError
from nas.data.array_samples import ArraySamples
from nas.data.sample import DataSource

DIGITS = "digits"
"""Name of the built-in dataset: 1,797 handwritten digits of 8×8 pixels, shipped by scikit-learn."""
_MOST_DIGITS = 1797


def read_digits() -> DataSource:
    """The built-in digits, read from scikit-learn's file. Importing the package would take 57 MB.

    Raises:
        DataError: scikit-learn is not installed, or does not have the file.
    """
    pixels, labels = _digit_arrays(_digits_file())
    digest = hashlib.sha256(pixels.tobytes() + labels.astype("<i8").tobytes())
    samples = ArraySamples(DIGITS, pixels.__getitem__, labels, 1, None)
    return DataSource(DIGITS, digest.hexdigest(), (8, 8, 1), samples)


def _digits_file() -> Path:
    package = find_spec("sklearn")  # finds the package without importing it
    for folder in (package and package.submodule_search_locations) or ():
        path = Path(folder) / "datasets" / "data" / "digits.csv.gz"
        if path.is_file():
            return path
    raise DataError(
        "the built-in digits come with scikit-learn, which is not installed or has no "
        "datasets/data/digits.csv.gz: pip install scikit-learn"
    )


def _digit_arrays(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (n, 8, 8) of 0 to 255, and labels.

    The rows of the file have 64 pixels of 0 to 16, and a label.
    """
    try:
        with gzip.open(path, "rt", encoding="ascii") as stream:
            rows = np.loadtxt(stream, delimiter=",", dtype=np.float64, max_rows=_MOST_DIGITS)
        pixels = np.rint(rows[:, :-1].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    except (OSError, EOFError, ValueError, IndexError, zlib.error) as error:
        raise DataError(f"could not read the built-in digits in {str(path)!r}: {error}") from error
    return pixels, rows[:, -1].astype(np.int64)
