"""The ROM bootloader of the virtual Nucleo: the device side of AN3155. Pure."""

from collections.abc import Callable
from functools import reduce
from operator import xor

from firmware.chips.sectors import sectors_in
from firmware.targets import Target
from hil.flash.rom_bootloader import (
    ACK,
    EXTENDED_ERASE,
    GET_ID,
    MASS_ERASE,
    NACK,
    READ,
    SYNC,
    WRITE,
    WRITTEN_AT_ONCE,
)

_GET = 0x00
_VERSION = 0x31
MOST_ERASED = 512
"""Sectors or pages in one command: what the bootloader of an STM32L1 accepts."""


class VirtualBootloader:
    """Takes bytes from the host, answers them, and changes the flash.

    Args:
        target: The chip: its id, addresses and sectors.
        flash: The whole flash, which is changed.
        refuses: Whether it answers erases and writes with NACK, like a chip with protected flash.
    """

    def __init__(self, target: Target, flash: bytearray, refuses: bool = False) -> None:
        self._target = target
        self._flash = flash
        self._refuses = refuses
        self._received = b""
        self._next: Callable[[], bytes | None] = self._synchronise

    def feed(self, data: bytes) -> bytes:
        """The answer to these bytes, together with the earlier bytes."""
        self._received += data
        answers = b""
        while (answer := self._next()) is not None:
            answers += answer
        return answers

    def _take(self, count: int) -> bytes | None:
        if len(self._received) < count:
            return None
        taken, self._received = self._received[:count], self._received[count:]
        return taken

    def _synchronise(self) -> bytes | None:
        byte = self._take(1)
        if byte is None:
            return None
        if byte[0] != SYNC:
            return b""
        self._next = self._command
        return bytes([ACK])

    def _command(self) -> bytes | None:
        pair = self._take(2)
        if pair is None:
            return None
        known = {
            _GET: self._tell_commands,
            GET_ID: self._tell_id,
            READ: self._start_read,
            WRITE: self._start_write,
            EXTENDED_ERASE: self._start_erase,
        }
        if pair[0] ^ pair[1] != 0xFF or pair[0] not in known:
            return bytes([NACK])
        return known[pair[0]]()

    def _tell_commands(self) -> bytes:
        codes = bytes([_VERSION, _GET, GET_ID, READ, WRITE, EXTENDED_ERASE])
        return bytes([ACK, len(codes) - 1]) + codes + bytes([ACK])

    def _tell_id(self) -> bytes:
        return bytes([ACK, 1]) + self._target.device_id.to_bytes(2, "big") + bytes([ACK])

    def _start_read(self) -> bytes:
        self._next = lambda: self._address(self._read_block)
        return bytes([ACK])

    def _start_write(self) -> bytes:
        self._next = lambda: self._address(self._write_block)
        return bytes([ACK])

    def _start_erase(self) -> bytes:
        self._next = self._erase
        return bytes([ACK])

    def _end(self, is_done: bool) -> bytes:
        self._next = self._command
        return bytes([ACK if is_done else NACK])

    def _address(self, block: Callable[[int], bytes | None]) -> bytes | None:
        data = self._take(5)
        if data is None:
            return None
        offset = int.from_bytes(data[:4], "big") - self._target.flash_origin
        if reduce(xor, data) != 0 or not 0 <= offset < len(self._flash):
            return self._end(False)
        self._next = lambda: block(offset)
        return bytes([ACK])

    def _read_block(self, offset: int) -> bytes | None:
        pair = self._take(2)
        if pair is None:
            return None
        if pair[0] ^ pair[1] != 0xFF:
            return self._end(False)
        return self._end(True) + bytes(self._flash[offset : offset + pair[0] + 1])

    def _write_block(self, offset: int) -> bytes | None:
        if not self._received:
            return None
        data = self._take(self._received[0] + 3)
        if data is None:
            return None
        block = data[1:-1]
        is_aligned = offset % WRITTEN_AT_ONCE == len(block) % WRITTEN_AT_ONCE == 0
        is_there = offset + len(block) <= len(self._flash)
        if reduce(xor, data) != 0 or self._refuses or not (is_aligned and is_there):
            return self._end(False)
        # Without an erase, writing can only change the bits that an erase has left.
        erased = self._target.chip.erased_byte
        for index, byte in enumerate(block, offset):
            self._flash[index] = erased ^ (self._flash[index] ^ erased | byte ^ erased)
        return self._end(True)

    def _erase(self) -> bytes | None:
        if len(self._received) < 2:
            return None
        count = int.from_bytes(self._received[:2], "big")
        is_all = count == MASS_ERASE
        data = self._take(3 if is_all else 2 + 2 * (count + 1) + 1)
        if data is None:
            return None
        numbers = [int.from_bytes(data[i : i + 2], "big") for i in range(2, len(data) - 1, 2)]
        known = {own.number: own for own in sectors_in(self._target.chip.sectors)}
        sectors = list(known) if is_all else numbers
        is_known = known.keys() >= set(sectors) and len(sectors) <= MOST_ERASED
        if reduce(xor, data) != 0 or self._refuses or not is_known:
            return self._end(False)
        for number in sectors:
            start, size = known[number].offset, known[number].size_bytes
            self._flash[start : start + size] = bytes([self._target.chip.erased_byte]) * size
        return self._end(True)
