"""The virtual board: runs the firmware's ELF in QEMU. Starts a process."""

import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from firmware.child_process import ChildProcess
from firmware.errors import BoardError, NoAnswerError
from firmware.printable import printable
from firmware.targets.machine import NETDUINOPLUS2, EmulatedMachine
from hil.deadline import Deadline
from hil.elf import arrays_of
from hil.modelled import Mark
from hil.tolerances import Tolerances
from hil.transport import SerialTransport, Transport
from hil.virtual.cycles.cycle_log import CycleLog
from hil.virtual.cycles.cycle_model import CycleModel
from hil.virtual.machine import check_ram
from hil.virtual.resting_line import RestingLine

_PROGRAM = "qemu-system-arm"
_LINE = ("-serial", "pty")
_BUFFERED_LINE = ("-chardev", "pty,id=line,mux=on", "-serial", "chardev:line", "-echr", "0x100")
"""With the buffer of a multiplexer, QEMU takes a long input in three quarters of the time. It does
not offer a byte again that was refused. The multiplexer's escape character is set to no byte."""
_START_LIMIT_S = 20.0
_STOP_LIMIT_S = 1.0
_SHOWN_CHARACTERS = 300
_PORT = re.compile(r"redirected to (\S+)")


class VirtualBoard:
    """Runs an ELF in QEMU and connects to its serial port.

    Args:
        firmware: The ELF, linked for the machine.
        ram_end: First address after the RAM that the firmware reserves.
        cycles: Counts cycles; None: only instructions are counted.
        tick_symbols: Names of the firmware's arrays of ticks by kernel call, for the cycles.
        on_note: Called with the reason if this QEMU cannot count cycles.
        machine: The machine that QEMU emulates.
    """

    name = "virtual"
    probe = ""
    tolerance = Tolerances()
    counts_instructions = True

    def __init__(
        self,
        firmware: Path,
        ram_end: int,
        cycles: CycleModel | None = None,
        tick_symbols: tuple[str, ...] = (),
        on_note: Callable[[str], None] = lambda _: None,
        machine: EmulatedMachine = NETDUINOPLUS2,
    ) -> None:
        self.machine = machine
        self._firmware = firmware
        self._ram_end = ram_end
        self._cycles = cycles
        self._tick_symbols = tick_symbols
        self._on_note = on_note
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._log: CycleLog | None = None
        self._child: ChildProcess | None = None
        self._transport: RestingLine | None = None

    def __enter__(self) -> Self:
        """Start QEMU.

        Raises:
            BoardError: QEMU is missing or fails, or the firmware needs more RAM than it has.
        """
        check_ram(self.machine, self._ram_end)
        if not self._firmware.is_file():
            raise BoardError(f"no firmware at {str(self._firmware)!r}; build the project first")
        program = shutil.which(_PROGRAM)
        if program is None:
            raise BoardError(
                f"{_PROGRAM} is not installed; install it (Debian: apt-get install {_PROGRAM}) "
                "or measure a real board with --board PORT"
            )
        try:
            self._transport = RestingLine(
                SerialTransport(self._start_counting(program)),
                partial(self._signal, signal.SIGSTOP),
                partial(self._signal, signal.SIGCONT),
            )
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
        """The serial port of the board."""
        assert self._transport is not None, "the board is used inside its 'with' block"
        return self._transport

    @property
    def rests(self) -> bool:
        """Whether QEMU is paused because the firmware has nothing to do."""
        return self._transport is not None and self._transport.rests

    def explain_silence(self, error: NoAnswerError) -> BoardError:
        """The error itself: this board has only one baud rate."""
        return error

    def instructions(self, ticks: int) -> int:
        """Convert ticks to instructions."""
        return self.machine.instructions(ticks)

    def take_marks(self) -> list[Mark]:
        """The marks of the cycle model since the last call; none without it."""
        return [] if self._log is None else self._log.taken()

    def _start_counting(self, program: str) -> str:
        """Start QEMU with the cycle model; if it cannot load it, without."""
        try:
            return self._start(program)
        except BoardError as error:
            if self._cycles is None:
                raise
            self._stop()
            self._cycles = None
            line = self._start(program)
            self._on_note(f"cycles are not counted: {error}")
            return line

    def _cycle_options(self) -> list[str]:
        """Options of QEMU that load the cycle model, if there is one."""
        if self._cycles is None:
            return []
        self._folder = tempfile.TemporaryDirectory(prefix="mcu-nas-cycles-")
        folder = Path(self._folder.name)
        arrays = arrays_of(self._firmware, self._tick_symbols)
        self._log = CycleLog(folder / "log", arrays)
        return self._cycles.options(folder, folder / "log", arrays)

    def _start(self, program: str) -> str:
        """Start QEMU. Returns the pseudo-terminal of the serial port."""
        machine = self.machine
        command = [program, "-M", machine.name, "-kernel", str(self._firmware)]
        command += ["-icount", f"shift={machine.instruction_shift}"]
        command += ["-display", "none", "-monitor", "none"]
        line = _BUFFERED_LINE if machine.drops_early_bytes else _LINE
        command += [*["-serial", "null"] * machine.serial_port, *line]
        command += self._cycle_options()
        with tempfile.TemporaryFile() as errors:
            try:
                self._child = ChildProcess(command, stdout=subprocess.PIPE, stderr=errors)
            except OSError as error:
                raise BoardError(f"could not start {_PROGRAM}: {error.strerror}") from error
            said = self._first_words(self._child, Deadline.after(_START_LIMIT_S))
            if match := _PORT.search(said):
                return match[1]
            self._child.ends_within(_STOP_LIMIT_S)
            errors.seek(0)
            complaint = printable(" ".join(errors.read().decode(errors="replace").split()))
        reason = (complaint or printable(said) or "no reason given")[:_SHOWN_CHARACTERS]
        raise BoardError(f"{_PROGRAM} did not start: {reason}")

    def _first_words(self, child: ChildProcess, deadline: Deadline) -> str:
        """The output of QEMU until it names the pseudo-terminal or ends."""
        said = b""
        while b"\n" not in said:
            if not select.select([child.stdout], [], [], deadline.left_s)[0]:
                raise NoAnswerError(f"{_PROGRAM} did not start within {deadline.limit_s:g} s")
            chunk = os.read(child.stdout.fileno(), 4096)
            if not chunk:
                break
            said += chunk
        return said.decode(errors="replace").strip()

    def _signal(self, number: signal.Signals) -> None:
        """Pause or resume QEMU. If QEMU has ended, its line reports that."""
        if self._child is not None and not self._child.has_ended:
            os.kill(self._child.id, number)

    def _stop(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        if self._child is not None:
            self._child.close()
            self._child = None
        self._log = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
