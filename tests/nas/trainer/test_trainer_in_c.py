"""The trainer's C under every warning and the sanitizers, called from C."""

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.host_compiler import ROOT, WARNINGS, compile_program

TRAINER = ROOT / "nas" / "trainer"
SOURCES = sorted(TRAINER.glob("*.c"))
CHECKS = Path(__file__).parent
CHECK_SOURCES = sorted(CHECKS.glob("*.c"))
# Vectors wider than the processor's are passed between functions of one library alone.
FLAGS = ("-fopenmp", "-Wno-psabi")


@pytest.mark.parametrize("lanes", ["-march=native", "-mno-avx", "-mavx2", "-mavx512f"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_trainer_compiles_without_a_warning(compiler: str, lanes: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    command = [compiler, "-std=c11", "-fsyntax-only", *WARNINGS, "-Wswitch-enum", *FLAGS, lanes]
    completed = subprocess.run(
        [*command, *map(str, SOURCES)], capture_output=True, text=True, timeout=120
    )
    if "unrecognized command-line option" in completed.stderr:
        pytest.skip(f"this processor's compiler has no {lanes}")
    assert completed.returncode == 0, completed.stderr


@pytest.mark.parametrize("lanes", [("-march=native",), ("-march=native", "-mno-avx")], ids=str)
def test_arrays_rows_and_gradients_are_right_under_the_sanitizers(
    tmp_path: Path, lanes: tuple[str, ...]
) -> None:
    """What is checked is told in checks.h; sums have other blocks without AVX."""
    if "-mno-avx" in lanes and platform.machine() != "x86_64":
        pytest.skip("this processor has no AVX to leave out")
    flags = ("-O0", *lanes, *FLAGS)
    program = compile_program(tmp_path / "checks", [*CHECK_SOURCES, *SOURCES], [TRAINER], flags)
    completed = subprocess.run([program], capture_output=True, text=True, timeout=120)
    assert completed.returncode == 0, completed.stdout + completed.stderr


def test_arrays_rows_and_gradients_are_right_on_the_processor_of_a_gateway(tmp_path: Path) -> None:
    """64-bit Arm, as a Raspberry Pi has, emulated."""
    compiler, emulator = "aarch64-linux-gnu-gcc", "qemu-aarch64-static"
    for tool in (compiler, emulator):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    program = tmp_path / "checks"
    command = [compiler, "-std=gnu11", "-O1", *WARNINGS, "-Wno-psabi", f"-I{TRAINER}", "-static"]
    sources = map(str, [*CHECK_SOURCES, *SOURCES])
    command += ["-Wno-unknown-pragmas", "-o", str(program), *sources, "-lm"]
    compiled = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert compiled.returncode == 0, compiled.stderr
    completed = subprocess.run([emulator, program], capture_output=True, text=True, timeout=120)
    assert completed.returncode == 0, completed.stdout + completed.stderr
