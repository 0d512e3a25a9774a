"""The virtual board: the same ELF in QEMU. Runs a process."""

import os
import re
import select
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from firmware.die_with_parent import die_with_parent
from firmware.errors import BoardError, NoAnswerError
from hil.deadline import Deadline
from hil.tolerances import Tolerances
from hil.transport import SerialTransport, Transport

MACHINE = "netduinoplus2"
"""An STM32F405: a Cortex-M4F with the STM32F4's USARTs where the F412 has them."""

RAM_END = 0x2002_0000
"""QEMU's hw/arm/stm32f405_soc.h, SRAM_SIZE: 128 KiB; the 64 KiB of CCM lie elsewhere."""

TICK_HZ = 168_000_000
"""QEMU's hw/arm/netduinoplus2.c, SYSCLK_FRQ: what SysTick counts with."""

INSTRUCTION_NS = 1
"""`-icount shift=0`: an instruction takes 2^0 ns of virtual time."""

_PROGRAM = "qemu-system-arm"
_START_LIMIT_S = 20.0
_STOP_LIMIT_S = 5.0
_PORT = re.compile(r"redirected to (\S+)")


def instructions_of(ticks: int) -> int:
    """Instructions in that many ticks of SysTick, to within 6: a tick is 5.95 instructions."""
    return round(ticks * 1_000_000_000 / (TICK_HZ * INSTRUCTION_NS))


class VirtualBoard:
    """Boots an ELF in QEMU and gives its USART3.

    Args:
        firmware: The ELF.
        ram_end: First address after the RAM that the firmware reserves.
    """

    name = "virtual"
    probe = ""
    tolerance = Tolerances()
    counts_instructions = True

    def __init__(self, firmware: Path, ram_end: int) -> None:
        self._firmware = firmware
        self._ram_end = ram_end
        self._process: subprocess.Popen[bytes] | None = None
        self._transport: SerialTransport | None = None

    def __enter__(self) -> Self:
        """Start QEMU.

        Raises:
            BoardError: QEMU is absent or fails, or the firmware needs more RAM than it has.
        """
        if self._ram_end > RAM_END:
            raise BoardError(
                f"the firmware uses RAM up to 0x{self._ram_end:08x}, the virtual board's ends at "
                f"0x{RAM_END:08x}; measure it on a real board"
            )
        if not self._firmware.is_file():
            raise BoardError(f"no firmware at {str(self._firmware)!r}; build the project first")
        program = shutil.which(_PROGRAM)
        if program is None:
            raise BoardError(
                f"{_PROGRAM} is not installed; install it (Debian: apt-get install {_PROGRAM}) "
                "or measure a real board with --board PORT"
            )
        try:
            self._transport = SerialTransport(self._start(program))
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End QEMU."""
        self._stop()

    @property
    def transport(self) -> Transport:
        """USART3 of the board."""
        assert self._transport is not None, "the board is used inside its 'with' block"
        return self._transport

    def explain_silence(self, error: NoAnswerError) -> BoardError:
        """The error: this board has one rate."""
        return error

    def instructions(self, ticks: int) -> int:
        """Instructions in that many ticks."""
        return instructions_of(ticks)

    def _start(self, program: str) -> str:
        """Start QEMU; gives the pseudo-terminal of USART3."""
        parent_id = os.getpid()
        command = [program, "-M", MACHINE, "-kernel", str(self._firmware), "-icount", "shift=0"]
        command += ["-display", "none", "-monitor", "none"]
        command += ["-serial", "null", "-serial", "null", "-serial", "pty"]
        with tempfile.TemporaryFile() as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent_id),
            )
            said = self._first_words(Deadline.after(_START_LIMIT_S))
            if match := _PORT.search(said):
                return match[1]
            errors.seek(0)
            complaint = " ".join(errors.read().decode(errors="replace").split())
        raise BoardError(f"{_PROGRAM} did not start: {complaint or said or 'no reason given'}")

    def _first_words(self, deadline: Deadline) -> str:
        """What QEMU prints until it has named the pseudo-terminal, or has ended."""
        assert self._process is not None
        assert self._process.stdout is not None
        said = b""
        while b"\n" not in said:
            if not select.select([self._process.stdout], [], [], deadline.left_s)[0]:
                raise NoAnswerError(f"{_PROGRAM} did not start within {deadline.limit_s:g} s")
            chunk = os.read(self._process.stdout.fileno(), 4096)
            if not chunk:
                break
            said += chunk
        return said.decode(errors="replace").strip()

    def _stop(self) -> None:
        if self._transport is not None:
            self._transport.close()
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None
