"""Reads the flash content of a linked firmware from its ELF, as one block."""

from dataclasses import dataclass
from pathlib import Path

from firmware.errors import BoardError
from hil.elf import open_elf

ERASED = 0xFF


@dataclass(frozen=True, slots=True)
class FlashImage:
    """Bytes, and the address of the first byte."""

    address: int
    content: bytes


def read_image(elf: Path) -> FlashImage:
    """The loadable segments of an ELF at the addresses where flash holds them.

    Raises:
        BoardError: The file is no firmware.
    """
    with open_elf(elf) as file:
        segments = [
            (segment["p_paddr"], segment.data())
            for segment in file.iter_segments()
            if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]
        ]
    if not segments:
        raise BoardError(f"{str(elf)!r} contains nothing to write to the flash")
    first = min(address for address, _ in segments)
    end = max(address + len(data) for address, data in segments)
    content = bytearray([ERASED]) * (end - first)
    for address, data in segments:
        content[address - first : address - first + len(data)] = data
    return FlashImage(first, bytes(content))
