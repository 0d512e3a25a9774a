"""The project of each board that the SDK ships: it compiles, links, and runs in QEMU."""

import json
import shutil
import struct
from pathlib import Path

import pytest

from firmware.platformio import firmware_path
from firmware.targets import load_target
from hil.cli import main as hil
from hil.elf import measure_elf, open_elf
from tests.core_programs import REAL_BOARDS, built, small_with_golden
from tests.hil.conftest import NEEDS_BOARD

pytestmark = pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_with_golden(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module", params=REAL_BOARDS)
def project(model: Path, request: pytest.FixtureRequest) -> Path:
    """Compiled and linked without a warning: each is an error."""
    return built(model, request.param, model.parent / request.param)


def test_the_firmware_starts_where_its_chip_does(project: Path) -> None:
    target = load_target(project.name)
    firmware = firmware_path(project, target)
    size = measure_elf(firmware, ("small_op",))
    manifest = json.loads((project / "manifest.json").read_text())
    assert size.model_bytes == manifest["weight_bytes"]
    assert size.ram_bytes > manifest["estimate"]["arena_bytes"] + target.stack_bytes
    with open_elf(firmware) as elf:
        start = elf.get_section(1)
        assert start["sh_addr"] == target.flash_origin
        vectors = struct.unpack("<II", start.data()[:8])
        assert vectors == (target.ram_origin + target.stack_bytes, elf["e_entry"])


@NEEDS_BOARD
def test_the_firmware_gives_identical_outputs_on_the_virtual_board(project: Path) -> None:
    assert hil(["run", str(project), "--no-build", "--board", "virtual"]) == 0
    record = json.loads((project / "measurement.json").read_text())
    assert record["outputs_identical_fraction"] == 1
