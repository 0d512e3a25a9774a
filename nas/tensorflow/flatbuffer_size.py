"""Calculates the size of a flatbuffer without writing it. Pure.

Source: FlatBuffers' internals document ("FlatBuffer Internals", sections Tables, Vectors, Strings):
a buffer grows from its end, every scalar is aligned to its size counted from the end, a table
starts with the 4-byte distance to its vtable, and equal vtables are written once.
"""

from dataclasses import dataclass, field

OFFSET_BYTES = 4
"""An offset to a table, vector or string; also the length field of vectors and strings."""
_VTABLE_ENTRY_BYTES = 2
_VTABLE_HEADER_BYTES = 4
_FILE_IDENTIFIER_BYTES = 4


@dataclass(slots=True)
class FlatBufferSize:
    """Counts the bytes of a buffer part by part, in the order of writing: children before parents.

    Attributes:
        size_bytes: Bytes from the end of the file to the part counted last.
    """

    size_bytes: int = 0
    _alignment_bytes: int = 1
    _vtables: set[tuple[int, ...]] = field(default_factory=set)

    def vector(self, element_bytes: int, count: int) -> None:
        """Count a vector of scalars or, with elements of `OFFSET_BYTES`, of references."""
        content = element_bytes * count
        self._align(OFFSET_BYTES, content)
        self._align(element_bytes, content)
        self.size_bytes += content
        self._scalar(OFFSET_BYTES)

    def string(self, length: int) -> None:
        """Count a string of `length` bytes and its closing zero."""
        self._align(OFFSET_BYTES, length + 1)
        self.size_bytes += length + 1
        self._scalar(OFFSET_BYTES)

    def table(self, *fields: tuple[int, int]) -> None:
        """Count a table of (slot, bytes) fields, in the order in which they are written.

        Fields that hold their default are not written and must be left out.
        """
        end_bytes = self.size_bytes
        written_at: dict[int, int] = {}
        for slot, field_bytes in fields:
            self._scalar(field_bytes)
            written_at[slot] = self.size_bytes
        self._scalar(OFFSET_BYTES)
        start_bytes = self.size_bytes
        slots = range(max(written_at, default=-1) + 1)
        entries = [start_bytes - written_at[slot] if slot in written_at else 0 for slot in slots]
        vtable = (start_bytes - end_bytes, *entries)
        if vtable not in self._vtables:
            self._vtables.add(vtable)
            self.size_bytes += _VTABLE_HEADER_BYTES + _VTABLE_ENTRY_BYTES * len(entries)

    def finish(self) -> int:
        """Count the header of the file; returns the size of the file in bytes."""
        self._align(self._alignment_bytes, OFFSET_BYTES + _FILE_IDENTIFIER_BYTES)
        self.size_bytes += OFFSET_BYTES + _FILE_IDENTIFIER_BYTES
        return self.size_bytes

    def _scalar(self, scalar_bytes: int) -> None:
        self._align(scalar_bytes, 0)
        self.size_bytes += scalar_bytes

    def _align(self, scalar_bytes: int, following_bytes: int) -> None:
        """Pad so that the position after `following_bytes` more bytes is aligned."""
        self._alignment_bytes = max(self._alignment_bytes, scalar_bytes)
        self.size_bytes += -(self.size_bytes + following_bytes) % scalar_bytes
