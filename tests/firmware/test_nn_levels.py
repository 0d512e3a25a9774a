"""The kernels compile for every core at every level of optimisation, warning-free."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.host_compiler import NN, WARNINGS

CORES = {
    "cortex-m4": ("-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"),
    "cortex-m7": ("-mfpu=fpv5-d16", "-mfloat-abi=hard"),
    "cortex-m33": ("-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"),
    "cortex-m3": (),
    "cortex-m0plus": (),
}
LEVELS = ("-O0", "-O1", "-O2", "-O3", "-Os", "-Og", "-Og -fno-omit-frame-pointer")
COMPILED = [("cortex-m4", level) for level in LEVELS]
COMPILED += [(core, level) for core in CORES if core != "cortex-m4" for level in ("-O0", "-O2")]


@pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
@pytest.mark.parametrize(("core", "level"), COMPILED)
def test_the_kernels_compile_without_a_warning(core: str, level: str, tmp_path: Path) -> None:
    flags = [f"-mcpu={core}", "-mthumb", *CORES[core], *level.split(), "-std=c11", *WARNINGS]
    sources = [str(own) for own in sorted((NN / "src").glob("*.c"))]
    command = ["arm-none-eabi-gcc", *flags, f"-I{NN / 'include'}", "-c", *sources]
    completed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert completed.returncode == 0, completed.stderr
