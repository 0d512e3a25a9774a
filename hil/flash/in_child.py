"""Programs a chip in a child process, which is stopped at a deadline. Starts a process.

The child reads its task from standard input and writes its messages to standard output. Each is a
pickled object after its length. Both ends are in this package.
"""

import contextlib
import os
import pickle
import select
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import IO, Any

from firmware.child_process import KILL_LIMIT_S, ChildProcess
from firmware.errors import BoardError, FlashError, SdkError
from firmware.printable import printable
from hil.deadline import Deadline
from hil.flash.image import FlashImage
from hil.flash.programmer import OnBytes, Programmer, program

LIMIT_S = 180.0
"""Time limit for programming a whole flash of 1 MiB: several times the time of an ST-LINK."""
_POLL_S = 0.25
_CHUNK_BYTES = 1 << 16
_SHOWN_CHARACTERS = 200
_LENGTH = struct.Struct("<I")


def program_in_child(
    make: Callable[..., Programmer],
    arguments: tuple[Any, ...],
    image: FlashImage,
    device_id: int,
    on_bytes: OnBytes,
    deadline: Deadline | None = None,
) -> None:
    """Like `program`, but the programmer is created and used in a child process.

    Raises:
        FlashError: It took longer than `LIMIT_S` or the deadline; the child was stopped.
        SdkError: What `program` raises.
    """
    end = (deadline or Deadline.never()).within(LIMIT_S)
    # Pass on this process's import path, in which the programmer's class is found.
    task = pickle.dumps((make, arguments, image, device_id))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with tempfile.TemporaryFile() as order, tempfile.TemporaryFile() as complaints:
        order.write(task)
        order.seek(0)
        try:
            child = ChildProcess(
                [sys.executable, "-m", "hil.flash.in_child"],
                stdin=order,
                stdout=subprocess.PIPE,
                stderr=complaints,
                environment=environment,
            )
        except OSError as error:
            raise BoardError(f"could not start a process to program the chip: {error}") from error
        with child:
            while (message := _next(child, end, complaints)) is not None:
                if isinstance(message, SdkError):
                    raise message
                on_bytes(*message)


def _next(child: ChildProcess, end: Deadline, complaints: IO[bytes]) -> Any:
    """The next message of the child; None when its work is done."""
    try:
        (count,) = _LENGTH.unpack(_exactly(child.stdout, _LENGTH.size, end))
        return pickle.loads(_exactly(child.stdout, count, end))  # noqa: S301
    except EOFError as error:
        child.ends_within(KILL_LIMIT_S)
        complaints.seek(0)
        lines = complaints.read(_CHUNK_BYTES).decode(errors="replace").strip().splitlines()
        reason = f": {printable(lines[-1])[:_SHOWN_CHARACTERS]}" if lines else ""
        raise FlashError(f"the process that programs the chip ended early{reason}") from error


def _exactly(stream: IO[bytes], count: int, end: Deadline) -> bytes:
    data = b""
    while len(data) < count:
        if end.has_passed:
            raise FlashError(f"programming took longer than {end.limit_s:g} s and was ended")
        if select.select([stream], [], [], min(_POLL_S, end.left_s))[0]:
            piece = os.read(stream.fileno(), min(_CHUNK_BYTES, count - len(data)))
            if not piece:
                raise EOFError
            data += piece
    return data


def _tell(stream: IO[bytes], message: Any) -> None:
    content = pickle.dumps(message)
    stream.write(_LENGTH.pack(len(content)) + content)
    stream.flush()


def main() -> None:
    """Run the task from standard input. Nothing else may write to standard output."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as told:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        make, arguments, image, device_id = pickle.load(sys.stdin.buffer)  # noqa: S301
        with contextlib.suppress(BrokenPipeError):
            try:
                program(make(*arguments), image, device_id, lambda *own: _tell(told, own))
                _tell(told, None)
            except SdkError as error:
                _tell(told, error)


if __name__ == "__main__":
    main()
