"""Files written whole or not at all, and their hashes. I/O."""

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
    """Where what can be made again is kept: `$XDG_CACHE_HOME/mcu-nas`, else in `~/.cache`."""
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
    """A temporary path beside `path` that takes its place when the block ends well.

    After an exception `path` is as it was before. The parent folder is created. Where `path` is a
    link, what it points to is replaced. The file gets the permissions of a new one (umask). What
    a killed process left beside it is removed.

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
    """A temporary folder beside `path` that becomes it when the block ends well.

    After an exception there is no `path`. If another process was faster, its folder stays and
    this one is dropped: for folders whose name says what is in them. What a killed process left
    beside it is removed.

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
    """Create a file with so many bytes of disk behind it: writing there cannot fill the disk.

    A file that is only made long has holes, and a process that writes into a hole of a mapped
    file on a full disk is killed by SIGBUS.

    Raises:
        OSError: With the path in `filename`: the disk has no room, or cannot reserve it.
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
    """Errors of the system tell the path: those of a write know only a number."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise


@contextlib.contextmanager
def _temporary_beside(path: Path, is_folder: bool) -> Iterator[Path]:
    """A new file or folder beside `path`; if it is still there after the block, it is removed."""
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

    Its name begins with a dot and the name of `path`, cut so that the whole is a possible name.
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
        os.close(handle)  # it was taken for a leftover before it was locked


def _remove_leftovers(path: Path) -> None:
    """Remove temporary files and folders of this path whose process is gone.

    Whoever writes one holds its lock, and a lock ends with its process.
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
    """Write a file whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record as indented JSON, whole or not at all; the order of keys is kept."""
    write_bytes(path, json_bytes(record))


def json_bytes(record: Mapping[str, Any]) -> bytes:
    """A record as indented JSON; the order of keys is kept."""
    return (json.dumps(record, indent=2, allow_nan=False) + "\n").encode()
