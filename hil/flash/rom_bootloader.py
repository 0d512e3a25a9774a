"""The ROM bootloader of an STM32 over a UART. Talks to an open serial port.

Source: ST's application note AN3155, "USART protocol used in the STM32 bootloader".
"""

import struct
import time
from collections.abc import Iterable
from functools import reduce
from operator import xor
from typing import Protocol

from firmware.errors import FlashError, NoAnswerError

ACK, NACK, SYNC = 0x79, 0x1F, 0x7F
GET_ID, READ, WRITE, EXTENDED_ERASE = 0x02, 0x11, 0x31, 0x44
MASS_ERASE = 0xFFFF
BLOCK_BYTES = 256
"""Most bytes of one transfer."""

SECTOR_ERASE_LIMIT_S, MASS_ERASE_LIMIT_S = 4.0, 60.0
"""Longest erase of a sector, of all: twice what DS11139, table 47, has for 8-bit parallelism."""
_ATTEMPTS = 3


class LoaderPort(Protocol):
    """What is needed of a port that pySerial has opened at 8E1."""

    def write(self, data: bytes) -> int | None:
        """Send bytes."""

    def read(self, size: int) -> bytes:
        """At most so many bytes; fewer after a short while."""

    def reset_input_buffer(self) -> None:
        """Forget what came."""


class RomBootloader:
    """A bootloader that has been started.

    Args:
        port: Its line.
        answer_limit_s: Longest wait for an answer to anything but an erase.
        erase_limit_s: Longest erase of one sector.
    """

    def __init__(
        self,
        port: LoaderPort,
        answer_limit_s: float = 2.0,
        erase_limit_s: float = SECTOR_ERASE_LIMIT_S,
    ) -> None:
        self._port = port
        self._answer_limit_s = answer_limit_s
        self._erase_limit_s = erase_limit_s

    def synchronise(self) -> None:
        """Let it measure the baud rate.

        Raises:
            NoAnswerError: Nothing came, or nothing but noise.
        """
        for _ in range(_ATTEMPTS):
            self._port.reset_input_buffer()
            self._port.write(bytes([SYNC]))
            answer = self._receive(1, self._answer_limit_s / _ATTEMPTS)
            # NACK: it has been synchronised before.
            if answer and answer[0] in (ACK, NACK):
                return
        raise NoAnswerError(
            "the ROM bootloader does not answer: is BOOT0 high at reset, are the lines' polarities "
            "as in the bench file, and is the adapter at the bootloader's pins?"
        )

    def device_id(self) -> int:
        """The chip's product id."""
        self._command(GET_ID, "get the chip's id")
        count = self._read(1, "get the chip's id")[0] + 1
        found = int.from_bytes(self._read(count, "get the chip's id"), "big")
        self._acknowledge("get the chip's id")
        return found

    def erase(self, sectors: Iterable[int]) -> None:
        """Erase sectors by their numbers; none means the whole flash."""
        numbers = list(sectors)
        codes = [len(numbers) - 1, *numbers] if numbers else [MASS_ERASE]
        payload = struct.pack(f">{len(codes)}H", *codes)
        self._command(EXTENDED_ERASE, "erase")
        limit_s = self._erase_limit_s * len(numbers) if numbers else MASS_ERASE_LIMIT_S
        self._send(payload, "erase", limit_s)

    def write(self, address: int, block: bytes) -> None:
        """Write at most `BLOCK_BYTES` bytes to erased flash."""
        what = f"write at 0x{address:08x}"
        padded = block + b"\xff" * (-len(block) % 4)
        self._command(WRITE, what)
        self._send(struct.pack(">I", address), what)
        self._send(bytes([len(padded) - 1]) + padded, what)

    def read(self, address: int, count: int) -> bytes:
        """At most `BLOCK_BYTES` bytes of the chip's memory."""
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
            raise FlashError(f"no whole answer to {what!r} within {limit_s:g} s")
        return data

    def _receive(self, count: int, limit_s: float) -> bytes:
        """So many bytes, or fewer if the time is over."""
        end = time.monotonic() + limit_s
        data = b""
        while len(data) < count and time.monotonic() < end:
            data += self._port.read(count - len(data))
        return data
