"""The project of each board that the SDK ships compiles and links with what is installed."""

import json
import shutil
import struct
from pathlib import Path

import pytest

from codegen.cli import main
from firmware.targets import load_target
from hil.elf import measure_elf, open_elf
from tests.core_programs import REAL_BOARDS, linked
from tests.small_model import small_model

pytestmark = pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)


@pytest.mark.parametrize("board", REAL_BOARDS)
def test_the_firmware_of_a_board_compiles_and_links(board: str, tmp_path: Path) -> None:
    """Without a warning: each is an error."""
    model, project, target = tmp_path / "small.tflite", tmp_path / "project", load_target(board)
    model.write_bytes(small_model())
    arguments = ["build", str(model), "--target", board, "--toolchain", "system"]
    assert main([*arguments, "--out", str(project)]) == 0
    firmware = linked(board, project)
    size = measure_elf(firmware, ("small_op",))
    manifest = json.loads((project / "manifest.json").read_text())
    assert size.model_bytes == manifest["weight_bytes"]
    assert size.ram_bytes > manifest["estimate"]["arena_bytes"] + target.stack_bytes
    with open_elf(firmware) as elf:
        start = elf.get_section(1)
        assert start["sh_addr"] == target.flash_origin
        vectors = struct.unpack("<II", start.data()[:8])
        assert vectors == (target.ram_origin + target.stack_bytes, elf["e_entry"])
