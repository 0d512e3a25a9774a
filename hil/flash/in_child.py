"""Programs a chip in a process of its own, which is ended at a deadline. Starts a process."""

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from firmware.errors import FlashError, SdkError
from hil.deadline import Deadline
from hil.flash.image import Image
from hil.flash.programmer import OnBytes, Programmer, program

LIMIT_S = 180.0
"""Longest programming of a whole flash of 1 MiB, several times what an ST-LINK takes."""


def program_in_child(
    make: Callable[..., Programmer],
    arguments: tuple[Any, ...],
    image: Image,
    device_id: int,
    on_bytes: OnBytes,
    limit_s: float = LIMIT_S,
) -> None:
    """As `program`, with the programmer made and used in a child process.

    Raises:
        FlashError: It took longer than the limit; the child was ended.
        SdkError: What `program` raises.
    """
    # Not forked: libraries that talk to USB devices have threads.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(
        target=_program, args=(theirs, make, arguments, image, device_id), daemon=True
    )
    deadline = Deadline.after(limit_s, time.monotonic)
    child.start()
    theirs.close()
    try:
        while (message := _next(ours, deadline)) is not None:
            if isinstance(message, SdkError):
                raise message
            on_bytes(*message)
    finally:
        ours.close()
        child.kill()
        child.join()


def _next(pipe: Connection, deadline: Deadline) -> Any:
    """What the child says next; None when it has done its work."""
    if not pipe.poll(deadline.left_s):
        raise FlashError(f"programming took longer than {deadline.limit_s:g} s and was ended")
    try:
        return pipe.recv()
    except EOFError as error:
        raise FlashError("the process that programs the chip ended without a word") from error


def _program(
    pipe: Connection,
    make: Callable[..., Programmer],
    arguments: tuple[Any, ...],
    image: Image,
    device_id: int,
) -> None:
    try:
        program(make(*arguments), image, device_id, lambda *told: pipe.send(told))
        pipe.send(None)
    except SdkError as error:
        pipe.send(error)
