"""Chips: a core, its memories and its clock. Reads package data."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from firmware.chips.sectors import SectorRun, sectors_in
from firmware.records.description import Shelf
from firmware.records.reader import convert

CHIPS = Shelf("chip", Path(__file__).parent, ("memory", "debug", "clock", "firmware"))
_Address = Annotated[int, Meta(ge=0, lt=2**32)]
_Count = Annotated[int, Meta(ge=0, lt=2**32)]
_Size = Annotated[int, Meta(ge=1, le=2**32)]


@dataclass(frozen=True, slots=True)
class ChipTiming:
    """What the memories of a chip add to the time of its core.

    Attributes:
        wait_states: Of the flash, at the chip's clock.
        flash_line_bytes: Bytes that the flash reads at once.
        prefetches: Whether the next line of instructions is read in advance.
        instruction_lines: Lines of the cache for instructions.
        data_lines: Lines of the cache for data in flash.
        memory_origins: First addresses of the memories; loads from different ones do not overlap.
    """

    wait_states: _Count
    flash_line_bytes: _Size
    prefetches: bool
    instruction_lines: _Count
    data_lines: _Count
    memory_origins: tuple[_Address, ...]


@dataclass(frozen=True, slots=True)
class Chip:
    """The facts about a chip that the search, the generator and the bench need.

    Attributes:
        name: Name on the command line.
        description: Chip, core and clock in one line.
        core: The core's name, or its file.
        ram_origin: Address of the first byte of RAM.
        ram_bytes: Contiguous RAM from `ram_origin`.
        flash_origin: Address of the first byte of flash.
        flash_bytes: Contiguous flash from `flash_origin`.
        core_hz: Core clock that the board support sets up.
        coremark: CoreMark score at that clock.
        stack_bytes: Stack that the application reserves.
        family: Folder of its code in `firmware/board/`; empty if a board brings all of it.
        wait_states: Of the flash at `core_hz`.
        sectors: The sectors or pages of the flash, in the order of their addresses.
        erased_byte: What a byte of erased flash reads.
        device_id: DEV_ID of its debug unit; also the product id of its ROM bootloader.
        id_register: Address of DBGMCU_IDCODE, whose lower 12 bits are DEV_ID.
        timing: Of its memories; None if that is not known.
    """

    name: str
    description: str
    core: str
    ram_origin: _Address
    ram_bytes: _Size
    flash_origin: _Address
    flash_bytes: _Size
    core_hz: _Size
    coremark: _Size
    stack_bytes: _Size
    family: Annotated[str, Meta(pattern=r"^[a-z0-9_]*\Z")] = ""
    wait_states: _Count = 0
    sectors: tuple[SectorRun, ...] = ()
    erased_byte: Annotated[int, Meta(ge=0, le=255)] = 0xFF
    device_id: _Address = 0
    id_register: _Address = 0
    timing: ChipTiming | None = None

    def sectors_of(self, address: int, count: int) -> list[int]:
        """Numbers of the flash sectors that hold these bytes."""
        first = address - self.flash_origin
        return [
            own.number
            for own in sectors_in(self.sectors)
            if own.offset < first + count and first < own.offset + own.size_bytes
        ]


def known_chips() -> tuple[str, ...]:
    """Names of the chips that the SDK describes, sorted."""
    return CHIPS.names()


def load_chip(name_or_path: str, beside: Path | None = None) -> Chip:
    """Read the description of a chip.

    Args:
        name_or_path: Its name, or a TOML file in the same form.
        beside: Folder of the file that names it.

    Raises:
        ConfigError: There is no such chip, or the file lacks a fact.
    """
    path = CHIPS.find(name_or_path, beside)
    facts = CHIPS.facts(path, Chip)
    if isinstance(timing := facts.get("timing"), dict) and "wait_states" in facts:
        facts["timing"] = {"wait_states": facts["wait_states"]} | timing
    return convert(facts, Chip, path, CHIPS.kind)
