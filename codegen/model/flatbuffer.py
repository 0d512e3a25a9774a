"""Reads vectors and strings of a flatbuffer, with a limit on their total size. Pure.

A flatbuffer has no checksum, and any number of its tables may share a vector. So a file of some
kilobytes can claim gigabytes. For this reason, each length is counted before the data is read.
"""

from typing import Any

import numpy as np
from flatbuffers.number_types import Int32Flags
from numpy.typing import NDArray

from firmware.errors import ModelError

MOST_ITEMS = 20_000
"""Elements of one vector of indices, dimensions or scales."""
READ_TIMES = 4
"""Times its own size that may be read of a file: few tables of a real one share anything."""
_LENGTH_BYTES = 4


class BoundedFlatBuffer:
    """Reads the vectors of one file. Use one instance for each file.

    Args:
        content: The file.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._left_bytes = READ_TIMES * len(content)

    def numbers(self, table: Any, slot: int, dtype: str, what: str) -> NDArray[Any]:
        """A vector of numbers, such as little-endian `<i4`; empty if the table has none.

        Raises:
            ModelError: It extends beyond the file, or too much was read.
        """
        size_bytes = np.dtype(dtype).itemsize
        first, count = self._vector(table, slot, size_bytes, what)
        if count > MOST_ITEMS:
            raise ModelError(f"damaged flatbuffer: {count} {what}, expected at most {MOST_ITEMS}")
        return np.frombuffer(self._content, dtype, count, first)

    def data(self, table: Any, slot: int, what: str) -> memoryview:
        """A vector of bytes, not copied; empty if the table has none.

        Raises:
            ModelError: As `numbers`.
        """
        first, count = self._vector(table, slot, 1, what)
        return memoryview(self._content)[first : first + count]

    def text(self, table: Any, slot: int, what: str) -> str:
        """A string; empty if the table has none.

        Raises:
            ModelError: As `numbers`.
        """
        return bytes(self.data(table, slot, what)).decode(errors="replace")

    def take(self, size_bytes: int, what: str) -> None:
        """Count bytes that will be read.

        Raises:
            ModelError: The total is more than `READ_TIMES` the size of the file.
        """
        self._left_bytes -= size_bytes
        if self._left_bytes < 0:
            raise ModelError(
                f"damaged flatbuffer: its parts together hold more than {READ_TIMES} times the "
                f"{len(self._content)} bytes of the file, with the {what}"
            )

    def _vector(self, table: Any, slot: int, size_bytes: int, what: str) -> tuple[int, int]:
        """The position of a vector and its number of elements."""
        offset = table._tab.Offset(slot)
        if offset == 0:
            return 0, 0
        first, count = int(table._tab.Vector(offset)), int(table._tab.VectorLen(offset))
        if first < _LENGTH_BYTES or first + count * size_bytes > len(self._content):
            raise ModelError(f"damaged flatbuffer: {count} elements of the {what} at byte {first}")
        self.take(count * size_bytes, what)
        return first, count


def whole_number(table: Any, slot: int, default: int = 0) -> int:
    """A field of 32 bits as it is stored, without the conversion of an accessor."""
    offset = table._tab.Offset(slot)
    return int(table._tab.Get(Int32Flags, offset + table._tab.Pos)) if offset else default
