"""Measures how much more flash and variables the board support of each family takes.

    python -m benchmarks.board_size --out codegen/boards_code.json

The tables of `benchmarks.code_size` have the bench application on the board where a core is
measured. The same firmware is linked here for each board of the SDK, without PlatformIO.
"""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.code_size import compiler_version
from benchmarks.measured_cores import BOARDS, target_of
from benchmarks.random_networks import random_network
from codegen.project.build import build_project
from codegen.project.source import find_model
from firmware.boards import known_boards
from firmware.files import write_json
from firmware.targets import Target, load_target
from hil.elf import FirmwareSize, measure_elf

SEED = 0
SCHEMA = 1


def main() -> int:
    """Link, compare, write the table; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="the table")
    arguments = parser.parse_args()
    table = make_table()
    write_json(arguments.out, {"schema": SCHEMA, "compiler": compiler_version(), "cores": table})
    for core, families in table.items():
        for family, more in families.items():
            print(f"{core:<16}{family:<10}{more['flash_bytes']:>+7}{more['ram_bytes']:>+7}")
    return 0


def make_table() -> dict[str, dict[str, dict[str, int]]]:
    """Bytes more than on the measured board, by core and family.

    The board of a core stands for its whole family, as the first one of any other family does.
    """
    nothing = {"flash_bytes": 0, "ram_bytes": 0}
    table = {core: {target_of(core).family: nothing} for core in sorted(BOARDS)}
    families: dict[tuple[str, str], Target] = {}
    for target in map(load_target, known_boards()):
        if target.family not in table[target.core]:
            families.setdefault((target.core, target.family), target)
    with tempfile.TemporaryDirectory() as folder:
        measured = {core: _size(target_of(core), Path(folder) / core) for core in sorted(BOARDS)}
        for (core, family), target in sorted(families.items()):
            own = _size(target, Path(folder) / f"{core}-{family}")
            table[core][family] = {
                "flash_bytes": own.flash_bytes - measured[core].flash_bytes,
                "ram_bytes": own.ram_bytes - measured[core].ram_bytes,
            }
    return {core: dict(sorted(own.items())) for core, own in table.items()}


def _size(target: Target, folder: Path) -> FirmwareSize:
    """The firmware of a network, without the reserved stack."""
    folder.mkdir()
    model = folder / "sized.tflite"
    model.write_bytes(random_network(SEED))
    build_project(find_model(model), target, folder / "project", "static", "system")
    size = measure_elf(_link(folder / "project", target), ())
    return replace(size, ram_bytes=size.ram_bytes - target.stack_bytes)


def _link(project: Path, target: Target) -> Path:
    """Compile and link a project as PlatformIO does. Returns its ELF."""
    elf = project / "firmware.elf"
    command = ["arm-none-eabi-gcc", *target.cpu_flags, "-std=c11", "-O2", "-ffunction-sections"]
    command += ["-fdata-sections", "-fno-common", "-nostartfiles", "--specs=nano.specs"]
    command += ["--specs=nosys.specs", "-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments"]
    command += [f"-I{own}" for own in (project / "src", *project.glob("lib/*/include"))]
    sources = [*sorted(project.glob("src/*.c")), *sorted(project.glob("lib/*/src/*.c"))]
    command += [f"-T{project / 'board.ld'}", "-o", str(elf), *map(str, sources), "-lm"]
    subprocess.run(command, check=True, timeout=300)
    return elf


if __name__ == "__main__":
    sys.exit(main())
