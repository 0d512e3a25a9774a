"""The kernels compile for every core at every level of optimisation, warning-free."""

import shutil
import subprocess
from pathlib import Path

import pytest

from firmware.targets import load_target
from tests.core_programs import CORE_BOARDS, kernels_of
from tests.host_compiler import NN, WARNINGS

LEVELS = ("-O0", "-O1", "-O3", "-Os")
FRAMES = [f"{level} -fno-omit-frame-pointer" for level in ("-O3", "-Og")]
COMPILED = [("mps2-an386", level) for level in (*LEVELS, *FRAMES)]
COMPILED += [("microbit", "-O0")]  # without the instructions for signals that the others have

pytestmark = pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)


@pytest.mark.parametrize(("board", "level"), COMPILED)
def test_the_kernels_compile_without_a_warning(board: str, level: str, tmp_path: Path) -> None:
    flags = [*load_target(board).cpu_flags, *level.split(), "-std=c11", *WARNINGS]
    sources = [str(own) for own in sorted((NN / "src").glob("*.c"))]
    command = ["arm-none-eabi-gcc", *flags, f"-I{NN / 'include'}", "-c", *sources]
    completed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert completed.returncode == 0, completed.stderr


@pytest.mark.parametrize("board", CORE_BOARDS)
def test_the_kernels_compile_as_in_firmware_without_a_warning(board: str) -> None:
    assert all(own.stat().st_size > 0 for own in kernels_of(board))
