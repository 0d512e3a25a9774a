"""Writes a project's firmware to a board, with the method given in the bench file."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from firmware.child_process import run_to_end
from firmware.errors import BoardError, FlashError, LineError, NoAnswerError
from firmware.printable import printable
from firmware.targets import Target
from hil.bench.bench_file import BoardEntry
from hil.deadline import Deadline
from hil.flash.image import FlashImage, read_image
from hil.flash.in_child import program_in_child
from hil.flash.programmer import OnBytes, program
from hil.flash.swd_programmer import SwdProgrammer
from hil.flash.uart_programmer import UartProgrammer
from hil.project import Project

ATTEMPTS = 3
PIO_LIMIT_S = 180.0
_SHOWN_CHARACTERS = 300


def write_firmware(
    board: BoardEntry,
    project: Project,
    on_bytes: OnBytes,
    on_retry: Callable[[str], None],
    deadline: Deadline,
) -> None:
    """Write the firmware and start it. A failed attempt is repeated, starting with the reset.

    Raises:
        FlashError: It could not be written; gives the reason of the last attempt.
        NoAnswerError: The bootloader does not answer, or the deadline has passed.
        WrongDeviceError: The chip has another id; nothing was written.
    """
    if board.flash == "none":
        return
    if board.flash == "pio":
        _upload(board, project.folder, deadline)
        return
    image = read_image(project.firmware)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _program(board, project.target, image, on_bytes, deadline)
        except (FlashError, NoAnswerError, LineError) as error:
            if deadline.has_passed:
                raise type(error)(f"{error}; the time limit is reached (--session-s)") from error
            if attempt == ATTEMPTS:
                raise type(error)(f"{error} (tried {ATTEMPTS} times)") from error
            on_retry(f"{board.name}: flashing failed, trying again: {error}")
        else:
            return


def _program(
    board: BoardEntry, target: Target, image: FlashImage, on_bytes: OnBytes, deadline: Deadline
) -> None:
    if board.flash == "swd":
        program_in_child(
            SwdProgrammer, (board, target), image, target.device_id, on_bytes, deadline
        )
    else:
        programmer = UartProgrammer(board, target, deadline)
        program(programmer, image, target.device_id, on_bytes)


def _upload(board: BoardEntry, folder: Path, deadline: Deadline) -> None:
    """PlatformIO's own upload; it cannot choose among several probes."""
    command = [sys.executable, "-m", "platformio", "run", "--project-dir", str(folder)]
    command += ["--target", "upload"]
    limit_s = min(PIO_LIMIT_S, deadline.left_s)
    environment = os.environ | {"PLATFORMIO_NO_ANSI": "true"}
    try:
        finished = run_to_end(command, limit_s, environment)
    except TimeoutError as error:
        raise FlashError(f"'pio run --target upload' took longer than {limit_s:g} s") from error
    except OSError as error:
        raise BoardError(f"could not start PlatformIO: {error.strerror}") from error
    if finished.exit_code != 0:
        last = (finished.output.strip().splitlines() or ["it printed nothing"])[-1]
        reason = printable(last)[:_SHOWN_CHARACTERS]
        raise FlashError(f"'pio run --target upload' failed for {board.name}: {reason}")
