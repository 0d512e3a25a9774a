"""Reads zip files safely: the size of unpacked data is limited. I/O.

The directory of a zip file may claim any size. So its size is checked before it is read. A member
is rejected before it is unpacked if it claims more bytes than its packed data can give. Unpacking
stops at the claimed size, and the checksum must match. Only stored and deflated members are
supported, because with other methods the file determines the memory for unpacking.
"""

import os
import stat
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from firmware.errors import FileError
from firmware.printable import brief
from firmware.regular_file import open_regular, refusal, size_of

LOCAL, END = b"PK\x03\x04", b"PK\x05\x06"
"""Beginnings of a zip file and of its last record. Source: APPNOTE 4.3.7 and 4.3.16."""
_EMPTY_ZIP = END
_ENTRY = b"PK\x01\x02"
_LOCAL_BYTES = 30
"""Size of a member's own header, up to its name. Source: APPNOTE 4.3.7."""
_END_BYTES, _MOST_COMMENT_BYTES = 22, (1 << 16) - 1
_END_RECORD = struct.Struct("<4s4H2LH")
_LOCATOR_64, _END_64 = struct.Struct("<4sLQL"), struct.Struct("<4sQ2H2L4Q")
"""Of zip64: APPNOTE 4.3.15 and 4.3.14."""
_LOCATOR_64_SIGNATURE = b"PK\x06\x07"

MOST_MEMBERS = 130_000
"""Each takes some 700 bytes of memory, so all of them 90 MB; COCO has 123,287 images."""
_MOST_DIRECTORY_BYTES = 24 << 20
_MOST_RATIO = 1032
"""Bytes that one packed byte can give. Source: zlib's technical details, maximum compression."""
_RATIO_SLACK = 64
_ENCRYPTED = 1
"""Bit of the flags. Source: APPNOTE 4.4.4."""
_UNIX = 3
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    LookupError,
    ArithmeticError,
    NotImplementedError,
    RuntimeError,
)


