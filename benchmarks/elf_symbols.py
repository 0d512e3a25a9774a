"""What a linked firmware holds in flash, by name. Reads an ELF file."""

import re
from collections.abc import Iterator
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

RAM = range(0x20000000, 0x40000000)


def named_symbols(elf: Path) -> Iterator[tuple[str, str, int]]:
    """Source file, name and bytes of everything in flash that has a name; every byte once."""
    reached = 0
    for address, size, name, source in sorted(_named(elf), key=lambda s: (s[0], -s[1])):
        if address + size > reached:
            yield source, name, address + size - max(address, reached)
            reached = address + size


def named_bytes(elf: Path) -> dict[str, int]:
    """Bytes in flash by name; names that are static several times share an entry."""
    sizes: dict[str, int] = {}
    for _, name, size in named_symbols(elf):
        sizes[name] = sizes.get(name, 0) + size
    return sizes


def objects_named(elf: Path, pattern: str) -> list[int]:
    """Bytes of those of which the name begins so."""
    return [size for _, size, name, _ in _named(elf) if re.match(pattern, name)]


def _named(elf: Path) -> Iterator[tuple[int, int, str, str]]:
    """Address, bytes, name and source file (of those that are static) of functions and objects."""
    with elf.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        source = ""
        for symbol in table.iter_symbols():
            if symbol["st_info"]["type"] == "STT_FILE":
                source = symbol.name
            is_named = symbol["st_info"]["type"] in ("STT_OBJECT", "STT_FUNC")
            address = symbol["st_value"] & ~1
            if is_named and symbol["st_size"] > 0 and address not in RAM:
                is_static = symbol["st_info"]["bind"] == "STB_LOCAL"
                yield address, symbol["st_size"], symbol.name, source if is_static else ""
