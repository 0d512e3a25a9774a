"""When a FULLY_CONNECTED of many vectors is computed as a convolution, and with what memory."""

from dataclasses import replace

import numpy as np
import pytest

from codegen.model.graph import DType, Graph, Operator, Quantization, Tensor
from codegen.operators import check_operators, lower_operator, overlap_bytes, scratch_bytes
from codegen.planning.planner import plan_graph


def product(
    vectors: int, rows: int, columns: int, weight_zero_point: int = 0, rounding: str = "tflm"
) -> Graph:
    """One FULLY_CONNECTED of an input (1, vectors, columns)."""
    scale = Quantization((0.5,), (3,))
    weights = Quantization((0.25,), (weight_zero_point,))
    data = np.ones((rows, columns), np.int8)
    tensors = (
        Tensor("", (1, vectors, columns), DType.INT8, quantization=scale),
        Tensor("", data.shape, DType.INT8, is_constant=True, quantization=weights, data=data),
        Tensor("", (vectors, rows), DType.INT8, quantization=scale),
    )
    graph = Graph(tensors, (Operator("FULLY_CONNECTED", (0, 1), (2,), {}),), (0,), (2,))
    return replace(graph, rounding=rounding)


@pytest.mark.parametrize(
    ("graph", "kernel"),
    [
        (product(9, 8, 8), "nn_conv_2d_s8"),
        (product(16, 12, 9), "nn_conv_2d_s8"),
        (product(8, 8, 8), "nn_fully_connected_s8"),
        (product(40, 7, 16), "nn_fully_connected_s8"),
        (product(40, 16, 7), "nn_fully_connected_s8"),
        (product(1, 300, 64), "nn_fully_connected_s8"),
        (product(9, 8, 8, weight_zero_point=2), "nn_fully_connected_s8"),
        (product(9, 8, 8, rounding="litert"), "nn_fully_connected_once_s8"),
    ],
)
def test_the_kernel_follows_from_the_shapes_the_zero_point_and_the_rounding(
    graph: Graph, kernel: str
) -> None:
    (operator,) = graph.operators
    assert check_operators(graph) == []
    assert lower_operator(graph, operator).function == kernel
    is_convolution = kernel == "nn_conv_2d_s8"
    assert (scratch_bytes(graph, operator) > 0) == is_convolution
    assert (overlap_bytes(graph, operator) is not None) == is_convolution


@pytest.mark.parametrize("shape", [(9, 8, 8), (16, 64, 64), (9, 300, 16), (60, 8, 39)])
def test_the_arena_is_no_larger_than_with_the_kernel_of_matrices(
    shape: tuple[int, int, int],
) -> None:
    as_matrix = plan_graph(product(*shape, weight_zero_point=2))
    as_convolution = plan_graph(product(*shape))
    assert as_convolution.steps[0].scratch_bytes > as_matrix.steps[0].scratch_bytes == 0
    assert as_convolution.arena_bytes <= as_matrix.arena_bytes
