"""Reads arrays of numbers and text in .npz files of numpy. Never unpickles objects. I/O.

The header of an array is compared with the size of its data before memory is allocated.
"""

import ast
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from firmware.errors import FileError
from firmware.printable import brief
from firmware.regular_file import refusal
from firmware.zip_members import ZipMembers

MOST_GOLDEN_BYTES = 64 << 20
"""Size limits of a golden file, and of its inputs and outputs together; 16 of each are written."""
_MAGIC = b"\x93NUMPY"
_LENGTH_BYTES = {1: 2, 2: 4, 3: 4}
"""Size of the header's length field, by the version of the format. Source: numpy.lib.format."""
_MOST_HEADER_BYTES = 4096
_FIELDS = {
    "descr": re.compile(r"'descr'\s*:\s*('[^']{1,16}'|\[)"),
    "fortran_order": re.compile(r"'fortran_order'\s*:\s*(True|False)\b"),
    "shape": re.compile(r"'shape'\s*:\s*(\([\d,\sL]*\))"),
}
_TYPE = re.compile(r"[<>|=]?(b1|[iu][1248]|f(?:[248]|16)|[US][1-9]\d{0,5})|\?")
_PICKLED = re.compile(r"[<>|=]?O\d*")
_MOST_DIMENSIONS = 8
_MOST_LENGTH = 1 << 40
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ArrayForm:
    """The header of an array.

    Attributes:
        shape: Its dimensions.
        dtype: Integers, floats, booleans or text.
        is_fortran: Whether the first index changes fastest.
        header_bytes: Offset of its values in the member.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_fortran: bool
    header_bytes: int

    @property
    def value_bytes(self) -> int:
        """Total bytes of its values."""
        return math.prod(self.shape) * self.dtype.itemsize


class ArrayFile:
    """An open .npz file.

    Args:
        path: Its path.

    Raises:
        FileError: It is not an .npz, or it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.archive = ZipMembers(path)
        self._members = {_array_name(name): name for name in self.archive.members}

    def __enter__(self) -> "ArrayFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def names(self) -> list[str]:
        """The names of its arrays, in the order of the file."""
        return list(self._members)

    def member(self, name: str) -> str:
        """The name of an array's member in the zip.

        Raises:
            FileError: There is no such array.
        """
        if name not in self._members:
            found = ", ".join(map(repr, self.names[:8])) or "none"
            raise refusal(self.path, f"contains no array {name!r}; its arrays: {found}")
        return self._members[name]

    def form(self, name: str) -> ArrayForm:
        """The header of an array, checked against the size of its data.

        Raises:
            FileError: The array does not exist, is damaged, or has an unsupported type.
        """
        member = self.member(name)
        try:
            with self.archive.open(member) as stream:
                return self._form(member, stream)
        except FileError as error:
            raise self._refusal(name, error) from error

    def read(self, name: str, most_bytes: int) -> NDArray[Any]:
        """Read a whole array into memory.

        Raises:
            FileError: The array does not exist, is damaged, too large, or has an unsupported type.
        """
        member = self.member(name)
        try:
            with self.archive.open(member) as stream:
                return self._values(member, stream, self._form(member, stream), most_bytes)
        except FileError as error:
            raise self._refusal(name, error) from error

    def close(self) -> None:
        """Close the file."""
        self.archive.close()

    def _refusal(self, name: str, error: FileError) -> FileError:
        return refusal(self.path, f"cannot be read at its array {brief(repr(name), 60)}: {error}")

    def _form(self, member: str, stream: IO[bytes]) -> ArrayForm:
        start = self.archive.read(member, stream, len(_MAGIC) + 2)
        if len(start) < len(_MAGIC) + 2 or not start.startswith(_MAGIC):
            raise FileError("it is not a numpy array")
        if start[len(_MAGIC)] not in _LENGTH_BYTES:
            raise FileError(f"its format has version {start[len(_MAGIC)]}, expected 1 to 3")
        length_bytes = _LENGTH_BYTES[start[len(_MAGIC)]]
        size = int.from_bytes(self.archive.read(member, stream, length_bytes), "little")
        if size > _MOST_HEADER_BYTES:
            raise FileError(f"its header has {size:,} bytes, at most {_MOST_HEADER_BYTES:,}")
        header = self.archive.read(member, stream, size)
        form = _parse_header(header.decode("latin-1"), len(start) + length_bytes + size)
        claimed = self.archive.members[member].file_size
        if form.header_bytes + form.value_bytes != claimed:
            raise FileError(
                f"{form.dtype} of shape {form.shape} takes {form.value_bytes:,} bytes, there are "
                f"{claimed - form.header_bytes:,}"
            )
        return form

    def _values(
        self, member: str, stream: IO[bytes], form: ArrayForm, most_bytes: int
    ) -> NDArray[Any]:
        if form.value_bytes > most_bytes:
            raise FileError(f"it has {form.value_bytes:,} bytes, at most {most_bytes:,} are read")
        content = bytearray()
        while len(content) < form.value_bytes:
            chunk = self.archive.read(member, stream, _CHUNK_BYTES)
            if not chunk:
                raise FileError("the zip file is damaged there: it ends too early")
            content += chunk
        flat = np.frombuffer(content, form.dtype) if content else np.empty(0, form.dtype)
        if form.dtype.kind == "U":
            _check_text(flat)
        return flat.reshape(form.shape, order="F" if form.is_fortran else "C")


