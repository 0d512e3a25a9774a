"""Flash of further inputs and outputs: as counted, and in a linked firmware."""

import re
import shutil
from pathlib import Path

import pytest

from benchmarks.elf_symbols import named_symbols
from codegen.costs.port_size import bench_port_bytes, further_port_bytes
from codegen.model.read_tflite import parse_tflite
from codegen.planning.planner import plan_graph
from codegen.project.build import build_project
from codegen.project.source import find_model
from firmware.platformio import run_platformio
from firmware.targets import load_target
from hil.project import read_project
from tests.several_ports import random_ports
from tests.small_model import small_model

SINGLE_RESULT_BYTES = 18
"""Of the bench's function that gives a value of the only output."""


def test_one_input_and_one_output_take_nothing_more() -> None:
    graph = parse_tflite(small_model())
    assert (further_port_bytes(graph, plan_graph(graph)), bench_port_bytes(graph)) == (0, 0)


@pytest.mark.long
@pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="no compiler for the board")
@pytest.mark.parametrize("seed", [0, 2, 4])
def test_the_functions_of_a_firmware_have_the_sizes_that_are_counted(
    tmp_path: Path, seed: int
) -> None:
    model, target = tmp_path / "model.tflite", load_target("stm32f412")
    model.write_bytes(random_ports(seed))
    build_project(find_model(model), target, tmp_path / "project", "static", "system")
    run_platformio(tmp_path / "project", target)
    (project,) = read_project(tmp_path / "project")
    sizes = {name: size for _, name, size in named_symbols(project.firmware)}
    further = re.compile(rf"{project.model_name}_(dequantize_)?(in|out)put_[1-9]")
    own = sum(-(-size // 4) * 4 for name, size in sizes.items() if further.fullmatch(name))
    graph = parse_tflite(model.read_bytes())
    assert own == further_port_bytes(graph, plan_graph(graph)) > 0
    bench = re.compile(r"static_(in|out)put_[1-9]")
    calls = sum(size for name, size in sizes.items() if bench.fullmatch(name))
    lists = sizes.get("static_inputs", 8) + sizes.get("static_outputs", 8) - 2 * 8
    counted = calls + lists + sizes["static_result"] - SINGLE_RESULT_BYTES
    assert abs(bench_port_bytes(graph) - counted) <= 4
