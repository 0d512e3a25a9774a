import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from codegen.cli import main as codegen
from firmware.platformio import firmware_path
from firmware.targets import load_target
from hil.transport import Transport
from tests.host_compiler import ROOT, compile_program
from tests.small_model import small_model


class ProcessTransport:
    """The bench application as a host program: stdin and stdout are its serial line."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )

    def write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)

    def read(self, wait_s: float) -> bytes:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], wait_s)[0]:
            return b""
        return os.read(self._process.stdout.fileno(), 4096)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.communicate(timeout=10)
        assert self._process.returncode == 0, "the sanitizers found nothing"


BIG_INPUT_BYTES = 1024
VIRTUAL_NUCLEO = pytest.mark.xdist_group("virtual-nucleo")
"""For tests that use the board of that name: one process of the machine holds it at a time."""
NEEDS_BOARD = pytest.mark.skipif(
    shutil.which("qemu-system-arm") is None or shutil.which("arm-none-eabi-gcc") is None,
    reason="qemu-system-arm or arm-none-eabi-gcc is not installed",
)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of a small model, compiled."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.tflite").write_bytes(small_model())
    arguments = ["build", str(folder / "small.tflite"), "--target", "stm32f412"]
    assert codegen([*arguments, "--out", str(folder / "project"), "--compile"]) == 0
    return folder / "project"


@pytest.fixture(scope="session")
def elf(project: Path) -> Path:
    """The project's firmware."""
    return firmware_path(project, load_target("stm32f412"))


def compile_toy(out: Path, input_bytes: int, *more_flags: str) -> Path:
    """The bench application with a toy model."""
    firmware = ROOT / "firmware"
    sources = sorted((firmware / "bench").glob("*.c"))
    sources += [firmware / "board" / "host" / "board_host.c", ROOT / "tests/hil/toy_model.c"]
    flags = ("-O1", f"-DTOY_INPUT_BYTES={input_bytes}", *more_flags)
    return compile_program(out, sources, [firmware / "bench"], flags)


@pytest.fixture(scope="session")
def toy_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_toy(tmp_path_factory.mktemp("toy") / "bench", 4)


@pytest.fixture
def big_board(tmp_path: Path) -> Iterator[Transport]:
    """As `toy_board`, with an input that does not fit one command."""
    transport = ProcessTransport(compile_toy(tmp_path / "bench", BIG_INPUT_BYTES))
    yield transport
    transport.close()


@pytest.fixture
def toy_board(toy_program: Path) -> Iterator[Transport]:
    transport = ProcessTransport(toy_program)
    yield transport
    transport.close()
