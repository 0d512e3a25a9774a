from dataclasses import replace

import numpy as np
import pytest

from codegen.model.graph import DType, Graph, Operator, Tensor
from firmware.errors import ModelError
from nas.network.int8_graph import Int8Graph, Role
from nas.quantization.folding import Weights
from nas.quantization.quantize import quantize_graph, quantize_range


@pytest.mark.parametrize(
    ("lowest", "highest", "scale", "zero_point"),
    [
        (0.0, 2.55, 0.01, -128),
        (-1.28, 1.27, 0.01, 0),
        (-2.55, 0.0, 0.01, 127),
        (1.0, 2.55, 0.01, -128),
        (-2.55, -1.0, 0.01, 127),
        (0.0, 0.0, 1 / 255, -128),
    ],
)
def test_a_range_is_widened_to_hold_zero_exactly(
    lowest: float, highest: float, scale: float, zero_point: int
) -> None:
    found = quantize_range(lowest, highest)
    assert found.scale == pytest.approx(scale, rel=1e-7)
    assert found.zero_point == zero_point


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_range_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(ModelError, match="cannot be quantized"):
        quantize_range(0.0, bad)


def product(kernels: list[list[float]], biases: list[float]) -> Graph:
    """A matrix product, with constants quantized."""
    weights = np.array(kernels, np.float32)
    outputs, inputs = weights.shape
    tensors = (
        Tensor("x", (1, inputs), DType.INT8),
        Tensor("w", weights.shape, DType.INT8, is_constant=True),
        Tensor("b", (outputs,), DType.INT32, is_constant=True),
        Tensor("y", (1, outputs), DType.INT8),
    )
    graph = Graph(tensors, (Operator("FULLY_CONNECTED", (0, 1, 2), (3,)),), (0,), (3,))
    origins = ((Role.PORT, 0), (Role.KERNELS, 1), (Role.BIASES, 1), (Role.RESULT, 1))
    own = Weights(weights, np.array(biases, np.float32))
    return quantize_graph(Int8Graph(graph, origins), {1: own}, {1: (0.0, 1.0)})


def test_each_row_of_weights_has_a_scale_of_its_own_and_the_bias_that_of_the_products() -> None:
    """The input is 0 to 1 in steps of 1/255; a bias of 1 is 255·127 such steps."""
    graph = product([[1.27, -0.635], [0.0127, 0.0051]], [1.27, 0.0])
    weights, biases = graph.tensors[1:3]
    assert weights.quantization is not None
    assert biases.quantization is not None
    assert weights.quantization.scales == pytest.approx((0.01, 0.0001))
    np.testing.assert_array_equal(weights.data, [[127, -64], [127, 51]])
    assert biases.quantization.scales == pytest.approx((0.01 / 255, 0.0001 / 255))
    np.testing.assert_array_equal(biases.data, [255 * 127, 0])
    assert biases.quantization.zero_points == (0, 0)


def test_a_bias_beside_tiny_weights_stays_within_int32_and_keeps_its_value() -> None:
    graph = product([[1e-9, 0.0], [0.0, 0.0]], [3.0, -2.0])
    biases = graph.tensors[2]
    assert biases.quantization is not None
    assert biases.data is not None
    assert np.abs(biases.data.astype(np.int64)).max() <= 1 << 30
    assert biases.data * np.array(biases.quantization.scales) == pytest.approx([3.0, -2.0])


def test_channels_that_are_nothing_are_stored_as_nothing() -> None:
    graph = product([[0.0, 0.0]], [0.0])
    np.testing.assert_array_equal(graph.tensors[1].data, [[0, 0]])
    np.testing.assert_array_equal(graph.tensors[2].data, [0])


def test_weights_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ModelError, match="the training has failed"):
        product([[float("nan")]], [0.0])


def test_a_pooling_keeps_the_scale_and_probabilities_have_the_prescribed_one() -> None:
    tensors = (
        *(Tensor(name, (1, 4), DType.INT8) for name in "xpm"),
        Tensor("axes", (2,), DType.INT32, is_constant=True),
        Tensor("s", (1, 4), DType.INT8),
    )
    operators = (
        Operator("MAX_POOL_2D", (0,), (1,)),
        Operator("MEAN", (1, 3), (2,)),
        Operator("SOFTMAX", (2,), (4,)),
    )
    results = [(Role.RESULT, node) for node in range(3)]
    origins = (*results, (Role.AXES, 2), (Role.RESULT, 3))
    lowered = Int8Graph(Graph(tensors, operators, (0,), (4,)), origins)
    graph = quantize_graph(lowered, {}, {2: (0.0, 0.51)})
    image, pooled, mean, _, probabilities = graph.tensors
    assert image.quantization == pooled.quantization == quantize_range(0.0, 1.0)
    assert mean.quantization == quantize_range(0.0, 0.51)
    assert probabilities.quantization == replace(
        quantize_range(0.0, 1.0), scales=(1 / 256,), zero_points=(-128,)
    )


def test_an_operator_whose_range_nobody_measured_is_refused() -> None:
    tensors = tuple(Tensor(name, (1, 4), DType.INT8) for name in "xyz")
    graph = Graph(tensors, (Operator("ADD", (0, 1), (2,)),), (0, 1), (2,))
    origins = tuple((Role.RESULT, node) for node in range(3))
    with pytest.raises(ModelError, match="ADD cannot be quantized here"):
        quantize_graph(Int8Graph(graph, origins), {}, {})
