"""Divides the code of a firmware by origin. Reads the linker's map beside the ELF."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.constants import SH_FLAGS

from firmware.errors import BoardError, FileError
from firmware.regular_file import open_regular, size_of
from hil.elf import open_elf
from hil.project import Project

MOST_MAP_BYTES = 64 << 20
_BEGINNING = "Linker script and memory map"
_INPUT, _STUBS = "LOAD ", "LOAD linker stubs"
_SECTION = re.compile(r"( ?)(\S+)?\s+0x[0-9a-f]+\s+0x([0-9a-f]+)(?: (\S.*))?")
"""Of the firmware, or indented and with its file: of an object file. A long name is on a line of
its own before."""
_LIBRARIES = {"static": "nn", "tflm": "tflm"}
"""The library of each runtime in a project. The generated library of the model is separate."""
_ARCHIVES = {"static": (), "tflm": ("libtflm_core.a", "libtflm_kernels.a", "libtflm_cmsis_nn.a")}
"""Archives that lib/tflm/compile_tflm.py compiles from the runtime's sources."""


@dataclass(frozen=True, slots=True)
class CodeParts:
    """Bytes of code, constants and start values in flash, by origin. The model is not included.

    Equal strings, which the linker merges, count for the first file. Padding between files counts
    for none.

    Attributes:
        runtime_bytes: Kernels or interpreter, and the code generated for the model.
        application_bytes: The bench application and the board support.
        toolchain_bytes: The compiler's libraries.
    """

    runtime_bytes: int
    application_bytes: int
    toolchain_bytes: int


@dataclass(frozen=True, slots=True)
class MapSection:
    """A section of an object file in the firmware.

    Attributes:
        within: The section of the firmware that contains it.
        name: Its name, such as `.text.main`.
        size_bytes: Its size in the firmware.
        file: The object file; in an archive, the archive with the object in brackets.
    """

    within: str
    name: str
    size_bytes: int
    file: str


def measure_code(project: Project) -> CodeParts | None:
    """The code of a runtime in a firmware, and the shared code.

    None if there is no map beside the ELF, or it is of another build.

    Raises:
        BoardError: The firmware or its map cannot be read.
    """
    path = project.firmware.with_suffix(".map")
    if not path.exists():
        return None
    sizes, sections = read_map(_lines(path))
    written = _written_sections(project.firmware)
    if any(sizes.get(name) != size_bytes for name, size_bytes in written.items()):
        return None
    return _add_up(project, (own for own in sections if own.within in written))


def read_map(lines: Iterable[str]) -> tuple[dict[str, int], list[MapSection]]:
    """The sections of a firmware with their bytes, and those of object files in them."""
    sizes: dict[str, int] = {}
    sections: list[MapSection] = []
    within = name = ""
    for line in _after_beginning(lines):
        found = _SECTION.fullmatch(line)
        if found is None:
            # A name whose figures are on the next line, or nothing of interest.
            name = line.strip()
            within = within if line.startswith(" ") else name
            continue
        indent, own_name, size, file = found.groups()
        if own_name is not None and not indent:
            within = own_name
        name = own_name or name
        if name == within and (file is None or file.startswith("load address ")):
            sizes[name] = int(size, 16)
        elif file is not None:
            sections.append(MapSection(within, name, int(size, 16), file))
    return sizes, sections


def read_inputs(path: Path) -> list[str]:
    """The files that were linked, in their order, with the options of `ld` that group them.

    Args:
        path: The map.

    Raises:
        BoardError: The map cannot be read.
    """
    groups = {"START GROUP": "--start-group", "END GROUP": "--end-group"}
    inputs = []
    for line in _after_beginning(_lines(path)):
        if line in groups:
            inputs.append(groups[line])
        elif line.startswith(_INPUT) and line != _STUBS:
            inputs.append(line.removeprefix(_INPUT))
    return inputs


def _after_beginning(lines: Iterable[str]) -> Iterator[str]:
    """The lines after the lists of archives and of discarded sections."""
    several = iter(lines)
    for line in several:
        if line == _BEGINNING:
            yield from several


def _lines(path: Path) -> list[str]:
    try:
        with open_regular(path) as stream:
            if size_of(stream) > MOST_MAP_BYTES:
                raise BoardError(f"{str(path)!r} has more than {MOST_MAP_BYTES:,} bytes")
            return stream.read().decode(errors="replace").splitlines()
    except FileError as error:
        raise BoardError(str(error)) from error
    except OSError as error:
        raise BoardError(f"could not read {str(path)!r}: {error.strerror}") from error


def _written_sections(elf: Path) -> dict[str, int]:
    """The sections that are written to flash, with their bytes."""
    with open_elf(elf) as opened:
        return {
            section.name: section["sh_size"]
            for section in opened.iter_sections()
            if section["sh_flags"] & SH_FLAGS.SHF_ALLOC
            and section["sh_type"] != "SHT_NOBITS"
            and section["sh_size"]
        }


def _add_up(project: Project, sections: Iterable[MapSection]) -> CodeParts:
    parts: Counter[str] = Counter()
    for section in sections:
        parts[_owner(project, section)] += section.size_bytes
    return CodeParts(parts["runtime"], parts["application"], parts["toolchain"])


def _owner(project: Project, section: MapSection) -> str:
    """The owner of a section; empty for the model or another runtime."""
    _, is_built_here, place = section.file.partition(f".pio/build/{project.target.environment}/")
    if not is_built_here:
        return "toolchain"
    if section.name.split(".")[-1].startswith(project.model_symbols):
        return ""
    first, *rest = place.partition("(")[0].split("/")
    if first == "src":
        return "application"
    libraries = (_LIBRARIES[project.runtime], project.model_name)
    is_own = first in _ARCHIVES[project.runtime] or (bool(rest) and rest[0] in libraries)
    return "runtime" if is_own else ""
