"""Brings a project's firmware onto a board, in the way that its bench file names."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from firmware.errors import FlashError, LineError, NoAnswerError
from firmware.targets import Target
from hil.bench.bench_file import BoardEntry
from hil.flash.image import Image, read_image
from hil.flash.in_child import program_in_child
from hil.flash.programmer import OnBytes, program
from hil.flash.swd_programmer import SwdProgrammer
from hil.flash.uart_programmer import UartProgrammer

ATTEMPTS = 3
PIO_LIMIT_S = 180.0


def write_firmware(
    board: BoardEntry,
    target: Target,
    project: Path,
    elf: Path,
    on_bytes: OnBytes,
    on_retry: Callable[[str], None],
) -> None:
    """Write the firmware and start it; a failed attempt is repeated from the reset on.

    Raises:
        FlashError: It could not be written; the last attempt's reason.
        WrongDeviceError: It is another chip; nothing was written.
    """
    if board.flash == "none":
        return
    if board.flash == "pio":
        _upload(board, project)
        return
    image = read_image(elf)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _program(board, target, image, on_bytes)
        except (FlashError, NoAnswerError, LineError) as error:
            if attempt == ATTEMPTS:
                raise type(error)(f"{error} (tried {ATTEMPTS} times)") from error
            on_retry(f"{board.name}: flashing failed, trying again: {error}")
        else:
            return


def _program(board: BoardEntry, target: Target, image: Image, on_bytes: OnBytes) -> None:
    if board.flash == "swd":
        program_in_child(SwdProgrammer, (board, target), image, target.device_id, on_bytes)
    else:
        program(UartProgrammer(board, target), image, target.device_id, on_bytes)


def _upload(board: BoardEntry, project: Path) -> None:
    """PlatformIO's own upload; it cannot choose among several probes."""
    command = [sys.executable, "-m", "platformio", "run", "--project-dir", str(project)]
    command += ["--target", "upload"]
    try:
        completed = subprocess.run(
            command,
            env=os.environ | {"PLATFORMIO_NO_ANSI": "true"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PIO_LIMIT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise FlashError(f"'pio run --target upload' took longer than {PIO_LIMIT_S:g} s") from error
    if completed.returncode != 0:
        lines = (completed.stdout + completed.stderr).strip().splitlines()
        raise FlashError(f"'pio run --target upload' failed for {board.name}: {lines[-1:]}")
