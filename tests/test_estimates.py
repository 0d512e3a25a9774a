"""Estimate, generated project and virtual board, side by side."""

from pathlib import Path

import pytest

from benchmarks.random_networks import random_network
from benchmarks.runtime import run_model
from codegen.read_tflite import read_tflite
from firmware.targets import load_target
from nas.estimator.cost import Limits
from nas.estimator.network import estimate
from tests.small_model import small_model

FLASH_BYTES = 128
"""Alignment of code and of what the compiler makes of the calls."""


@pytest.mark.parametrize("seed", [None, 1003, 1004])
def test_what_is_estimated_is_generated_and_measured(tmp_path: Path, seed: int | None) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(small_model() if seed is None else random_network(seed))
    target = load_target("stm32f412")
    limits = Limits(10**9, 10**9, 10**9)
    estimated = estimate("model", read_tflite(model), 1, target, limits, "static")
    project, measured = run_model(model, target, tmp_path / "project")
    assert estimated.ram.arena_bytes == project.arena_bytes == measured["arena_bytes"]
    assert estimated.ram.linked_bytes == measured["ram_bytes"]
    assert estimated.ram.stack_peak_bytes == pytest.approx(measured["stack_peak_bytes"], abs=64)
    assert estimated.code is not None
    assert estimated.code.weight_bytes == measured["weight_bytes"]
    assert estimated.linked_flash_bytes == pytest.approx(measured["flash_bytes"], abs=FLASH_BYTES)
    assert estimated.time is not None
    assert estimated.time.ticks == pytest.approx(measured["instructions"], rel=0.15)