class ZipMembers:
    """An open zip file.

    Attributes:
        path: Its path.
        stream: The file itself.
        members: Its files by their names, in the order of the directory.
        folders: Names of the folders that it lists.

    Raises:
        FileError: It is not a zip file, is cut short, or has an inconsistent directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stream = open_regular(path)
        try:
            _check_directory(path, self.stream)
            self._archive = zipfile.ZipFile(self.stream)
            entries = self._archive.infolist()
            self.folders = [entry.filename for entry in entries if entry.is_dir()]
            files = [entry for entry in entries if not entry.is_dir()]
            self.members = {entry.filename: entry for entry in files}
            self._check_members(files)
        except _DAMAGE as error:
            self.stream.close()
            raise refusal(path, f"is a damaged zip file: {error}") from error
        except FileError:
            self.stream.close()
            raise
        except OSError as error:
            self.stream.close()
            raise refusal(path, f"could not be read: {error.strerror}") from error

    def _check_members(self, files: list[zipfile.ZipInfo]) -> None:
        plain = {str(PurePosixPath(name.replace("\\", "/"))) for name in self.members}
        if len(plain) < len(files):
            seen: set[str] = set()
            for entry in files:
                name = str(PurePosixPath(entry.filename.replace("\\", "/")))
                if name in seen:
                    raise refusal(self.path, f"holds two files of one name, {_named(name)}")
                seen.add(name)
        if sum(entry.compress_size for entry in files) > size_of(self.stream):
            raise refusal(self.path, "is a damaged zip file: its members overlap each other")
        for entry in files:
            if entry.file_size > _MOST_RATIO * entry.compress_size + _RATIO_SLACK:
                raise refusal(
                    self.path,
                    f"is a damaged zip file: {_named(entry.filename)} claims {entry.file_size:,} "
                    f"bytes from {entry.compress_size:,}",
                )

    def open(self, name: str) -> IO[bytes]:
        """Open a member for reading. It gives at most the size given in the directory.

        Raises:
            FileError: It is a link, encrypted, packed by an unsupported method, or damaged.
        """
        entry = self.members[name]
        if entry.create_system == _UNIX and stat.S_ISLNK(entry.external_attr >> 16):
            raise FileError("it is a link, which a zip file may not hold")
        if entry.flag_bits & _ENCRYPTED:
            raise FileError("it is encrypted; pack it without a password")
        if entry.compress_type not in _METHODS:
            raise FileError(
                f"it is packed by method {entry.compress_type}; pack it stored or deflated"
            )
        try:
            return self._archive.open(entry)
        except (*_DAMAGE, OSError) as error:  # an offset before the beginning of the file
            raise _damage(error) from error

    def read(self, name: str, stream: IO[bytes], most_bytes: int) -> bytes:
        """The next bytes of an open member; fewer only at its end.

        Raises:
            FileError: It is damaged.
        """
        try:
            return stream.read(min(most_bytes, self.members[name].file_size))
        except (*_DAMAGE, OSError) as error:
            raise _damage(error) from error

    def first_byte(self, name: str) -> int:
        """The position of a stored member's data in the file.

        Raises:
            FileError: The file is damaged there.
        """
        entry = self.members[name]
        head = os.pread(self.stream.fileno(), _LOCAL_BYTES, entry.header_offset)
        if len(head) < _LOCAL_BYTES:
            raise FileError("the zip file is damaged there: it ends too early")
        name_bytes, extra_bytes = struct.unpack_from("<2H", head, _LOCAL_BYTES - 4)
        return int(entry.header_offset + _LOCAL_BYTES + name_bytes + extra_bytes)

    def is_stored(self, name: str) -> bool:
        """Whether a member is stored without compression."""
        return self.members[name].compress_type == zipfile.ZIP_STORED

    def close(self) -> None:
        """Close the file."""
        self._archive.close()
        self.stream.close()

    def __del__(self) -> None:
        if hasattr(self, "stream"):
            self.stream.close()


def _damage(error: BaseException) -> FileError:
    return FileError(f"the zip file is damaged there: {brief(str(error), 120)}")


def _named(name: str) -> str:
    return brief(repr(name), 80)


def _check_directory(path: Path, stream: BinaryIO) -> None:
    """Raise an error if the directory is missing or would need too much memory."""
    size_bytes = size_of(stream)
    begins_as_zip = stream.read(4) in (LOCAL, _EMPTY_ZIP)
    tail_bytes = min(size_bytes, _END_BYTES + _MOST_COMMENT_BYTES)
    stream.seek(size_bytes - tail_bytes)
    tail = stream.read(tail_bytes)
    end = _find_end(tail)
    if end is None:
        if begins_as_zip:
            raise refusal(
                path, "is a zip file that was cut short: its end is missing; copy it again"
            )
        raise refusal(path, "is not a zip file")
    *_, entries, directory_bytes, _, _ = _END_RECORD.unpack_from(tail, end)
    end += size_bytes - tail_bytes
    long = _long_directory(stream, end)
    if long is not None:
        entries, directory_bytes = long
    if directory_bytes > end:
        raise refusal(path, "is a damaged zip file: its directory is longer than the file")
    if directory_bytes <= _MOST_DIRECTORY_BYTES:
        first = end - directory_bytes - (_LOCATOR_64.size + _END_64.size if long else 0)
        stream.seek(max(0, first))
        entries = max(entries, stream.read(end - max(0, first)).count(_ENTRY))
    if directory_bytes > _MOST_DIRECTORY_BYTES or entries > MOST_MEMBERS:
        raise refusal(
            path,
            f"holds {entries:,} files in a directory of {directory_bytes:,} bytes, at most "
            f"{MOST_MEMBERS:,} in {_MOST_DIRECTORY_BYTES:,} are read",
        )


def _find_end(tail: bytes) -> int | None:
    """The position of the last record, found in the same way as zipfile."""
    first = len(tail) - _END_BYTES
    if first >= 0 and tail[first:].startswith(END) and tail.endswith(b"\0\0"):
        return first
    found = tail.rfind(END, 0, max(0, first + len(END)))
    return found if found >= 0 else None


def _long_directory(stream: BinaryIO, end: int) -> tuple[int, int] | None:
    """Entries and bytes of the directory from the zip64 record; None without such a record."""
    if end < _LOCATOR_64.size + _END_64.size:
        return None
    stream.seek(end - _LOCATOR_64.size - _END_64.size)
    found = stream.read(_LOCATOR_64.size + _END_64.size)
    if not found[_END_64.size :].startswith(_LOCATOR_64_SIGNATURE):
        return None
    *_, entries, directory_bytes, _ = _END_64.unpack_from(found)
    return entries, directory_bytes
