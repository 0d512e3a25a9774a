"""Reads the log that the plugin of the cycle model writes. Reads a file."""

import struct
from collections.abc import Sequence
from pathlib import Path

from hil.elf import ElfArray
from hil.modelled import STALLS, Counts, Mark

TICK_COUNTER = 0xE000_E018
"""SYST_CVR, which the firmware reads for its ticks. Source: ARM DDI 0403, B3.3.5."""
TICK_BYTES = 4
_RECORD = struct.Struct(f"={4 + len(STALLS)}Q")
_STORE = 1 << 32


class CycleLog:
    """The records of the plugin, as they are appended.

    Args:
        path: The log.
        arrays: Arrays of ticks that are marked beside the counter.
    """

    def __init__(self, path: Path, arrays: Sequence[ElfArray]) -> None:
        self._path = path
        self._arrays = arrays
        self._read_bytes = 0

    def taken(self) -> list[Mark]:
        """The marks since the last call."""
        with self._path.open("rb") as stream:
            stream.seek(self._read_bytes)
            data = stream.read()
        whole = len(data) - len(data) % _RECORD.size
        self._read_bytes += whole
        return [self._mark(*values) for values in _RECORD.iter_unpack(data[:whole])]

    def _mark(self, access: int, instructions: int, cycles: int, *rest: int) -> Mark:
        address = access % _STORE
        step = next(
            (
                (address - own.origin) // TICK_BYTES
                for own in self._arrays
                if 0 <= address - own.origin < own.size_bytes
            ),
            None,
        )
        counts = Counts(instructions, cycles, rest[0], rest[1:])
        return Mark(step, access >= _STORE, counts)
