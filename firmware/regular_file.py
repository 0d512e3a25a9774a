"""Opens only regular files. Never waits for a FIFO, and never reads an endless file. I/O."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from firmware.errors import FileError
from firmware.printable import brief

_KINDS = (
    (stat.S_ISDIR, "is a folder"),
    (stat.S_ISFIFO, "is a FIFO"),
    (stat.S_ISCHR, "is a device"),
    (stat.S_ISBLK, "is a device"),
    (stat.S_ISSOCK, "is a socket"),
)


def refusal(path: Path, problem: str) -> FileError:
    """The one-line error for a file that cannot be used."""
    return FileError(f"{brief(repr(str(path)), 200)} {brief(problem, 240)}")


def open_at_once(path: Path) -> BinaryIO:
    """Open a path for reading, without waiting for the writer of a FIFO.

    Raises:
        OSError: The path does not exist, or may not be read.
        ValueError: The name is not a valid file name.
    """
    return open(path, "rb", opener=_without_waiting)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading. Links are followed.

    Raises:
        FileError: It does not exist, may not be read, or is a folder, a FIFO, a device or a
            socket.
    """
    try:
        _check_kind(path, path.stat())  # before it is opened, because opening may change a device
        stream = open_at_once(path)
    except OSError as error:
        raise refusal(path, f"could not be read: {error.strerror}") from error
    except ValueError as error:  # a zero byte in the name
        raise refusal(path, f"could not be read: {error}") from error
    try:
        _check_kind(path, os.fstat(stream.fileno()))
    except FileError:
        stream.close()
        raise
    return stream


def size_of(stream: BinaryIO) -> int:
    """Bytes of an open file."""
    return os.fstat(stream.fileno()).st_size


def read_regular(path: Path, most_bytes: int) -> bytes:
    """The content of a regular file of limited size.

    Raises:
        FileError: It does not exist, cannot be read, or is too large.
    """
    with open_regular(path) as stream:
        size_bytes = size_of(stream)
        if size_bytes > most_bytes:
            raise refusal(path, f"has {size_bytes:,} bytes, at most {most_bytes:,} are read")
        try:
            content = stream.read(most_bytes + 1)
        except OSError as error:
            raise refusal(path, f"could not be read: {error.strerror}") from error
    if len(content) > most_bytes:
        raise refusal(path, f"grew beyond the {most_bytes:,} bytes that are read")
    return content


def _check_kind(path: Path, status: os.stat_result) -> None:
    for is_kind, what in _KINDS:
        if is_kind(status.st_mode):
            raise refusal(path, f"{what}, expected a file")


def _without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NONBLOCK | os.O_CLOEXEC)
