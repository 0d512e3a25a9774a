"""Measures the flash and RAM of a linked firmware. Reads an ELF file."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import DWARFError, ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Symbol, SymbolTableSection

from firmware.errors import BoardError, FileError
from firmware.regular_file import open_regular


@dataclass(frozen=True, slots=True)
class FirmwareSize:
    """Bytes of a linked firmware.

    Attributes:
        flash_bytes: Everything that is written to flash.
        model_bytes: The part of flash that is the model: weights, or the .tflite.
        ram_bytes: Everything that is reserved in RAM, the stack included.
        ram_end: First address after the reserved RAM.
    """

    flash_bytes: int
    model_bytes: int
    ram_bytes: int
    ram_end: int

    @property
    def code_bytes(self) -> int:
        """Flash without the model: code, constants, start values."""
        return self.flash_bytes - self.model_bytes


def measure_elf(path: Path, model_symbols: tuple[str, ...]) -> FirmwareSize:
    """Read the sizes of a linked firmware.

    Args:
        path: The ELF.
        model_symbols: Prefixes of the symbols that belong to the model.

    Raises:
        BoardError: The file is no firmware.
    """
    with open_elf(path) as elf:
        return _measure(elf, model_symbols)


@contextlib.contextmanager
def open_elf(path: Path) -> Iterator[ELFFile]:
    """Open a firmware for reading.

    Raises:
        BoardError: The file is no firmware.
    """
    try:
        with open_regular(path) as stream:
            yield ELFFile(stream)
    except FileError as error:
        raise BoardError(str(error)) from error
    except OSError as error:
        raise BoardError(f"could not read {str(path)!r}: {error.strerror}") from error
    except (ELFError, DWARFError) as error:
        raise BoardError(f"{str(path)!r} is not an ELF file: {error}") from error


@dataclass(frozen=True, slots=True)
class ElfArray:
    """An array of the firmware: its first address, and its size."""

    origin: int
    size_bytes: int


def arrays_of(path: Path, names: tuple[str, ...]) -> list[ElfArray]:
    """The arrays with these names; those that the firmware does not have are left out.

    Raises:
        BoardError: The file is no firmware.
    """
    with open_elf(path) as elf:
        return [
            ElfArray(symbol["st_value"], symbol["st_size"])
            for symbol in _objects(elf)
            if symbol.name in names
        ]


@dataclass(frozen=True, slots=True)
class ElfSymbol:
    """A function, an object or a place that has a name, with its size in bytes."""

    name: str
    address: int
    size_bytes: int


def symbols_of(path: Path) -> frozenset[ElfSymbol]:
    """All symbols of a firmware that lie in its memories.

    Raises:
        BoardError: The file is no firmware.
    """
    with open_elf(path) as elf:
        return frozenset(
            ElfSymbol(own.name, own["st_value"], own["st_size"])
            for own in _symbols(elf)
            if own.name and own["st_shndx"] not in ("SHN_UNDEF", "SHN_ABS")
        )


def read_compilers(path: Path) -> tuple[str, ...]:
    """The compilers of the firmware with all flags, from the debug information; sorted.

    Raises:
        BoardError: The file is no firmware.
    """
    with open_elf(path) as elf:
        if not elf.has_dwarf_info():
            return ()
        units = [unit.get_top_DIE() for unit in elf.get_dwarf_info().iter_CUs()]
    producers = [unit.attributes.get("DW_AT_producer") for unit in units]
    return tuple(sorted({own.value.decode(errors="replace") for own in producers if own}))


def _measure(elf: ELFFile, model_symbols: tuple[str, ...]) -> FirmwareSize:
    allocated = [s for s in elf.iter_sections() if s["sh_flags"] & SH_FLAGS.SHF_ALLOC]
    written = [s for s in allocated if s["sh_type"] != "SHT_NOBITS"]
    in_ram = [s for s in allocated if s["sh_flags"] & SH_FLAGS.SHF_WRITE and _is_ram(s["sh_addr"])]
    return FirmwareSize(
        flash_bytes=sum(s["sh_size"] for s in written),
        model_bytes=_symbol_bytes(elf, model_symbols),
        ram_bytes=sum(s["sh_size"] for s in in_ram),
        ram_end=max((s["sh_addr"] + s["sh_size"] for s in in_ram), default=0),
    )


def _is_ram(address: int) -> bool:
    """Whether an address lies in the SRAM region of the core's memory map (DDI 0403, B3.1)."""
    return bool(0x20000000 <= address < 0x40000000)


def _symbols(elf: ELFFile) -> Iterator[Symbol]:
    table = elf.get_section_by_name(".symtab")
    if isinstance(table, SymbolTableSection):
        yield from table.iter_symbols()


def _objects(elf: ELFFile) -> Iterator[Symbol]:
    yield from (own for own in _symbols(elf) if own["st_info"]["type"] == "STT_OBJECT")


def _symbol_bytes(elf: ELFFile, beginnings: tuple[str, ...]) -> int:
    return sum(own["st_size"] for own in _objects(elf) if own.name.startswith(beginnings))
