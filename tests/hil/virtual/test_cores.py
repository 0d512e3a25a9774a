"""One firmware for each core, on the board of QEMU that has it."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from benchmarks.stack_size import deepest_after_fed_rows
from codegen.model.read_tflite import read_tflite
from codegen.project.build import build_project
from codegen.project.source import find_model
from firmware.targets import load_target
from firmware.targets.machine import machine_of
from hil.cli import main as hil
from hil.elf import measure_elf
from hil.virtual.virtual_board import VirtualBoard
from nas.estimator.cost import Limits
from nas.estimator.network import estimate
from tests.core_programs import CORE_BOARDS, built, linked, small_with_golden
from tests.hil.conftest import NEEDS_BOARD

pytestmark = NEEDS_BOARD
MACC = 6 * 6 * 4 * 3 * 3 * 2 + 4 * 3
"""Of the convolution and the matrix product; no core does more than one in an instruction here."""
NO_LIMITS = Limits(2**62, 2**62, 2**62)
FLASH_FRACTION, RAM_BYTES, STACK_BYTES = 0.01, 8, 12
"""What docs/estimates.md says of the errors on each core."""
INSTRUCTIONS_FRACTION = 0.04
"""Of a network of 13,000 instructions on a Cortex-M4; SOFTMAX and its data count in it."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_with_golden(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module", params=CORE_BOARDS)
def project(model: Path, request: pytest.FixtureRequest) -> Path:
    return built(model, request.param, model.parent / request.param)


@pytest.fixture(scope="module")
def record(project: Path) -> dict[str, Any]:
    """The measurement of a project."""
    assert hil(["run", str(project), "--no-build", "--board", "virtual"]) == 0
    own: dict[str, Any] = json.loads((project / "measurement.json").read_text())
    return own


def test_each_core_gives_identical_outputs(project: Path, record: dict[str, Any]) -> None:
    assert record["outputs_identical_fraction"] == 1
    assert record["provenance"]["emulated_machine"] == project.name
    assert record["instructions"] > MACC


def test_each_core_takes_what_is_estimated(
    project: Path, record: dict[str, Any], model: Path
) -> None:
    target, graph = load_target(project.name), read_tflite(model)
    own = estimate("small", graph, model.stat().st_size, target, NO_LIMITS, "static")
    assert own.linked_flash_bytes == pytest.approx(record["flash_bytes"], rel=FLASH_FRACTION)
    assert own.ram.linked_bytes == pytest.approx(record["ram_bytes"], abs=RAM_BYTES)
    assert own.ram.stack_peak_bytes == pytest.approx(record["stack_peak_bytes"], abs=STACK_BYTES)
    assert own.time is not None
    assert own.time.ticks == pytest.approx(record["instructions"], rel=INSTRUCTIONS_FRACTION)


def test_a_kernel_after_fed_rows_has_less_of_the_application_on_its_stack(tmp_path: Path) -> None:
    model = tmp_path / "small.tflite"
    model.write_bytes(deepest_after_fed_rows())
    project, target = built(model, "microbit", tmp_path / "project"), load_target("microbit")
    assert hil(["run", str(project), "--no-build", "--board", "virtual"]) == 0
    record = json.loads((project / "measurement.json").read_text())
    graph = read_tflite(model)
    own = estimate("small", graph, model.stat().st_size, target, NO_LIMITS, "static")
    assert own.ram.stack_peak_bytes == pytest.approx(record["stack_peak_bytes"], abs=STACK_BYTES)


@pytest.mark.parametrize("board", CORE_BOARDS)
def test_each_board_has_the_ram_that_is_described(model: Path, board: str, tmp_path: Path) -> None:
    """Its stack, which is filled at the start, takes all RAM but that of the small model."""
    target = load_target(board)
    target = target.with_chip(stack_bytes=target.ram_bytes - 4096)
    build_project(find_model(model), target, tmp_path / "project", "static", "system")
    elf = linked(board, tmp_path / "project")
    with VirtualBoard(elf, measure_elf(elf, ()).ram_end, machine=machine_of(target)) as own:
        own.transport.write(b"name%")
        awaited(own, b"m-name-dut")


def test_each_core_reports_a_fault(project: Path) -> None:
    """Each in its own instructions, and with what its core knows of the cause."""
    target = load_target(project.name)
    elf = next(project.rglob("firmware.elf"))
    ram_end = measure_elf(elf, ()).ram_end
    with VirtualBoard(elf, ram_end, machine=machine_of(target)) as board:
        board.transport.write(b"fault%")
        said = awaited(board, b"e-[hard fault r0 0x")
    assert (b" cfsr 0x" in said) == (target.core != "cortex-m0plus")


def awaited(board: VirtualBoard, words: bytes) -> bytes:
    """What a board says until it is ready after these words."""
    said, end = b"", time.monotonic() + 20
    while b"m-ready\r\n" not in said.partition(words)[2]:
        assert time.monotonic() < end, said
        said += board.transport.read(0.5)
    return said
