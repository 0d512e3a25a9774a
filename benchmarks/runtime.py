"""What the static runtime takes of each model, on the virtual board, beside its peers.

    python -m benchmarks.runtime MODEL.tflite... [--cores MODEL.tflite] [--json FILE] [--check FILE]

`--cores` runs one more model on the board of QEMU of each core, for its instructions there.

Bytes and instructions are exact, so `--check` compares them exactly with a recorded file and exits
with 1 if anything became worse. Outputs are checked where `MODEL.golden.npz` lies beside a model.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.model.graph import DEFAULT_ROUNDING
from codegen.project.build import build_project
from codegen.project.source import find_model
from firmware.boards import known_boards
from firmware.files import write_json
from firmware.platformio import run_platformio
from firmware.records.conversion import to_record
from firmware.targets import Target, load_target
from hil.bench.ready_board import VIRTUAL, Choice
from hil.elf import measure_elf
from hil.measure import Settings
from hil.project import Project, read_project
from hil.record import record
from hil.session import Session, run_on_board

ROOT = Path(__file__).parent.parent
CHECKED = ("arena_bytes", "stack_peak_bytes", "runtime_code_bytes", "weight_bytes", "instructions")
CORES = "on each core"
"""Key of the figures of `--cores`, beside the names of the models."""
MACS_PER_SMLAD = 2


@dataclass(frozen=True, slots=True)
class Peer:
    """Published or measured figures of another runtime for the same file.

    Source: TensorFlow Lite Micro of August 2026 with CMSIS-NN, int8 kernels alone registered,
    arm-none-eabi-gcc 12.2 -O2, counted in the same virtual board. Code excludes model and harness.
    """

    name: str
    arena_bytes: int
    stack_bytes: int
    code_bytes: int
    instructions: int


_USING = """
#include "{name}.h"
static _Alignas(16) uint8_t arena[{upper}_ARENA_BYTES];
int main(void) {{
    {name}_init(arena, sizeof arena);
#ifdef {upper}_INPUT_ROWS
    static {name}_input_t row[{upper}_INPUT_ROW_COUNT];
    {name}_begin();
    for (int y = 0; y < {upper}_INPUT_ROWS; y++) {{
        {name}_push_row(row);
    }}
    return (int){name}_end() + (int)*{name}_output();
#else
    return (int){name}_invoke() + (int)*{name}_output() + (int)*{name}_input();
#endif
}}
"""
"""An application that runs a model."""

PEERS = {
    "e928aab4e327": Peer("TFLM + CMSIS-NN", 30_484, 948, 61_580, 7_492_487),
    "808cfdfc0cf3": Peer("TFLM + CMSIS-NN", 82_308, 988, 45_668, 22_927_978),
}
"""By the first digits of the model's SHA-256."""


def main() -> int:
    """Run the benchmark; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL.tflite")
    parser.add_argument("--cores", type=Path, metavar="MODEL.tflite", help="run it on each core")
    parser.add_argument("--target", default="stm32f412", help="chip (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also replace the figures there")
    parser.add_argument("--check", type=Path, metavar="FILE", help="compare with recorded figures")
    arguments = parser.parse_args()
    if not arguments.models and not arguments.cores:
        parser.error("name a model, or one with --cores")
    target = load_target(arguments.target)
    figures: dict[str, Any] = {}
    for model in arguments.models:
        figures[model.stem] = measure_model(model, target)
        print(model_text(model.stem, figures[model.stem]), end="\n\n")
    if arguments.cores:
        cores = measure_cores(arguments.cores)
        figures[CORES] = {arguments.cores.stem: cores}
        print(cores_text(arguments.cores.stem, cores), end="\n\n")
    if arguments.json:
        others = _recorded(arguments.json) if arguments.json.exists() else {}
        write_json(arguments.json, others | figures)
    return 0 if arguments.check is None else check(figures, _recorded(arguments.check))


def run_model(
    model: Path,
    target: Target,
    path: Path,
    runtime: str = "static",
    before_build: Callable[[], None] = lambda: None,
    rounding: str = DEFAULT_ROUNDING,
) -> tuple[Project, dict[str, Any]]:
    """Build the project of a model in `path`, boot it, measure it; as measurement.json has it."""
    build_project(find_model(model), target, path, runtime, "system", rounding=rounding)
    before_build()
    run_platformio(path, target)
    (project,) = read_project(path)
    (verdict,) = run_on_board(Session((project,), Settings(300.0)), Choice(VIRTUAL))
    return project, to_record(record(verdict))


def measure_model(model: Path, target: Target) -> dict[str, Any]:
    """Build, boot and measure a model; gives the part of measurement.json that is its own."""
    with tempfile.TemporaryDirectory() as folder:
        project, figures = run_model(model, target, Path(folder) / "project")
        code_bytes = runtime_code_bytes(project, target, Path(folder))
    # The whole firmware changes with the bench application; only the model's part is compared.
    for name in (
        "firmware_sha256",
        "code_bytes",
        "code_parts",
        "flash_bytes",
        "ram_bytes",
        "checks",
        "provenance",
    ):
        del figures[name]
    return figures | {"runtime_code_bytes": code_bytes}


def runtime_code_bytes(project: Project, target: Target, folder: Path) -> int:
    """Flash that an application grows by when it runs the model, without the model's weights."""
    name = project.model_name
    empty = "int main(void) { return 0; }\n"
    using = _USING.format(name=name, upper=name.upper())
    sizes = []
    for index, text in enumerate((empty, using)):
        source, elf = folder / f"main{index}.c", folder / f"main{index}.elf"
        source.write_text(text)
        _link(project, target, source, elf)
        size = measure_elf(elf, project.model_symbols)
        sizes.append(size.flash_bytes - size.model_bytes)
    return sizes[1] - sizes[0]


