"""Random residual networks, generated and run: by rows they give what whole tensors give.

`STREAMED_NETWORKS` sets how many there are.
"""

import os
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from codegen.model.graph import DType
from codegen.model.read_tflite import parse_tflite
from codegen.operators import check_operators
from codegen.planning.planner import plan_graph
from tests.board_program import failures_on_virtual_board
from tests.generated_program import run_generated
from tests.graph_file import graph_file
from tests.plans import Planner, plan_rows, plan_whole
from tests.random_streams import RandomStream

COUNT = int(os.environ.get("STREAMED_NETWORKS", "30"))
ON_BOARD = 20
"""Networks that one firmware runs on the virtual board."""
SMALL = 3
"""Weights below this do not saturate every output."""
Case = tuple[bytes, NDArray[np.int8]]


def network(seed: int) -> Case:
    """Strides, kernels, paddings and skips at random, and an input."""
    rng = np.random.default_rng(seed)
    graph = RandomStream(rng, int(rng.integers(2, 16)), most_rows=24).graph()
    tensors = [
        replace(own, expected_scales=1) if own.dtype is DType.INT8 else own for own in graph.tensors
    ]
    graph = replace(graph, tensors=tuple(tensors), outputs=graph.operators[-1].outputs)
    shape = (1, *graph.tensors[0].shape[1:])
    return graph_file(graph, seed, SMALL), rng.integers(-128, 128, shape).astype(np.int8)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [network(seed) for seed in range(COUNT)]


@pytest.fixture(scope="module")
def expected(
    cases: list[Case], tmp_path_factory: pytest.TempPathFactory
) -> list[NDArray[np.uint8]]:
    return run_generated(tmp_path_factory.mktemp("whole"), cases, planner=plan_whole)


def test_the_networks_can_run_by_rows_and_tell_something(
    cases: list[Case], expected: list[NDArray[np.uint8]]
) -> None:
    for model, _ in cases:
        graph = parse_tflite(model)
        assert check_operators(graph) == []
        assert all(segment.streamed for segment in plan_rows(graph).segments)
    assert np.mean([len(np.unique(output)) > 8 for output in expected]) > 0.7


@pytest.mark.parametrize(
    "planner", [partial(plan_graph, stream=True), plan_rows], ids=["cut", "all"]
)
def test_rows_give_what_whole_tensors_give(
    planner: Planner, cases: list[Case], expected: list[NDArray[np.uint8]], tmp_path: Path
) -> None:
    actual = run_generated(tmp_path, cases, planner=planner)
    for index, (own, wanted) in enumerate(zip(actual, expected, strict=True)):
        np.testing.assert_array_equal(own, wanted, f"network {index}")


@pytest.mark.skipif(
    shutil.which("qemu-system-arm") is None or shutil.which("arm-none-eabi-gcc") is None,
    reason="qemu-system-arm or arm-none-eabi-gcc is not installed",
)
def test_the_board_gives_the_same(
    cases: list[Case], expected: list[NDArray[np.uint8]], tmp_path: Path
) -> None:
    given = [(*case, wanted) for case, wanted in zip(cases, expected, strict=True)]
    assert failures_on_virtual_board(tmp_path, given[:ON_BOARD], planner=plan_rows) == []
