"""The smallest arena in which TensorFlow Lite Micro starts, on the virtual board.

Where TFLM_DIR names its source tree: upstream's, or the library that projects can download.
"""

import os
import re
from pathlib import Path

import pytest

from codegen.cli import main as codegen
from codegen.model.graph import Graph
from codegen.model.read_tflite import read_tflite
from codegen.tflm.arena import plan_tflm_arena
from codegen.tflm.structures import DOWNLOADED, MCU, Build
from firmware.errors import BoardError
from firmware.platformio import run_platformio
from firmware.targets import load_target
from hil.elf import measure_elf
from hil.protocol import BenchClient
from hil.virtual.virtual_board import VirtualBoard
from tests.codegen.known_networks import keyword_spotting
from tests.graph_file import graph_file
from tests.hil.conftest import NEEDS_BOARD

TREE = os.environ.get("TFLM_DIR", "")
pytestmark = [
    NEEDS_BOARD,
    pytest.mark.skipif(not TREE, reason="TFLM_DIR names no tree of TFLM"),
]
TARGET = load_target("stm32f412")


def release_of_tree() -> Build:
    """Only the library that projects can download has its sources in `src`."""
    return DOWNLOADED if (Path(TREE) / "src" / "tensorflow").is_dir() else MCU


def build_with_arena(project: Path, header: Path, arena_bytes: int) -> Path:
    text = re.sub(r"(_ARENA_BYTES) \d+", rf"\1 {arena_bytes}", header.read_text())
    header.write_text(text)
    return run_platformio(project, TARGET)


def used_bytes(firmware: Path, graph: Graph) -> int:
    """What the interpreter uses after an inference."""
    ram_end = measure_elf(firmware, ("none",)).ram_end
    with VirtualBoard(firmware, ram_end) as board:
        client = BenchClient(board.transport, 60.0)
        client.connect()
        client.run(bytes(graph.tensors[graph.inputs[0]].size_bytes))
        return client.arena()[0]


@pytest.mark.parametrize("name", ["nas_k8_c3", "keyword_spotting"])
def test_the_firmware_starts_in_the_smallest_arena_of_its_release_and_in_no_smaller_one(
    name: str, tmp_path: Path
) -> None:
    model = tmp_path / f"{name}.tflite"
    known = Path(f"benchmarks/models/{name}.tflite")
    model.write_bytes(known.read_bytes() if known.exists() else graph_file(keyword_spotting()))
    graph = read_tflite(model)
    arena = plan_tflm_arena(graph, release_of_tree())
    project = tmp_path / "out"
    arguments = ["build", str(model), "--target", TARGET.name, "--out", str(project)]
    assert codegen([*arguments, "--runtime", "tflm"]) == 0
    header = project / "lib" / name / "include" / f"{name}.h"
    firmware = build_with_arena(project, header, arena.buffer_bytes)
    assert used_bytes(firmware, graph) == arena.used_bytes
    firmware = build_with_arena(project, header, arena.buffer_bytes - 16)
    with pytest.raises(BoardError, match="could not be initialised status 4"):
        used_bytes(firmware, graph)
