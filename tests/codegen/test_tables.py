"""The measured tables that come with the SDK."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from benchmarks.measured_cores import BOARDS, target_of
from codegen.costs.board_size import BoardSize, board_size
from codegen.costs.code_size import estimate_code, unmeasured_kernels
from codegen.costs.speed import shipped_speed_model
from codegen.costs.tables import code_table, cycle_table, instruction_table
from codegen.model.read_tflite import parse_tflite
from codegen.planning.planner import plan_graph
from firmware.boards import known_boards
from firmware.cores import known_cores, load_core, timed_cores
from firmware.targets import load_target
from tests.small_model import small_model


def test_every_core_is_measured_on_a_board_of_its_own_flags() -> None:
    assert set(BOARDS) == set(known_cores())
    for core in BOARDS:
        assert target_of(core).cpu_flags == load_core(core).cpu_flags


def test_a_table_is_found_by_the_runtime_and_the_core_that_it_names() -> None:
    tables = [
        Path(str(own))
        for own in files("codegen").iterdir()
        if re.search("_cortex_.*_code.json", own.name)
    ]
    assert tables
    for path in tables:
        runtime = path.name.split("_")[0]
        assert path.name == code_table(runtime, json.loads(path.read_text())["core"])
    for own in files("codegen").iterdir():
        if re.search("_cortex_.*_(instructions|cycles).json", own.name):
            table = json.loads(own.read_text(encoding="utf-8"))
            find = instruction_table if table["unit"] == "instructions" else cycle_table
            assert own.name == find(table["runtime"], table["core"])


def test_cycles_are_known_only_of_cores_whose_timing_is_known() -> None:
    names = {own.name for own in files("codegen").iterdir() if "_cycles" in own.name}
    assert names == {cycle_table("static", core) for core in timed_cores()}


def test_a_board_takes_what_its_family_takes_and_one_that_was_not_measured_the_most() -> None:
    own, most = board_size("cortex-m3", "mps2"), board_size("cortex-m3", "stm32l1")
    assert own == BoardSize(0, 0)
    assert most.flash_bytes > 500
    assert board_size("cortex-m3", "") == board_size("cortex-m3", "stm32f1") == most
    assert board_size("cortex-m23", "mps2") == BoardSize()


def test_every_family_of_a_board_is_measured_and_that_of_the_tables_adds_nothing() -> None:
    table = json.loads((files("codegen") / "boards_code.json").read_text(encoding="utf-8"))
    for target in map(load_target, known_boards()):
        assert target.family in table["cores"][target.core]
    for core in BOARDS:
        assert board_size(core, target_of(core).family) == BoardSize()


@pytest.mark.parametrize("core", ["cortex-m23", "cortex_m4"])
def test_a_core_without_a_table_has_no_figures(core: str) -> None:
    graph = parse_tflite(small_model())
    plan = plan_graph(graph)
    assert estimate_code(graph, plan, core) is None
    assert unmeasured_kernels(graph, plan, core) == ()
    assert shipped_speed_model("static", core) is None
