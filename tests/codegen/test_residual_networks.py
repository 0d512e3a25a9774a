"""Random residual networks, planned, generated and run: the bits of the reference kernels.

`RESIDUAL_NETWORKS` sets how many there are.
"""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from codegen.model.read_tflite import parse_tflite
from codegen.operators import check_operators
from codegen.planning.planner import plan_graph
from codegen.simplify.executed import executed_graph
from nas.quantization.tflm_rounding import with_tflm_rounding
from tests.board_program import failures_on_virtual_board
from tests.generated_program import run_generated
from tests.plans import Planner, plan_rows, plan_whole
from tests.random_residuals import random_residual
from tests.reference_kernels import run_reference

COUNT = int(os.environ.get("RESIDUAL_NETWORKS", "4"))
Case = tuple[bytes, NDArray[np.int8]]
Outputs = list[NDArray[np.uint8]]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [random_residual(seed) for seed in range(COUNT)]


@pytest.fixture(scope="module")
def expected(cases: list[Case], tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    """The outputs' bytes, from the reference kernels."""
    models = [(with_tflm_rounding(model), [values]) for model, values in cases]
    outputs = run_reference(tmp_path_factory.mktemp("reference"), models)
    return [np.frombuffer(output.tobytes(), np.uint8) for output in outputs]


def test_the_networks_have_skips_run_by_rows_and_tell_something(
    cases: list[Case], expected: Outputs
) -> None:
    graphs = [executed_graph(parse_tflite(model)) for model, _ in cases]
    assert [check_operators(graph) for graph in graphs] == [[]] * COUNT
    kinds = [{operator.kind for operator in graph.operators} for graph in graphs]
    assert np.mean(["ADD" in own for own in kinds]) > 0.7
    assert all(any(part.streamed for part in plan_rows(graph).segments) for graph in graphs)
    assert np.mean([len(np.unique(output)) > 1 for output in expected]) > 0.9


@pytest.mark.parametrize("planner", [plan_whole, plan_graph, plan_rows])
def test_generated_code_gives_the_bits_of_the_reference_kernels(
    planner: Planner, cases: list[Case], expected: Outputs, tmp_path: Path
) -> None:
    actual = run_generated(tmp_path, cases, planner=planner)
    for index, (own, wanted) in enumerate(zip(actual, expected, strict=True)):
        np.testing.assert_array_equal(own.ravel(), wanted, f"network {index}")


@pytest.mark.skipif(
    shutil.which("qemu-system-arm") is None or shutil.which("arm-none-eabi-gcc") is None,
    reason="qemu-system-arm or arm-none-eabi-gcc is not installed",
)
@pytest.mark.parametrize("planner", [plan_whole, plan_rows])
def test_the_board_gives_the_same_bits(
    planner: Planner, cases: list[Case], expected: Outputs, tmp_path: Path
) -> None:
    given = [(*case, wanted) for case, wanted in zip(cases, expected, strict=True)]
    assert failures_on_virtual_board(tmp_path, given, planner=planner) == []