def _link(project: Project, target: Target, main_source: Path, elf: Path) -> None:
    library = project.folder / "lib"
    own = library / project.model_name
    board = [project.folder / "src" / f"{part}.c" for part in ("startup", "fault", "usart")]
    sources = [main_source, *board, ROOT / "benchmarks" / "no_ticks.c"]
    sources += [*sorted((library / "nn" / "src").glob("*.c")), *sorted((own / "src").glob("*.c"))]
    command = ["arm-none-eabi-gcc", *target.cpu_flags, "-std=c11", "-O2", "-ffunction-sections"]
    command += ["-fdata-sections", "-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs"]
    command += ["-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments", f"-T{project.folder}/board.ld"]
    command += [f"-I{path}" for path in (own / "include", library / "nn" / "include")]
    command += [f"-I{project.folder / 'src'}", "-o", str(elf), *map(str, sources), "-lm"]
    subprocess.run(command, check=True, timeout=300)


def model_text(name: str, figures: dict[str, Any]) -> str:
    """The figures of one model beside its peer, then each kernel call."""
    peer = PEERS.get(figures["model_sha256"][:12])
    rows = [
        ("arena bytes", figures["arena_bytes"], peer.arena_bytes if peer else None),
        ("stack bytes", figures["stack_peak_bytes"], peer.stack_bytes if peer else None),
        ("code bytes", figures["runtime_code_bytes"], peer.code_bytes if peer else None),
        ("weight bytes", figures["weight_bytes"], None),
        ("instructions", figures["instructions"], peer.instructions if peer else None),
    ]
    lines = [f"{name}: static runtime, beside {peer.name if peer else 'no peer'}"]
    for title, own, other in rows:
        beside = f"{other:>14,} {own / other:>7.2f}x" if other else ""
        lines.append(f"  {title:<14}{own:>14,}{beside}")
    fraction = figures["outputs_identical_fraction"]
    checked = "not checked" if fraction is None else f"{100 * fraction:g} % of {figures['samples']}"
    lines.append(f"  outputs identical to the reference kernels: {checked}")
    lines.append("  kernel calls: instructions, multiply-accumulates, instructions per MAC")
    for step in figures["steps"]:
        per_mac = f"{step['instructions'] / step['macc']:>7.2f}" if step["macc"] else ""
        kinds = " + ".join(step["operators"])
        lines.append(f"    {step['instructions']:>11,}{step['macc']:>11,}{per_mac:>8}  {kinds}")
    least = 1 / MACS_PER_SMLAD
    lines.append(f"  an SMLAD does {MACS_PER_SMLAD} MACs: below {least} per MAC nothing can come")
    return "\n".join(lines)


def measure_cores(model: Path) -> dict[str, dict[str, Any]]:
    """What a model takes on the board of QEMU of each core, by the core's name."""
    figures = {}
    for target in filter(lambda own: own.machine, map(load_target, known_boards())):
        with tempfile.TemporaryDirectory() as folder:
            _, own = run_model(model, target, Path(folder) / "project")
        figures[target.core] = {
            "board": target.machine,
            "model_sha256": own["model_sha256"],
            "stack_peak_bytes": own["stack_peak_bytes"],
            "instructions": own["instructions"],
            "outputs_identical_fraction": own["outputs_identical_fraction"],
        }
    return figures


def cores_text(name: str, figures: Mapping[str, Mapping[str, Any]]) -> str:
    """The figures of one model on each core."""
    lines = [f"{name}: static runtime, on each core in QEMU"]
    lines += [
        f"  {core:<14}{own['instructions']:>14,} instructions{own['stack_peak_bytes']:>7,} stack "
        f"bytes  outputs {_identical(own['outputs_identical_fraction'])}"
        for core, own in figures.items()
    ]
    return "\n".join(lines)


def _identical(fraction: float | None) -> str:
    return "not checked" if fraction is None else f"{100 * fraction:g} % identical"


def check(figures: dict[str, Any], recorded: dict[str, Any]) -> int:
    """1 if a figure is not the recorded one, else 0. Models that are not recorded are skipped."""
    own, there = _by_title(figures), _by_title(recorded)
    changed = [
        f"{title}: {name} is {own[title][name]:,}, recorded {there[title][name]:,}"
        for title in own.keys() & there.keys()
        for name in CHECKED
        if name in own[title] and own[title][name] != there[title][name]
    ]
    for line in sorted(changed):
        print(line, file=sys.stderr)
    if changed:
        print("record the new figures with --json", file=sys.stderr)
    return 1 if changed else 0


def _by_title(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of each model, also those on each core, by what they are of."""
    models = {name: own for name, own in figures.items() if name != CORES}
    cores = figures.get(CORES, {})
    return models | {f"{name} on {c}": own for name in cores for c, own in cores[name].items()}


def _recorded(path: Path) -> dict[str, Any]:
    """The figures in a file."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    sys.exit(main())
