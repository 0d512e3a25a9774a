"""One process at a time on a board: a lock that the kernel frees when its holder ends."""

import fcntl
import hashlib
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from firmware.errors import BusyError
from hil.deadline import Clock, Deadline

_POLL_S = 0.1


class BoardLock:
    """A context manager that holds a board.

    Args:
        board: What names the board on this machine: a probe's serial, or the path of a port.
        wait_s: Longest wait for another holder.
        folder: Where locks lie; the same for all who share the board.
        clock: For tests.
    """

    def __init__(
        self,
        board: str,
        wait_s: float = 0.0,
        folder: Path | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        digest = hashlib.sha256(board.encode()).hexdigest()[:16]
        self._path = (folder or Path(tempfile.gettempdir())) / f"mcu-nas-board-{digest}.lock"
        self._board = board
        self._wait_s = wait_s
        self._clock = clock
        self._file = -1

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            BusyError: Another process held it until the deadline.
        """
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        deadline = Deadline.after(self._wait_s, self._clock)
        while not self._try():
            if deadline.has_passed:
                text = f"board {self._board!r} is used by {self._holder()}"
                os.close(self._file)
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
        """Give it back."""
        os.ftruncate(self._file, 0)
        os.close(self._file)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _holder(self) -> str:
        try:
            holder = json.loads(os.pread(self._file, 1000, 0))
            return f"process {holder['pid']} ({holder['command']}) since {holder['since']}"
        except (ValueError, KeyError, TypeError):
            return "another process"


def holder_of(board: str, folder: Path | None = None) -> str:
    """Who uses a board; empty if nobody does."""
    try:
        with BoardLock(board, 0.0, folder):
            return ""
    except BusyError as error:
        return str(error).partition(" is used by ")[2].rpartition("; waited")[0]
