"""A .npy file that is written row by row; its disk space is reserved first. I/O."""

import contextlib
import io
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware.files import reserve


def holds_rows(path: Path, shape: tuple[int, ...], kind: type[np.generic] = np.uint8) -> bool:
    """Whether a .npy is there and whole, with an array of this shape and type."""
    with contextlib.suppress(OSError, ValueError, EOFError):
        found = np.load(path, mmap_mode="r")
        return bool(found.shape == shape and found.dtype == kind)
    return False


class RowFile:
    """An array in a file, written row by row without a memory map.

    Writing to a memory map ends the process with a signal when the disk is full. So the disk space
    is reserved first, and the rows are written with `write`.

    Args:
        path: The .npy to write.
        shape: Shape of a row.
        most_rows: Number of rows for which disk space is reserved.
        kind: Type of a value.

    Raises:
        OSError: The disk is full.
    """

    def __init__(
        self,
        path: Path,
        shape: tuple[int, ...],
        most_rows: int,
        kind: type[np.generic] = np.uint8,
    ) -> None:
        self._shape, self._kind = shape, np.dtype(kind)
        self._rows = 0
        header = self._header(most_rows)
        self._first = len(header)
        reserve(path, self._first + most_rows * prod(shape) * self._kind.itemsize)
        self._stream = path.open("r+b")
        self._stream.write(header)

    def __enter__(self) -> "RowFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            with contextlib.suppress(OSError):  # the first error is reported
                self._stream.close()
            return
        with self._stream:
            self._stream.truncate()
            self._stream.seek(0)
            header = self._header(self._rows)
            assert len(header) == self._first, "NumPy pads the header for longer shapes"
            self._stream.write(header)

    def append(self, row: NDArray[Any]) -> None:
        """Write the next row."""
        assert row.shape == self._shape
        assert row.dtype == self._kind
        self._stream.write(row.tobytes())
        self._rows += 1

    def _header(self, rows: int) -> bytes:
        form = {"descr": self._kind.str, "fortran_order": False, "shape": (rows, *self._shape)}
        content = io.BytesIO()
        np.lib.format.write_array_header_1_0(content, form)
        return content.getvalue()
