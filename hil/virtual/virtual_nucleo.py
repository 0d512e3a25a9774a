"""A complete virtual Nucleo: flash, ROM bootloader, reset and boot lines, and QEMU.

It behaves like a serial port of an adapter: setting DTR and RTS resets it.
"""

import tempfile
import time
from collections import deque
from pathlib import Path

import serial

from firmware.errors import BoardError
from firmware.targets import Target
from hil.transport import BAUD
from hil.virtual.line_faults import LineFaults
from hil.virtual.virtual_board import VirtualBoard
from hil.virtual.virtual_bootloader import VirtualBootloader


class VirtualNucleo:
    """The board behind an adapter: DTR pulls NRST low, RTS pulls BOOT0 high.

    The attributes and methods are those of an open port of pySerial that its RFC 2217 server uses.

    Args:
        target: The chip.
        faults: The faults to inject.
    """

    rtscts = xonxoff = break_condition = False
    cts = dsr = cd = True
    ri = False
    bytesize, stopbits = 8, 1
    baudrate = BAUD
    """Baud rate of the host; the bootloader adopts it, the firmware has its own."""

    def __init__(self, target: Target, faults: LineFaults | None = None) -> None:
        self._target = target
        self._faults = faults or LineFaults()
        self._flash = bytearray([target.chip.erased_byte]) * target.flash_bytes
        self._folder = tempfile.TemporaryDirectory(prefix="mcu-nas-nucleo-")
        self._loader: VirtualBootloader | None = None
        self._board: VirtualBoard | None = None
        self._answers = self._incoming = b""
        self._late: deque[tuple[float, bytes]] = deque()
        self._parity = serial.PARITY_NONE
        self._dtr = self._rts = False

    @property
    def parity(self) -> str:
        """Parity of the host's side: bootloader and firmware need different ones."""
        return self._parity

    @parity.setter
    def parity(self, value: str) -> None:
        self._deliver()
        self._parity = value

    @property
    def rts(self) -> bool:
        """Whether BOOT0 is high."""
        return self._rts

    @rts.setter
    def rts(self, value: bool) -> None:
        self._deliver()
        self._rts = value

    @property
    def dtr(self) -> bool:
        """Whether NRST is low."""
        return self._dtr

    @dtr.setter
    def dtr(self, value: bool) -> None:
        self._deliver()
        was_reset, self._dtr = self._dtr, value
        if value:
            self._halt()
        elif was_reset:
            self._boot()

    def write(self, data: bytes) -> int:
        """Bytes from the host; they are passed on together."""
        self._incoming += data
        return len(data)

    def _deliver(self) -> None:
        data, self._incoming = self._faults.pass_on(self._incoming), b""
        if self._loader is not None:
            if self._parity == serial.PARITY_EVEN:
                self._answers += self._loader.feed(data)
                if self._faults.resets_now(len(data)):
                    self._halt()
        elif self._board is not None and self._hears_firmware and data:
            self._board.transport.write(b"\rfault%" if self._faults.stops else data)

    @property
    def _hears_firmware(self) -> bool:
        """Whether the host's side uses the settings of the firmware."""
        return self._parity == serial.PARITY_NONE and self.baudrate == BAUD

    def read(self, wait_s: float) -> bytes:
        """Bytes to the host. Waits at most `wait_s` seconds for the first byte."""
        self._deliver()
        answers, self._answers = self._answers, b""
        if self._board is not None and not answers:
            said = self._board.transport.read(wait_s)
            answers = said if self._hears_firmware else b""
        if not self._faults.delay_s:
            return self._faults.pass_on(answers)
        if answers:
            self._late.append((time.monotonic() + self._faults.delay_s, answers))
        due = b""
        while self._late and self._late[0][0] <= time.monotonic():
            due += self._late.popleft()[1]
        return self._faults.pass_on(due)

    def reset_input_buffer(self) -> None:
        """Discard the bytes that were not read."""
        self._answers = b""
        self._late.clear()

    def reset_output_buffer(self) -> None:
        """Does nothing: no bytes wait to be sent."""

    def close(self) -> None:
        """Stop the firmware and remove the temporary files."""
        self._halt()
        self._folder.cleanup()

    @property
    def flash(self) -> bytes:
        """The current content of the whole flash."""
        return bytes(self._flash)

    def halt(self) -> None:
        """Stop the firmware, like a reset line that is held."""
        self._halt()

    @property
    def is_busy(self) -> bool:
        """Whether bytes may come from it: its firmware runs and is not paused."""
        return bool(self._late) or (self._board is not None and not self._board.rests)

    @property
    def is_in_loader(self) -> bool:
        """Whether the ROM bootloader waits for commands."""
        return self._loader is not None

    def _halt(self) -> None:
        self._loader = None
        self._answers = b""
        if self._board is not None:
            self._board.__exit__(None, None, None)
            self._board = None

    def _boot(self) -> None:
        if self._rts:
            self._loader = VirtualBootloader(self._target, self._flash, self._faults.refuses)
            return
        if self._flash[:8] == bytes([self._target.chip.erased_byte]) * 8 or self._faults.hangs:
            return  # no firmware: the board does not answer
        image = Path(self._folder.name) / "flash.bin"
        image.write_bytes(self._flash)
        board = VirtualBoard(image, 0)
        try:
            self._board = board.__enter__()
        except BoardError:
            self._board = None
            raise
