"""Firmware for the boards of QEMU, one for each core, compiled without PlatformIO."""

from pathlib import Path

from firmware.platformio import firmware_path
from firmware.targets import load_target
from tests.host_compiler import ROOT, WARNINGS, kernel_objects, objects, run_compiler

CORE_BOARDS = ("microbit", "mps2-an385", "mps2-an386", "mps2-an500", "mps2-an505")
"""Cortex-M0+, M3, M4, M7, M33."""


def kernels_of(board: str) -> tuple[Path, ...]:
    """The kernels, compiled as in firmware; only once."""
    return kernel_objects(_command(board))


def linked(board: str, project: Path) -> Path:
    """The firmware of a generated project of the model `small`, where PlatformIO would put it."""
    target, firmware = load_target(board), ROOT / "firmware"
    folders = [firmware / "bench", *(firmware / "board" / own for own in target.board_folders)]
    command = (*_command(board), *(f"-I{own}" for own in folders))
    shared = objects(command, tuple(own for folder in folders for own in _sources(folder)))
    elf = firmware_path(project, target)
    elf.parent.mkdir(parents=True)
    include = [f"-I{own}" for own in (*project.glob("lib/*/include"), project / "src")]
    own = [project / "src" / "bench_model.c", *project.glob("lib/small/src/*.c")]
    link = ["-Wl,--gc-sections", "-Wl,--fatal-warnings", "-Wl,--no-warn-rwx-segments"]
    link += ["-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs"]
    link += [f"-T{project / 'board.ld'}", "-o", str(elf)]
    run_compiler([*command, *include, *link, *map(str, (*own, *shared, *kernels_of(board))), "-lm"])
    return elf


def _command(board: str) -> tuple[str, ...]:
    flags = ("-std=c11", "-O2", *WARNINGS, "-ffunction-sections", "-fdata-sections")
    return ("arm-none-eabi-gcc", *load_target(board).cpu_flags, *flags)


def _sources(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.c"))
