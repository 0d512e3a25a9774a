"""Links the firmware of a chip again for another machine of QEMU. Runs compiler and linker.

The object files are the same, in the same order. So all code and data are at the same places in
flash and RAM; only the address at which flash begins differs. The functions that use the chip's
clock, serial port and identity stay where they are, but the machine's own are called instead.
"""

import contextlib
import re
import tempfile
from collections.abc import Iterator, Sequence
from importlib.resources import as_file, files
from pathlib import Path

from firmware.child_process import run_to_end
from firmware.errors import BuildError
from firmware.printable import printable
from firmware.targets import Target
from firmware.targets.machine import EmulatedMachine
from hil.elf import ElfSymbol, symbols_of
from hil.linker_map import read_inputs
from hil.project import Project

_LIMIT_S = 120.0
_SHOWN_CHARACTERS = 300
_FAMILY = "cortex_m"
"""Folder of the board support that all machines share, with the headers."""
_SOURCES = ("clock.c", "identity.c", "usart.c")
_REPLACED = (
    *("clock_start", "clock_wait_states", "clock_flash_caches"),
    *("identity_read", "identity_uid", "identity_reset_cause"),
    *("usart_start", "usart_read", "usart_write"),
)
"""The functions of `_SOURCES`, which each chip implements."""
_WRAPPED = "__wrap_"
"""Prefix of the functions that `ld --wrap` calls instead."""
_FLASH = re.compile(r"(FLASH \(rx\) : ORIGIN = )0x[0-9a-f]+")
_SECTIONS = "SECTIONS\n{\n"


@contextlib.contextmanager
def linked_for(machine: EmulatedMachine, project: Project) -> Iterator[Path]:
    """The ELF of a project for a machine; it is removed afterwards if it was linked for it.

    Raises:
        BuildError: It cannot be linked for the machine.
        BoardError: The firmware or its map cannot be read.
    """
    if not machine.support:
        yield project.firmware
        return
    with tempfile.TemporaryDirectory(prefix="mcu-nas-machine-") as folder:
        yield _link(machine, project, Path(folder))


def _link(machine: EmulatedMachine, project: Project, folder: Path) -> Path:
    objects = _compile_support(machine, project.target, folder)
    script, elf = folder / "board.ld", folder / "firmware.elf"
    script.write_text(_script(machine, project))
    command = ["arm-none-eabi-ld", "--gc-sections", "--fatal-warnings", "--no-warn-rwx-segments"]
    command += [f"--script={script}", f"--output={elf}"]
    for name in _REPLACED:
        # The chip's own function stays in its place, though nothing calls it.
        command += [f"--wrap={name}", f"--undefined={name}"]
    _run([*command, *_inputs(project), *map(str, objects)], machine)
    _check_places(project, elf, machine)
    return elf


def _compile_support(machine: EmulatedMachine, target: Target, folder: Path) -> list[Path]:
    """Compile the machine's own functions, named as the linker calls them."""
    objects = []
    flags = [*target.cpu_flags, "-std=c11", "-O2", "-g", "-Wall", "-Wextra", "-Werror"]
    flags += [f"-D{name}={_WRAPPED}{name}" for name in _REPLACED]
    with as_file(files("firmware") / "board") as boards:
        for name in _SOURCES:
            objects.append(folder / f"{machine.support}_{name}.o")
            command = ["arm-none-eabi-gcc", *flags, f"-I{boards / _FAMILY}", "-c"]
            command += ["-o", str(objects[-1]), str(boards / machine.support / name)]
            _run(command, machine)
    return objects


def _script(machine: EmulatedMachine, project: Project) -> str:
    """The linker script of the project, with flash at the machine's address.

    The machine's own functions lie after its flash, so that they move nothing.
    """
    path = project.folder / "board.ld"
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BuildError(f"could not read {str(path)!r}: {error.strerror}") from error
    support = (
        f"    .support {machine.flash_origin + machine.flash_bytes:#x} :\n"
        f"    {{ *{machine.support}_*.o(.text .text.* .rodata .rodata.*) }}\n"
    )
    moved, count = _FLASH.subn(rf"\g<1>{machine.flash_origin:#010x}", text)
    if count != 1 or moved.count(_SECTIONS) != 1:
        raise BuildError(
            f"{str(path)!r} is not the generated one, so the firmware cannot be linked for "
            f"{machine.name}; generate the project again with 'codegen build'"
        )
    return moved.replace(_SECTIONS, _SECTIONS + support)


def _inputs(project: Project) -> list[str]:
    """The linked files of the firmware; those of the project with their absolute path."""
    path = project.firmware.with_suffix(".map")
    if not path.exists():
        raise BuildError(
            f"{str(path)!r} is missing, which lists what was linked; generate the project again "
            "with 'codegen build', and run without --no-build"
        )
    folder = project.folder.resolve()
    return [own if own.startswith("--") else str(folder / own) for own in read_inputs(path)]


def _run(command: Sequence[str], machine: EmulatedMachine) -> None:
    try:
        finished = run_to_end(command, _LIMIT_S)
    except TimeoutError as error:
        raise BuildError(f"could not link the firmware for {machine.name}: {error}") from error
    except OSError as error:
        raise BuildError(
            f"could not link the firmware for {machine.name}: {command[0]!r}: {error.strerror}; "
            "install it (Debian: apt-get install gcc-arm-none-eabi)"
        ) from error
    if finished.exit_code != 0:
        said = printable(" ".join(finished.output.split()))[-_SHOWN_CHARACTERS:]
        raise BuildError(f"could not link the firmware for {machine.name}: {said}")


def _check_places(project: Project, elf: Path, machine: EmulatedMachine) -> None:
    """Raise an error if anything lies elsewhere: instructions and cycles would not be the chip's.

    Raises:
        BuildError: A symbol of the firmware is missing, or at another place.
    """
    moved = {_moved(own, project.target, machine) for own in symbols_of(project.firmware)}
    if others := sorted(own.name for own in moved - symbols_of(elf)):
        raise BuildError(
            f"{printable(others[0])} and {len(others) - 1} other names do not keep their places in "
            f"the firmware for {machine.name}: it was not built from the project's current files; "
            "run without --no-build"
        )


def _moved(symbol: ElfSymbol, target: Target, machine: EmulatedMachine) -> ElfSymbol:
    """A symbol as it is on the machine: what is in flash has another address."""
    offset = symbol.address - target.flash_origin
    if not 0 <= offset <= target.flash_bytes:
        return symbol
    return ElfSymbol(symbol.name, machine.flash_origin + offset, symbol.size_bytes)