def read_arrays(path: Path, names: Iterable[str], most_bytes: int) -> Mapping[str, NDArray[Any]]:
    """Read whole arrays of an .npz into memory.

    Args:
        path: Where it lies.
        names: The arrays.
        most_bytes: Limit of their total size.

    Raises:
        FileError: The file is not an .npz, lacks one of them, or is damaged; or they are too large.
    """
    arrays = {}
    with ArrayFile(path) as file:
        for name in names:
            arrays[name] = file.read(name, most_bytes)
            most_bytes -= arrays[name].nbytes
    return arrays


def _array_name(member: str) -> str:
    return member.removesuffix(".npy")


def _parse_header(text: str, header_bytes: int) -> ArrayForm:
    found = {}
    for field, pattern in _FIELDS.items():
        matches = pattern.findall(text)
        if len(matches) != 1:
            raise FileError(f"its header gives no {field}: {brief(text.strip(), 80)}")
        found[field] = matches[0]
    kind = found["descr"].strip("'")
    if _PICKLED.fullmatch(kind):
        raise FileError(
            "it holds Python objects, which are not read, since they may run programs; save it as "
            "numbers: numpy.stack(images) instead of a list of images of several sizes"
        )
    if not _TYPE.fullmatch(kind):
        raise FileError(f"its values are of type {brief(kind, 20)!r}, expected numbers or text")
    try:
        shape = ast.literal_eval(found["shape"].replace("L", ""))
    except (SyntaxError, ValueError):  # such as `(1 2)` or `(,)`, or an unusual space character
        shape = None
    if not isinstance(shape, tuple):
        raise FileError(f"its shape is {brief(found['shape'], 60)}")
    if len(shape) > _MOST_DIMENSIONS or any(length > _MOST_LENGTH for length in shape):
        raise FileError(f"its shape {brief(str(shape), 60)} is too large")
    return ArrayForm(shape, np.dtype(kind), found["fortran_order"] == "True", header_bytes)


def _check_text(flat: NDArray[Any]) -> None:
    """Check text for invalid characters: numpy accepts any number, Python none above 0x10ffff."""
    points = flat.view(flat.dtype.byteorder.replace("|", "=") + "u4")
    if points.size and int(points.max()) > 0x10FFFF:
        raise FileError("its text contains an invalid character")
