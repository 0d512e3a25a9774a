"""Compiles C for the host with every warning an error and the sanitizers on."""

import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
ROOT = Path(__file__).parent.parent
NN = ROOT / "firmware" / "nn"


def compile_program(
    out: Path, sources: Sequence[Path], include: Sequence[Path], flags: Sequence[str] = ("-O1",)
) -> Path:
    """Compile and link C11 sources; gives the program's path."""
    folders = [f"-I{folder}" for folder in include]
    command = ["gcc", "-std=c11", "-g", *WARNINGS, *SANITIZERS, *flags]
    kernels = {source.stem for source in sources if source.parent == NN / "src"}
    objects = kernel_objects(tuple(command)) if kernels else ()
    inputs = [source for source in sources if source.parent != NN / "src"]
    inputs += [path for path in objects if path.stem in kernels]
    run_compiler([*command, *folders, "-o", str(out), *map(str, inputs), "-lm"])
    return out


@cache
def kernel_objects(command: tuple[str, ...]) -> tuple[Path, ...]:
    """The kernels, compiled by a command; only once in each test process."""
    folder = Path(tempfile.mkdtemp(dir=_objects().name))
    sources = sorted((NN / "src").glob("*.c"))
    run_compiler([*command, f"-I{NN / 'include'}", "-c", *map(str, sources)], folder)
    return tuple(folder / f"{source.stem}.o" for source in sources)


@cache
def _objects() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="kernel-objects-")


def run_compiler(command: Sequence[str], folder: Path | None = None) -> None:
    """Run a compiler, which must succeed."""
    completed = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder)
    assert completed.returncode == 0, completed.stderr
