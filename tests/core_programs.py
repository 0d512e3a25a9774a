"""Firmware for every core and board, compiled without PlatformIO."""

from pathlib import Path

from codegen.cli import main as codegen
from firmware.boards import known_boards, load_board
from firmware.platformio import firmware_path
from firmware.targets import load_target
from nas.cli import main as nas
from tests.host_compiler import NN, ROOT, WARNINGS, kernel_objects, objects, run_compiler
from tests.small_model import small_model

BENCH = ROOT / "firmware" / "bench"
CORE_BOARDS = tuple(name for name in known_boards() if load_board(name).machine)
"""Boards of QEMU: Cortex-M0+, M3, M4, M7, M33."""
REAL_BOARDS = tuple(name for name in known_boards() if not load_board(name).machine)


def kernels_of(board: str) -> tuple[Path, ...]:
    """The kernels, compiled as in firmware; only once."""
    return kernel_objects(_command(board))


def small_with_golden(folder: Path) -> Path:
    """The model `small` in a folder, with its expected outputs beside it."""
    path = folder / "small.tflite"
    path.write_bytes(small_model())
    golden = str(folder / "small.golden.npz")
    assert nas(["golden", str(path), "--samples", "2", "--out", golden]) == 0
    return path


def built(model: Path, board: str, out: Path) -> Path:
    """Generate the project of `small` for a board and link its firmware; gives the project."""
    arguments = ["build", str(model), "--target", board, "--toolchain", "system"]
    assert codegen([*arguments, "--out", str(out)]) == 0
    linked(board, out)
    return out


def linked(board: str, project: Path) -> Path:
    """The firmware of a generated project of the model `small`, where PlatformIO would put it.

    Kernels and bench application, the same in all projects, are compiled once for each core.
    """
    bench = objects((*_command(board), f"-I{BENCH}"), _sources(BENCH))
    _check_same(BENCH, project / "src")
    _check_same(NN / "src", project / "lib" / "nn" / "src")
    shared = {path.stem for path in bench}
    own = [path for path in _sources(project / "src") if path.stem not in shared]
    own += _sources(project / "lib" / "small" / "src")
    elf = firmware_path(project, load_target(board))
    elf.parent.mkdir(parents=True)
    include = [f"-I{path}" for path in (*project.glob("lib/*/include"), project / "src")]
    run_compiler([*_command(board), *include, "-c", *map(str, own)], elf.parent)
    link = ["-Wl,--gc-sections", "-Wl,--fatal-warnings", "-Wl,--no-warn-rwx-segments"]
    link += ["-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs"]
    link += [f"-T{project / 'board.ld'}", f"-Wl,-Map={elf.with_suffix('.map')}", "-o", str(elf)]
    inputs = (*(elf.parent / f"{path.stem}.o" for path in own), *bench, *kernels_of(board))
    run_compiler([*_command(board), *link, *map(str, inputs), "-lm"])
    return elf


def _command(board: str) -> tuple[str, ...]:
    flags = ("-std=c11", "-O2", *WARNINGS, "-ffunction-sections", "-fdata-sections")
    return ("arm-none-eabi-gcc", *load_target(board).cpu_flags, *flags)


def _sources(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(folder.glob("*.c")))


def _check_same(shared: Path, copy: Path) -> None:
    """What was compiled from the SDK is what the project holds."""
    for path in shared.iterdir():
        assert (copy / path.name).read_bytes() == path.read_bytes()
