"""What TensorFlow Lite Micro takes of each model in our firmware, at levels of optimization.

    TFLM_DIR=/path/to/tflite-micro python -m benchmarks.tflm_runtime MODEL.tflite... [--json FILE]

By default at the levels of generated projects; `--all-levels` compares three, each of which has the
library compiled anew. Each firmware runs on the virtual board; bytes and instructions are exact.
Code is without the model and without the bench application, as in the published figures printed
beside.
"""

import argparse
import re
import tempfile
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from benchmarks.elf_symbols import named_symbols
from benchmarks.runtime import PEERS, run_model
from codegen.tflm.library import CORE_LEVEL, KERNEL_LEVEL
from firmware.files import write_json
from firmware.targets import Target, load_target

LEVELS = ((CORE_LEVEL, KERNEL_LEVEL), ("-Os", "-Os"), ("-O2", "-O2"))
"""Of the interpreter and of the kernels; first those of generated projects."""
QUANTITIES = ("arena_used_bytes", "arena_peak_bytes", "stack_peak_bytes", "code", "instructions")
_TOLD = (*QUANTITIES, "ram_bytes", "model_sha256", "verdict", "outputs_identical_fraction")


def main() -> int:
    """Run the benchmark; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL.tflite")
    parser.add_argument("--target", default="stm32f412", help="(%(default)s)")
    parser.add_argument("--all-levels", action="store_true", help="compare three levels")
    parser.add_argument("--json", type=Path, metavar="FILE", help="figures as JSON")
    arguments = parser.parse_args()
    target = load_target(arguments.target)
    figures: dict[str, Any] = {}
    header = ("arena used", "arena peak", "stack", "code", "instructions")
    print(f"{'':<44}" + "".join(f"{cell:>14}" for cell in header))
    for model in arguments.models:
        figures[model.stem] = {}
        for core, kernels in LEVELS if arguments.all_levels else LEVELS[:1]:
            measured = measure_levels(model, target, core, kernels)
            figures[model.stem][f"{core} {kernels}"] = measured
            print(_row(f"{model.stem}, core {core}, kernels {kernels}", measured), flush=True)
        peer = PEERS.get(measured["model_sha256"][:12])
        if peer:
            row = (peer.arena_bytes, None, peer.stack_bytes, peer.code_bytes, peer.instructions)
            published = dict(zip(QUANTITIES, row, strict=True))
            print(_row(f"{model.stem}, published, -O2", published), flush=True)
    if arguments.json:
        write_json(arguments.json, figures)
    return 0


def measure_levels(model: Path, target: Target, core: str, kernels: str) -> dict[str, Any]:
    """Build with these levels, boot and measure; gives what is told of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "project"

        def set_levels() -> None:
            settings = path / "platformio.ini"
            text = settings.read_text(encoding="utf-8")
            for part, level in (("core", core), ("kernel", kernels)):
                text = re.sub(rf"(custom_tflm_{part}_level =) \S+", rf"\1 {level}", text)
            settings.write_text(text, encoding="utf-8")

        project, figures = run_model(model, target, path, "tflm", set_levels)
        figures["code"] = figures["code_bytes"] - harness_bytes(project.firmware)
    return {name: figures[name] for name in _TOLD}


def harness_bytes(firmware: Path) -> int:
    """What the sources in `src/` of a project take of its flash."""
    objects = sorted((firmware.parent / "src").glob("*.o"))
    files = {path.with_suffix(".c").name for path in objects}
    names = {name for path in objects for name in _global_names(path)}
    return sum(
        size
        for source, name, size in named_symbols(firmware)
        if source in files or (not source and name in names)
    )


def _global_names(path: Path) -> list[str]:
    with path.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        return [
            symbol.name
            for symbol in table.iter_symbols()
            if symbol["st_info"]["bind"] != "STB_LOCAL" and symbol["st_shndx"] != "SHN_UNDEF"
        ]


def _row(title: str, figures: dict[str, Any]) -> str:
    cells = ("–" if figures[name] is None else f"{figures[name]:,}" for name in QUANTITIES)
    return f"{title:<44}" + "".join(f"{cell:>14}" for cell in cells)


if __name__ == "__main__":
    raise SystemExit(main())
