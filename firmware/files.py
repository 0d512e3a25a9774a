"""Writes files completely or not at all, and hashes files. I/O."""

import contextlib
import errno
import fcntl
import glob
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def cache_folder() -> Path:
    """The cache folder: `$XDG_CACHE_HOME/mcu-nas`, or `~/.cache/mcu-nas`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "mcu-nas"


def sha256_of_bytes(content: bytes) -> str:
    """The SHA-256 of bytes, as 64 lower-case hex digits."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """The SHA-256 of a file, as 64 lower-case hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that replaces `path` when the block ends without an error.

    After an exception, `path` is unchanged. The parent folder is created. If `path` is a link, its
    target is replaced. The file gets the permissions of a new file (umask). Temporary files of
    killed processes are removed.

    Raises:
        OSError: With the path in `filename`, such as for a full disk.
    """
    path = Path(os.path.realpath(path))
    with _temporary_beside(path, is_folder=False) as temporary:
        yield temporary
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A temporary folder beside `path`, renamed to `path` when the block ends without an error.

    After an exception, `path` does not exist. If another process was faster, its folder is kept
    and this one is removed: use it for folders whose name determines their content. Temporary
    folders of killed processes are removed.

    Raises:
        OSError: With the path in `filename`, such as for a full disk.
    """
    with _temporary_beside(path, is_folder=True) as temporary:
        yield temporary
        try:
            temporary.rename(path)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise


def reserve(path: Path, size_bytes: int) -> None:
    """Create a file with reserved disk space, so that writing to it cannot fail for lack of space.

    A file that is only extended has holes. If a process writes into a hole of a mapped file on a
    full disk, it is killed by SIGBUS.

    Raises:
        OSError: With the path in `filename`: the disk is full, or cannot reserve space.
    """
    with _telling(path), path.open("wb") as stream:
        try:
            if size_bytes:
                os.posix_fallocate(stream.fileno(), 0, size_bytes)
        except OSError:
            path.unlink()
            raise


@contextlib.contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Add the path to errors of the operating system; errors of a write have only a number."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise


@contextlib.contextmanager
def _temporary_beside(path: Path, is_folder: bool) -> Iterator[Path]:
    """A new file or folder beside `path`. If it still exists after the block, it is removed."""
    with _telling(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        temporary, handle = _locked_temporary(path, is_folder)
        try:
            yield temporary
        finally:
            if is_folder:
                shutil.rmtree(temporary, ignore_errors=True)
            else:
                temporary.unlink(missing_ok=True)
            os.close(handle)


def _locked_temporary(path: Path, is_folder: bool) -> tuple[Path, int]:
    """A new file or folder beside `path`, and the open handle that holds its lock.

    Its name begins with a dot and the name of `path`, shortened to a valid length.
    """
    while True:
        middle = f"{path.stem[:60]}.{os.getpid()}-{secrets.token_hex(4)}"
        temporary = path.with_name(f".{middle}.partial{path.suffix[:20]}")
        if is_folder:
            temporary.mkdir()
            handle = os.open(temporary, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        else:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            handle = os.open(temporary, flags, 0o666)
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if temporary.exists():
            return temporary, handle
        os.close(handle)  # another process removed it before it was locked


def _remove_leftovers(path: Path) -> None:
    """Remove temporary files and folders of this path whose process has ended.

    The writing process holds a lock on it. The lock ends with the process.
    """
    pattern = f".{glob.escape(path.stem[:60])}.*-????????.partial*"
    for found in path.parent.glob(pattern):
        with contextlib.suppress(OSError):
            handle = os.open(found, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if found.is_dir():
                    shutil.rmtree(found, ignore_errors=True)
                else:
                    found.unlink()
            finally:
                os.close(handle)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file completely or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file completely or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record as indented JSON, completely or not at all; the order of keys is kept."""
    write_bytes(path, json_bytes(record))


def json_bytes(record: Mapping[str, Any]) -> bytes:
    """A record as indented JSON; the order of keys is kept."""
    return (json.dumps(record, indent=2, allow_nan=False) + "\n").encode()
