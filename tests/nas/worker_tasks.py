"""Tasks for the tests of the worker; run in its process."""

import contextlib
import errno
import os
import signal
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware.errors import DataError


def echo(arguments: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    report({"step": 1})
    report({"step": 2})
    return {"arguments": arguments, "process_id": os.getpid(), "parent_id": os.getppid()}


def refuse(arguments: dict[str, Any], _: object) -> dict[str, Any]:
    raise DataError(f"no images for {arguments['who']}")


def find_the_disk_full(arguments: dict[str, Any], _: object) -> dict[str, Any]:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), arguments["path"])


def crash(_: dict[str, Any], __: object) -> dict[str, Any]:
    raise ZeroDivisionError("a bug")


def die(_: dict[str, Any], __: object) -> dict[str, Any]:
    sys.stderr.write("last words\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def kill_server(_: dict[str, Any], __: object) -> dict[str, Any]:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(10)
    return {}


def take_memory(arguments: dict[str, Any], _: object) -> dict[str, Any]:
    block = bytearray(arguments["bytes"])
    block[::4096] = b"\1" * len(block[::4096])
    time.sleep(0.3)
    return {}


def grow(arguments: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Take more and more memory, a piece at a time."""
    taken = []
    for piece in range(arguments["pieces"]):
        taken.append(bytearray(os.urandom(1 << 20)) * 10)
        report({"piece": piece})
        time.sleep(0.1)
    return {"pieces": len(taken)}


def sleep(arguments: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    report({"process_id": os.getpid()})
    time.sleep(arguments["seconds"])
    return {}


def die_at_first(
    arguments: dict[str, Any], report: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Be ended `times` by a signal, or have the server killed, as another process might do it."""
    report({"process_id": os.getpid()})
    marks = Path(arguments["marks"])
    attempt = len(list(marks.iterdir()))
    (marks / str(attempt)).touch()
    if attempt < arguments["times"]:
        os.kill(os.getppid() if arguments.get("server") else os.getpid(), arguments["signal"])
        time.sleep(10)
    return {"attempt": attempt}


def tear_a_line(_: dict[str, Any], __: object) -> dict[str, Any]:
    """Be killed in the middle of telling something."""
    for handle in range(3, 20):
        with contextlib.suppress(OSError):
            if stat.S_ISFIFO(os.fstat(handle).st_mode):
                os.write(handle, b'{"event": "progr')
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}
