"""One firmware for each core, on the board of QEMU that has it."""

import json
import time
from pathlib import Path

import pytest

from codegen.cli import main as codegen
from firmware.targets import load_target
from firmware.targets.machine import machine_of
from hil.cli import main as hil
from hil.elf import measure_elf
from hil.virtual.virtual_board import VirtualBoard
from nas.cli import main as nas
from tests.core_programs import CORE_BOARDS, linked
from tests.hil.conftest import NEEDS_BOARD
from tests.small_model import small_model

pytestmark = NEEDS_BOARD
MACC = 6 * 6 * 4 * 3 * 3 * 2 + 4 * 3
"""Of the convolution and the matrix product; no core does more than one in an instruction here."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "small.tflite"
    path.write_bytes(small_model())
    golden = str(path.with_name("small.golden.npz"))
    assert nas(["golden", str(path), "--samples", "2", "--out", golden]) == 0
    return path


@pytest.fixture(scope="module", params=CORE_BOARDS)
def project(model: Path, request: pytest.FixtureRequest) -> Path:
    folder = model.parent / request.param
    arguments = ["build", str(model), "--target", request.param, "--toolchain", "system"]
    assert codegen([*arguments, "--out", str(folder)]) == 0
    linked(request.param, folder)
    return folder


def test_each_core_gives_identical_outputs(project: Path) -> None:
    assert hil(["run", str(project), "--no-build", "--board", "virtual"]) == 0
    record = json.loads((project / "measurement.json").read_text())
    assert record["outputs_identical_fraction"] == 1
    assert record["provenance"]["emulated_machine"] == project.name
    assert record["instructions"] > MACC


def test_each_core_reports_a_fault(project: Path) -> None:
    """Each in its own instructions, and with what its core knows of the cause."""
    target = load_target(project.name)
    elf = next(project.rglob("firmware.elf"))
    ram_end = measure_elf(elf, ()).ram_end
    with VirtualBoard(elf, ram_end, machine=machine_of(target)) as board:
        board.transport.write(b"fault%")
        said, end = b"", time.monotonic() + 20
        while b"m-ready\r\n" not in said.partition(b"e-[hard fault r0 0x")[2]:
            assert time.monotonic() < end, said
            said += board.transport.read(0.5)
    assert (b" cfsr 0x" in said) == (target.core != "cortex-m0plus")
