"""A lock, so that only one process uses a board. The kernel releases it when its holder ends.

The lock is an open file description lock, fcntl(2): it can be queried without being taken.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import stat
import struct
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from firmware.errors import BoardError, BusyError
from firmware.printable import printable
from hil.deadline import Clock, Deadline

SHARED_FOLDERS = ("/run/lock", "/var/lock", "/tmp")  # noqa: S108 (opened without following links)
"""Candidates. The first that all users may write is used, whatever the environment says."""
_POLL_S = 0.1
_MODE = 0o666
_OPEN_ATTEMPTS = 10
_FLOCK = "hhqqi"
"""`struct flock`: type, whence, start, length, process. Source: fcntl(2)."""
_HOLDER_BYTES = 1000


class BoardLock:
    """A context manager that holds a board.

    Args:
        board: Identifies the board on this machine: the path of its port, or a URL.
        wait_s: Longest wait for another holder.
        folder: Folder of the lock files; the same for all users of the board.
        clock: For tests.
    """

    def __init__(
        self,
        board: str,
        wait_s: float = 0.0,
        folder: Path | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._path = lock_path(board, folder)
        self._board = board
        self._wait_s = wait_s
        self._clock = clock
        self._file = -1

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            BusyError: Another process held it until the deadline.
            BoardError: The lock file cannot be used.
        """
        deadline = Deadline.after(self._wait_s, self._clock)
        while not self._try():
            if deadline.has_passed:
                text = f"board {self._board!r} is used by {_holder_in(self._path)}"
                raise BusyError(f"{text}; waited {self._wait_s:g} s (--wait-s waits longer)")
            time.sleep(min(_POLL_S, max(deadline.left_s, 0.001)))
        holder = {
            "pid": os.getpid(),
            "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200],
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, json.dumps(holder).encode(), 0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the lock."""
        os.ftruncate(self._file, 0)
        os.close(self._file)

    def _try(self) -> bool:
        file = _open(self._path)
        try:
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, _whole_file(fcntl.F_WRLCK))
            is_ours = _is_at(file, self._path)
        except (BlockingIOError, PermissionError):  # EAGAIN, or EACCES: fcntl(2) allows both
            is_ours = False
        except OSError as error:
            os.close(file)
            raise BoardError(
                f"could not lock {str(self._path)!r}: {error.strerror}; is its file system local?"
            ) from error
        if is_ours:
            self._file = file
        else:
            os.close(file)
        return is_ours


def holder_of(board: str, folder: Path | None = None) -> str:
    """The process that uses a board; empty if it is free. Does not take the lock."""
    path = lock_path(board, folder)
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"an unknown process ({str(path)!r}: {error.strerror})"
    try:
        answer = fcntl.fcntl(file, fcntl.F_OFD_GETLK, _whole_file(fcntl.F_WRLCK))
    finally:
        os.close(file)
    is_free = struct.unpack(_FLOCK, answer)[0] == fcntl.F_UNLCK
    return "" if is_free else _holder_in(path)


def lock_path(board: str, folder: Path | None = None) -> Path:
    """The lock file of a board."""
    digest = hashlib.sha256(_canonical(board).encode()).hexdigest()[:16]
    return (folder or shared_folder()) / f"mcu-nas-board-{digest}.lock"


def shared_folder(candidates: tuple[str, ...] = SHARED_FOLDERS) -> Path:
    """The first folder in which all users may create files, but only remove their own."""
    for candidate in candidates:
        with contextlib.suppress(OSError):
            mode = os.stat(candidate).st_mode  # noqa: PTH116
            if stat.S_ISDIR(mode) and mode & stat.S_IWOTH and mode & stat.S_ISVTX:
                return Path(candidate)
    return Path(candidates[-1])


def _canonical(board: str) -> str:
    """One text for all names of a port: resolves links, host names and options of a URL."""
    if "://" not in board:
        return str(Path(board).resolve()) if board.startswith("/") else board
    parts = urlsplit(board)
    with contextlib.suppress(ValueError):
        host = "127.0.0.1" if parts.hostname in ("localhost", "::1") else parts.hostname or ""
        return f"{host}:{parts.port}" if parts.port else board
    return board


def _open(path: Path) -> int:
    """Open the file; create it if it does not exist.

    An existing file is not opened with O_CREAT: in a folder that all users may write, the kernel
    refuses that for the file of another user (sysctl fs.protected_regular).
    """
    for _ in range(_OPEN_ATTEMPTS):
        with contextlib.suppress(FileNotFoundError):
            return _opened(path, os.O_RDWR)
        with contextlib.suppress(FileExistsError):
            file = _opened(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
            os.fchmod(file, _MODE)
            return file
    raise BoardError(f"could not use {str(path)!r}: another program creates and removes it")


def _opened(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, _MODE)
    except (FileNotFoundError, FileExistsError):
        if not path.parent.is_dir():
            raise BoardError(f"could not lock: there is no folder {str(path.parent)!r}") from None
        raise
    except OSError as error:
        raise BoardError(
            f"could not open {str(path)!r}: {error.strerror}; it locks the board for all users of "
            "this machine: remove it while nobody uses the board"
        ) from error


def _is_at(file: int, path: Path) -> bool:
    """Whether a path still names the open file; a clean-up may have removed it."""
    with contextlib.suppress(OSError):
        return os.path.samestat(os.fstat(file), os.stat(path))  # noqa: PTH116
    return False


def _whole_file(kind: int) -> bytes:
    return struct.pack(_FLOCK, kind, os.SEEK_SET, 0, 0, 0)


def _holder_in(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            holder = json.loads(stream.read(_HOLDER_BYTES))
        text = f"process {holder['pid']} ({holder['command']}) since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "another process"
    return printable(text)[:300]
