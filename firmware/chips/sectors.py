"""The parts of a flash that can be erased, with the numbers that the ROM bootloader uses. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta


@dataclass(frozen=True, slots=True)
class SectorRun:
    """Sectors, or pages, of one size that follow each other.

    Attributes:
        first: Number of the first one. A second bank need not continue the numbers of the first.
        count: How many there are.
        size_bytes: Size of each.
    """

    first: Annotated[int, Meta(ge=0, lt=2**16)]
    count: Annotated[int, Meta(ge=1, le=2**16)]
    size_bytes: Annotated[int, Meta(ge=1, le=2**32)]


@dataclass(frozen=True, slots=True)
class Sector:
    """A part of the flash that is erased at once.

    Attributes:
        number: Its number for the ROM bootloader.
        offset: Bytes from the first byte of flash.
        size_bytes: Its size.
    """

    number: int
    offset: int
    size_bytes: int


def sectors_in(runs: Sequence[SectorRun]) -> Iterator[Sector]:
    """All sectors of a flash, in the order of their addresses."""
    offset = 0
    for run in runs:
        for number in range(run.first, run.first + run.count):
            yield Sector(number, offset, run.size_bytes)
            offset += run.size_bytes
