"""Reads the images of an array in an .npz one by one from disk, in constant memory. I/O."""

import os
import tempfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from firmware.array_file import ArrayFile
from firmware.errors import DataError, FileError

_SMALL_BYTES = 8 << 20
"""Arrays up to this size are kept in memory."""
_MOST_COLUMN_MAJOR_BYTES = 64 << 20
_ANY_RATIO_BYTES = 64 << 20
_MOST_RATIO = 100
"""Largest compression ratio of larger arrays: photographs have 1 to 3, drawings 20."""
_CHUNK_BYTES = 1 << 20


class ArrayRows:
    """The entries along an array's first dimension.

    Args:
        file: The file with the array; it stays open while this object lives.
        name: Name of the array.
        scratch: Folder for the unpacked array, which is deleted when the process ends.

    Raises:
        FileError: The array is damaged, or claims more than such a file holds.
        OSError: The disk is full.
    """

    def __init__(self, file: ArrayFile, name: str, scratch: Path) -> None:
        self._file = file
        self.form = form = file.form(name)
        self._stream: IO[bytes] | None = None
        self._array: NDArray[Any] | None = None
        member = file.member(name)
        packed_bytes = file.archive.members[member].compress_size
        if form.value_bytes > max(_ANY_RATIO_BYTES, _MOST_RATIO * packed_bytes):
            raise DataError(
                f"{str(file.path)!r}: array {name!r} unpacks {packed_bytes:,} bytes to "
                f"{form.value_bytes:,}, which no images do"
            )
        if form.value_bytes <= _SMALL_BYTES:
            self._array = file.read(name, _SMALL_BYTES)
        elif form.is_fortran:
            if form.value_bytes > _MOST_COLUMN_MAJOR_BYTES:
                raise DataError(
                    f"{str(file.path)!r}: array {name!r} of {form.value_bytes:,} bytes is stored "
                    "column by column; save numpy.ascontiguousarray of it"
                )
            self._array = file.read(name, _MOST_COLUMN_MAJOR_BYTES)
        else:
            self._open(name, member, scratch)

    def _open(self, name: str, member: str, scratch: Path) -> None:
        """Read the whole array to check it, and unpack it to disk if it is compressed."""
        archive = self._file.archive
        if not archive.is_stored(member):
            scratch.mkdir(parents=True, exist_ok=True)
            self._stream = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 (lives as long)
            self._first = 0
        else:
            self._first = archive.first_byte(member) + self.form.header_bytes
        try:
            if self._stream is not None:
                os.posix_fallocate(self._stream.fileno(), 0, self.form.value_bytes)
            self._copy(name, member)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(scratch)) from error

    def _copy(self, name: str, member: str) -> None:
        archive = self._file.archive
        try:
            with archive.open(member) as stream:
                archive.read(member, stream, self.form.header_bytes)
                while chunk := archive.read(member, stream, _CHUNK_BYTES):
                    if self._stream is not None:
                        self._stream.write(chunk)
        except FileError as error:
            raise DataError(f"{str(self._file.path)!r}: array {name!r}: {error}") from error
        if self._stream is not None:
            self._stream.flush()

    def __len__(self) -> int:
        return self.form.shape[0]

    def row(self, index: int) -> NDArray[Any]:
        """One entry.

        Raises:
            FileError: The file is missing or truncated.
        """
        if self._array is not None:
            entry: NDArray[Any] = self._array[index]
            return entry
        shape = self.form.shape[1:]
        size_bytes = self.form.value_bytes // len(self)
        stream = self._file.archive.stream if self._stream is None else self._stream
        content = os.pread(stream.fileno(), size_bytes, self._first + index * size_bytes)
        if len(content) < size_bytes:
            raise FileError("the file was truncated while it was read")
        return np.frombuffer(content, self.form.dtype).reshape(shape)

    def __del__(self) -> None:
        if getattr(self, "_stream", None) is not None:
            self._stream.close()  # type: ignore[union-attr]
