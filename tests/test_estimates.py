"""Estimate, generated project and virtual board, side by side."""

import json
from pathlib import Path

import pytest

from benchmarks.estimate_errors import (
    CYCLES,
    INSTRUCTIONS,
    MODELS,
    TIMES,
    compare,
    core_row,
    difference,
    error_fraction,
    summary,
)
from benchmarks.measured_cores import BOARDS
from benchmarks.random_networks import random_network
from benchmarks.runtime import ROOT
from codegen.model.read_tflite import parse_tflite
from codegen.operators import check_operators
from firmware.targets import load_target
from tests.estimated_networks import NETWORKS

FLASH_BYTES = 70
STACK_BYTES = 20
TIME_FRACTIONS = {INSTRUCTIONS: 0.04, CYCLES: 0.08}
"""What docs/estimates.md says of errors."""
SOFTMAX_FRACTION = 0.12
"""Of a network that does little but SOFTMAX, whose time depends on its data."""
CASES = {
    **{path.stem: path.read_bytes for path in MODELS},
    **NETWORKS,
    "random_1004": lambda: random_network(1004),
}


RECORDS = {
    core: ROOT
    / "benchmarks"
    / f"estimate_errors{'' if core == 'cortex-m4' else '_' + core.replace('-', '_')}.json"
    for core in BOARDS
}


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_what_is_estimated_is_generated_and_measured(tmp_path: Path, name: str) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(CASES[name]())
    assert not check_operators(parse_tflite(model.read_bytes()))
    row = compare(model, load_target("stm32f412"), tmp_path / "project")
    for exact in ("arena_bytes", "ram_bytes", "weight_bytes"):
        assert difference(row, exact) == 0, exact
    assert abs(difference(row, "flash_bytes")) <= FLASH_BYTES
    assert abs(difference(row, "stack_bytes")) <= STACK_BYTES
    for quantity, limit in TIME_FRACTIONS.items():
        is_softmax = name == "classes_of_pixels"
        assert abs(error_fraction(row, quantity)) <= (SOFTMAX_FRACTION if is_softmax else limit)


@pytest.mark.parametrize("core", RECORDS)
def test_the_recorded_errors_on_each_core_are_within_what_the_page_says(core: str) -> None:
    record = json.loads(RECORDS[core].read_text(encoding="utf-8"))
    rows, own = record["networks"], record["summary"]
    assert own == summary(rows)
    assert own["networks"] >= 18
    assert core_row(core, rows) in (ROOT / "docs" / "estimates.md").read_text(encoding="utf-8")
    for row in rows:
        assert abs(difference(row, "flash_bytes")) <= 0.01 * row["measured"]["flash_bytes"]
    assert own["arena_bytes"] == own["weight_bytes"] == [0, 0]
    assert -8 <= own["ram_bytes"][0] <= own["ram_bytes"][1] <= 8
    assert -8 <= own["stack_bytes"][0] <= own["stack_bytes"][1] <= 12
    assert own[INSTRUCTIONS]["median"] <= 0.03


def test_the_recorded_errors_are_those_of_the_recorded_figures_and_small() -> None:
    path = ROOT / "benchmarks" / "estimate_errors.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["summary"] == summary(record["networks"])
    text = (ROOT / "docs" / "estimates.md").read_text(encoding="utf-8")
    for row in record["networks"]:
        if "refused" not in row:
            for name in TIMES:
                figures = [row[kind][name] for kind in ("measured", "estimated")]
                assert f"| `{row['model']}` | {figures[0]:,} | {figures[1]:,} |" in text
    lowest, highest = record["summary"]["flash_bytes"]
    assert -FLASH_BYTES <= lowest <= highest <= FLASH_BYTES
    assert record["summary"]["stack_bytes"][1] <= STACK_BYTES
    for quantity, (median, worst) in {INSTRUCTIONS: (0.02, 0.06), CYCLES: (0.03, 0.08)}.items():
        assert record["summary"][quantity]["median"] <= median
        assert record["summary"][quantity]["worst"] <= worst
