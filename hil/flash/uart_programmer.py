"""Programs a chip through its ROM bootloader at a serial port. Opens the port."""

import time
from types import TracebackType
from typing import Any, Self

import serial

from firmware.errors import BoardError, FlashError
from firmware.targets import Target
from hil.bench.bench_file import BoardEntry
from hil.deadline import Deadline
from hil.flash.image import FlashImage
from hil.flash.programmer import OnBytes
from hil.flash.rom_bootloader import (
    BLOCK_BYTES,
    LARGEST_PAGE_BYTES,
    PAGE_ERASE_LIMIT_S,
    SECTOR_ERASE_LIMIT_S,
    LoaderPort,
    RomBootloader,
)
from hil.transport import close_port, open_port

RESET_S = 0.05
"""How long NRST is low. The chip needs 20 µs (DS11139, table 58), adapters need more."""
BOOT_S = 0.1
"""Time from the end of the reset until the bootloader accepts data."""


def bootloader_of(target: Target, port: LoaderPort, deadline: Deadline) -> RomBootloader:
    """The bootloader of a chip, which has its own erase time and erased byte."""
    has_pages = all(own.size_bytes <= LARGEST_PAGE_BYTES for own in target.chip.sectors)
    return RomBootloader(
        port,
        erase_limit_s=PAGE_ERASE_LIMIT_S if has_pages else SECTOR_ERASE_LIMIT_S,
        erased_byte=target.chip.erased_byte,
        deadline=deadline,
    )


class UartProgrammer:
    """The bootloader of a board whose adapter drives NRST and BOOT0.

    Args:
        board: Its port, lines and polarities.
        target: The chip, for its sectors.
        deadline: Ends every wait.
    """

    def __init__(self, board: BoardEntry, target: Target, deadline: Deadline | None = None) -> None:
        self._board = board
        self._target = target
        self._deadline = deadline or Deadline.never()
        self._port: Any = None
        self._loader: RomBootloader | None = None

    def __enter__(self) -> Self:
        """See `Programmer`."""
        board = self._board
        self._port = open_port(
            board.loader_port or board.port,
            board.loader_baud,
            serial.PARITY_EVEN,
            board.idle_lines,
        )
        try:
            self._reset(into_loader=True)
            self._loader = bootloader_of(self._target, self._port, self._deadline)
            self._loader.synchronise()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """See `Programmer`."""
        try:
            self._reset(into_loader=False)
        except (serial.SerialException, OSError) as problem:
            raise BoardError(f"could not reset the board: {problem}") from problem
        finally:
            close_port(self._port)

    def device_id(self) -> int:
        """See `Programmer`."""
        return self._open_loader.device_id()

    def write(self, image: FlashImage, on_bytes: OnBytes) -> None:
        """See `Programmer`."""
        on_bytes("erased", 0, len(image.content))
        self._open_loader.erase(self._target.sectors_of(image.address, len(image.content)))
        for offset in range(0, len(image.content), BLOCK_BYTES):
            block = image.content[offset : offset + BLOCK_BYTES]
            self._open_loader.write(image.address + offset, block)
            on_bytes("written", offset + len(block), len(image.content))

    def read(self, address: int, count: int) -> bytes:
        """See `Programmer`."""
        return self._open_loader.read(address, count)

    @property
    def _open_loader(self) -> RomBootloader:
        if self._loader is None:
            raise FlashError("the bootloader is used inside its 'with' block")
        return self._loader

    def _reset(self, into_loader: bool) -> None:
        board = self._board
        self._set(board.boot, into_loader != board.boot_inverted)
        self._set(board.reset, not board.reset_inverted)
        time.sleep(RESET_S)
        self._set(board.reset, board.reset_inverted)
        time.sleep(BOOT_S)

    def _set(self, line: str, value: bool) -> None:
        if line != "none":
            setattr(self._port, line, value)
