"""Tasks for the tests of the worker; run in its process."""

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from firmware.errors import DataError


def echo(arguments: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    report({"step": 1})
    report({"step": 2})
    return {"arguments": arguments, "process_id": os.getpid(), "parent_id": os.getppid()}


def refuse(arguments: dict[str, Any], _: object) -> dict[str, Any]:
    raise DataError(f"no images for {arguments['who']}")


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
