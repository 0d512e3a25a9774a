"""Uses the ROM bootloader of an STM32 over a UART. Reads and writes an open serial port.

A command that the line damaged is repeated, without a new reset.

Source: ST's application note AN3155, "USART protocol used in the STM32 bootloader".
"""

import struct
from collections.abc import Callable, Iterable
from functools import reduce
from operator import xor
from typing import Protocol, TypeVar

from firmware.errors import FlashError, NoAnswerError
from hil.deadline import Deadline
from hil.flash.image import ERASED
from hil.flash.programmer import READ_ATTEMPTS

ACK, NACK, SYNC = 0x79, 0x1F, 0x7F
GET_ID, READ, WRITE, EXTENDED_ERASE = 0x02, 0x11, 0x31, 0x44
MASS_ERASE = 0xFFFF
BLOCK_BYTES = 256
"""Maximum bytes of one transfer."""
WRITTEN_AT_ONCE = 8
"""Blocks are padded to whole units of what any of the chips writes at once."""

SECTOR_ERASE_LIMIT_S, MASS_ERASE_LIMIT_S = 4.0, 60.0
"""Longest erase of a sector, and of all: twice that of DS11139, table 47, for 8-bit parallelism."""
PAGE_ERASE_LIMIT_S = 0.1
"""Longest erase of a page of an STM32L0, L1, L4 or G0: twice the 40 ms of an STM32G0."""
LARGEST_PAGE_BYTES = 8192
ERASED_AT_ONCE = 64
"""Sectors or pages in one command. An STM32L1 accepts at most 512; a short one is soon repeated."""
ATTEMPTS = 8
"""Attempts of each command. With 0.05 % of all bytes damaged, 1 in 8 transfers of a block fails."""
_SYNC_ATTEMPTS = 3
_ID_ATTEMPTS = 8
_SILENCE_S = 0.1
_FILLER = bytes([ERASED])
_MOST_FILLER_BYTES = 1024
"""More bytes than any command can wait for, except an erase of hundreds of sectors."""
_T = TypeVar("_T")


class LoaderPort(Protocol):
    """The methods used of a port that pySerial has opened at 8E1."""

    def write(self, data: bytes) -> int | None:
        """Send bytes."""

    def read(self, size: int) -> bytes:
        """Read at most this many bytes; fewer if no more come within a short time."""

    def reset_input_buffer(self) -> None:
        """Discard the received bytes."""


