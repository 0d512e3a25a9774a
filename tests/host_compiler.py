"""Compiles C for the host with every warning an error and the sanitizers on."""

import subprocess
from collections.abc import Sequence
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
    command = ["gcc", "-std=c11", "-g", *WARNINGS, *SANITIZERS, *flags, *folders]
    command += ["-o", str(out), *map(str, sources), "-lm"]
    completed = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert completed.returncode == 0, completed.stderr
    return out