class RomBootloader:
    """A bootloader that has been started.

    Args:
        port: Its serial port.
        answer_limit_s: Longest wait for an answer to anything but an erase.
        erase_limit_s: Longest erase of one sector.
        erased_byte: What a byte of erased flash reads.
        deadline: Ends every wait.
    """

    def __init__(
        self,
        port: LoaderPort,
        answer_limit_s: float = 1.0,
        erase_limit_s: float = SECTOR_ERASE_LIMIT_S,
        erased_byte: int = ERASED,
        deadline: Deadline | None = None,
    ) -> None:
        self._port = port
        self._answer_limit_s = answer_limit_s
        self._erase_limit_s = erase_limit_s
        self._erased = bytes([erased_byte])
        self._deadline = deadline or Deadline.never()

    def synchronise(self) -> None:
        """Let the bootloader detect the baud rate.

        Raises:
            NoAnswerError: No answer came, or only noise.
        """
        for _ in range(_SYNC_ATTEMPTS):
            self._port.reset_input_buffer()
            self._port.write(bytes([SYNC]))
            answer = self._receive(1, self._answer_limit_s / _SYNC_ATTEMPTS)
            # NACK: it was already synchronised.
            if answer and answer[0] in (ACK, NACK):
                return
        raise NoAnswerError(
            "the ROM bootloader does not answer: is BOOT0 high at reset, are the lines' polarities "
            "as in the bench file, and is the adapter at the bootloader's pins?"
        )

    def device_id(self) -> int:
        """The chip's product id, read twice in a row: the answer has no checksum.

        Raises:
            FlashError: No two answers in a row are equal, or no answer came.
        """
        told = -1
        for _ in range(_ID_ATTEMPTS):
            before, told = told, self._again(self._read_id)
            if told == before:
                return told
        raise FlashError(
            f"the line is too noisy: of {_ID_ATTEMPTS} answers with the chip's id, no two in a row "
            "are equal"
        )

    def erase(self, sectors: Iterable[int]) -> None:
        """Erase sectors by their numbers; none means the whole flash."""
        numbers = list(sectors)
        for first in range(0, max(len(numbers), 1), ERASED_AT_ONCE):
            self._erase(numbers[first : first + ERASED_AT_ONCE])

    def _erase(self, numbers: list[int]) -> None:
        codes = [len(numbers) - 1, *numbers] if numbers else [MASS_ERASE]
        payload = struct.pack(f">{len(codes)}H", *codes)
        limit_s = self._erase_limit_s * len(numbers) if numbers else MASS_ERASE_LIMIT_S
        limit_s += self._answer_limit_s

        def erase_once() -> None:
            self._command(EXTENDED_ERASE, "erase")
            self._send(payload, "erase", limit_s)

        self._again(erase_once)

    def write(self, address: int, block: bytes) -> None:
        """Write at most `BLOCK_BYTES` bytes to erased flash.

        Raises:
            FlashError: Each attempt was rejected, or half a block was written.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._write_once(address, block)
            except FlashError:
                if attempt == ATTEMPTS:
                    raise
                self._resynchronise()
                # The line may have damaged the command, or only the answer to it.
                if self._is_written(address, block):
                    return
            else:
                return

    def read(self, address: int, count: int) -> bytes:
        """At most `BLOCK_BYTES` bytes of the chip's memory, without a checksum."""
        return self._again(lambda: self._read_once(address, count))

    def _again(self, action: Callable[[], _T]) -> _T:
        """Send a command. Repeat it if the line damages it."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return action()
            except FlashError:
                if attempt == ATTEMPTS or self._deadline.has_passed:
                    raise
                self._resynchronise()
        raise AssertionError("the last attempt returns or raises")

    def _is_written(self, address: int, block: bytes) -> bool:
        """Whether a block is already written. Raises if the flash is neither written nor erased."""
        for _ in range(READ_ATTEMPTS):
            found = self.read(address, len(block))
            if found in (block, self._erased * len(block)):
                return found == block
        raise FlashError(
            f"the block at 0x{address:08x} was damaged on the line, and flash must be erased again"
        )

    def _resynchronise(self) -> None:
        """Bring the bootloader back to the state in which it waits for a command.

        Filler bytes are sent until a checksum is wrong and the bootloader rejects the command. The
        filler is not a command, and does not change the flash if it is taken as data.

        Raises:
            FlashError: The bootloader does not answer.
        """
        limit_s = min(_SILENCE_S, self._answer_limit_s)
        self._wait_for_silence(limit_s)
        sent = 0
        while sent <= _MOST_FILLER_BYTES and not self._deadline.has_passed:
            count = 1 if sent < 8 else 64
            self._port.write(_FILLER * count)
            sent += count
            answer = self._receive(1, limit_s)
            if answer and count == 1 and answer[0] == NACK:
                return
            if answer:  # many bytes were sent, so the last may be half a command
                self._wait_for_silence(limit_s)
                sent = 0
        raise FlashError("the bootloader no longer answers")

    def _wait_for_silence(self, limit_s: float) -> None:
        end = self._deadline.within(self._answer_limit_s)
        while self._receive(1, limit_s) and not end.has_passed:
            pass

    def _read_id(self) -> int:
        what = "get the chip's id"
        self._command(GET_ID, what)
        count = self._read(1, what)[0] + 1
        if count != 2:
            raise FlashError(f"the bootloader sent an id of {count} bytes")
        found = int.from_bytes(self._read(count, what), "big")
        self._acknowledge(what)
        return found

    def _write_once(self, address: int, block: bytes) -> None:
        what = f"write at 0x{address:08x}"
        padded = block + _FILLER * (-len(block) % WRITTEN_AT_ONCE)
        self._command(WRITE, what)
        self._send(struct.pack(">I", address), what)
        self._send(bytes([len(padded) - 1]) + padded, what)

    def _read_once(self, address: int, count: int) -> bytes:
        what = f"read at 0x{address:08x}"
        self._command(READ, what)
        self._send(struct.pack(">I", address), what)
        self._command(count - 1, what)
        return self._read(count, what)

    def _command(self, code: int, what: str) -> None:
        self._port.write(bytes([code, code ^ 0xFF]))
        self._acknowledge(what)

    def _send(self, payload: bytes, what: str, limit_s: float | None = None) -> None:
        self._port.write(payload + bytes([reduce(xor, payload)]))
        self._acknowledge(what, limit_s)

    def _acknowledge(self, what: str, limit_s: float | None = None) -> None:
        answer = self._read(1, what, limit_s)[0]
        if answer == NACK:
            raise FlashError(f"the bootloader refused to {what}; is the flash write-protected?")
        if answer != ACK:
            raise FlashError(f"the bootloader answered 0x{answer:02x} to {what!r}")

    def _read(self, count: int, what: str, limit_s: float | None = None) -> bytes:
        limit_s = limit_s or self._answer_limit_s
        data = self._receive(count, limit_s)
        if len(data) < count:
            raise FlashError(f"no complete answer to {what!r} within {limit_s:g} s")
        return data

    def _receive(self, count: int, limit_s: float) -> bytes:
        """Read this many bytes, or fewer if the deadline has passed."""
        end = self._deadline.within(limit_s)
        data = self._port.read(count)
        while len(data) < count and not end.has_passed:
            data += self._port.read(count - len(data))
        return data
