"""Which operators can be generated, why others cannot, and what their kernels are told."""

from dataclasses import replace

import numpy as np
import pytest

from codegen.model.graph import DType, Graph, Operator, Quantization, Tensor
from codegen.operators import check_operators, in_place_input, lower_operator, supported_kinds

SCALE = Quantization((0.5,), (3,))
PROBABILITY = Quantization((1 / 256,), (-128,))
WINDOW = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "fused_activation_function": "NONE"}


def activation(
    *shape: int, dtype: DType = DType.INT8, scale: Quantization | None = SCALE
) -> Tensor:
    return Tensor("", shape, dtype, quantization=scale)


def constant(
    *shape: int,
    dtype: DType = DType.INT8,
    scale: Quantization | None = SCALE,
    known: bool = True,
    value: int = 1,
) -> Tensor:
    data = np.full(shape, value, dtype.value) if known else None
    return Tensor("", shape, dtype, is_constant=True, quantization=scale, data=data)


def single(kind: str, *tensors: Tensor, **options: int | float | str | bool) -> Graph:
    """A graph of one operator; the last tensor is its output."""
    inputs = tuple(range(len(tensors) - 1))
    operator = Operator(kind, inputs, (len(inputs),), options)
    computed = tuple(i for i in inputs if not tensors[i].is_constant)
    return Graph(tensors, (operator,), computed, (len(inputs),))


def convolution(
    image: Tensor | None = None,
    weights: Tensor | None = None,
    biases: Tensor | None = None,
    output: Tensor | None = None,
    **options: int | str,
) -> Graph:
    tensors = (
        image or activation(1, 8, 8, 3),
        weights or constant(4, 3, 3, 3, scale=Quantization((0.1, 0.2, 0.3, 0.4), (0,) * 4)),
        biases or constant(4, dtype=DType.INT32, scale=None),
        output or activation(1, 8, 8, 4),
    )
    return single("CONV_2D", *tensors, **{**WINDOW, **options})


def depthwise(weights: Tensor, channels: int = 6, output: int = 6) -> Graph:
    return single(
        "DEPTHWISE_CONV_2D",
        activation(1, 8, 8, channels),
        weights,
        constant(output, dtype=DType.INT32, scale=None),
        activation(1, 8, 8, output),
        **WINDOW,
    )


def pooling(output: Tensor, kind: str = "MAX_POOL_2D", **options: int | str) -> Graph:
    sizes = {"filter_height": 2, "filter_width": 2, "padding": "VALID", "stride_h": 2}
    return single(
        kind,
        activation(1, 7, 7, 3),
        output,
        **{**WINDOW, **sizes, "stride_w": 2, **options},
    )


def softmax(source: Tensor, output: Quantization = PROBABILITY) -> Graph:
    return single("SOFTMAX", source, activation(*source.shape, scale=output), beta=1.0)


def mean(axes: tuple[int, ...], output: Tensor, keep_dims: bool = False) -> Graph:
    data = np.array(axes, np.int32)
    named = Tensor("", data.shape, DType.INT32, is_constant=True, data=data)
    return single("MEAN", activation(1, 4, 4, 3), named, output, keep_dims=keep_dims)


def fully_connected(weights: Tensor, output: Tensor, source: Tensor | None = None) -> Graph:
    return single("FULLY_CONNECTED", source or activation(1, 8), weights, output)


def padding(amounts: list[list[int]], output: Tensor) -> Graph:
    data = np.array(amounts, np.int32)
    named = Tensor("", data.shape, DType.INT32, is_constant=True, data=data)
    return single("PAD", activation(1, 4, 4, 3), named, output)


def mirroring(amounts: list[list[int]], output: Tensor, **options: str) -> Graph:
    graph = padding(amounts, output)
    return single("MIRROR_PAD", *graph.tensors, **options)


def padding_with(value: Tensor) -> Graph:
    """A column of a value on the left."""
    named = indices(*[0] * 4, 1, 0, 0, 0)
    amounts = replace(named, shape=(4, 2), data=np.reshape(np.asarray(named.data), (4, 2)))
    return single("PADV2", activation(1, 4, 4, 3), amounts, value, activation(1, 4, 5, 3))


def resizing(
    kind: str, sizes: tuple[int, int], output: Tensor | None = None, **options: bool
) -> Graph:
    """Of an image of 4×3 pixels."""
    data = np.array(sizes, np.int32)
    named = Tensor("", data.shape, DType.INT32, is_constant=True, data=data)
    return single(
        kind, activation(1, 4, 3, 2), named, output or activation(1, *sizes, 2), **options
    )


def indices(*numbers: int) -> Tensor:
    """Constants of int32 that name dimensions or places."""
    data = np.array(numbers, np.int32)
    return Tensor("", data.shape, DType.INT32, is_constant=True, data=data)


def transposed(output: Tensor, channels: int = 3, **options: int | str) -> Graph:
    """Of 4×4 pixels with a kernel of 3×3; without biases."""
    return single(
        "TRANSPOSE_CONV",
        indices(1, 8, 8, 5),
        constant(5, 3, 3, channels, scale=Quantization((0.1,), (0,))),
        activation(1, 4, 4, 3),
        output,
        **{**WINDOW, "stride_h": 2, "stride_w": 2, **options},
    )


GENERATED = {
    "TRANSPOSE_CONV": transposed(activation(1, 8, 8, 5)),
    "RESIZE_NEAREST_NEIGHBOR": resizing("RESIZE_NEAREST_NEIGHBOR", (8, 3)),
    "RESIZE_BILINEAR": resizing("RESIZE_BILINEAR", (2, 5), half_pixel_centers=True),
    "DEPTH_TO_SPACE": single(
        "DEPTH_TO_SPACE", activation(1, 2, 2, 8), activation(1, 4, 4, 2), block_size=2
    ),
    "PACK": single("PACK", activation(1, 2), activation(1, 2), activation(1, 2, 2), axis=1),
    "PRELU": single("PRELU", activation(1, 4, 3), constant(1, 3), activation(1, 4, 3)),
    "REDUCE_MAX": single("REDUCE_MAX", activation(1, 4, 3), indices(1), activation(1, 3)),
    "REDUCE_MIN": single("REDUCE_MIN", activation(1, 4, 3), indices(-1), activation(1, 4)),
    "SUM": single("SUM", activation(1, 4, 3), indices(-1), activation(1, 4)),
    "DIV": single("DIV", activation(1, 4), constant(1), activation(1, 4)),
    "SLICE": single("SLICE", activation(1, 4), indices(0, 1), indices(1, -1), activation(1, 3)),
    "SPACE_TO_DEPTH": single(
        "SPACE_TO_DEPTH", activation(1, 4, 4, 2), activation(1, 2, 2, 8), block_size=2
    ),
    "SPLIT": single("SPLIT", indices(1), activation(1, 4), activation(1, 2), num_splits=2, part=1),
    "SPLIT_V": single(
        "SPLIT_V", activation(1, 4), indices(1, -1), indices(1), activation(1, 3), part=1
    ),
    "STRIDED_SLICE": single(
        "STRIDED_SLICE",
        activation(1, 4),
        *(indices(0, 0), indices(1, 4), indices(1, 2)),
        activation(1, 2),
    ),
    "TILE": single("TILE", activation(1, 4), indices(1, 2), activation(1, 8)),
    "BROADCAST_TO": single("BROADCAST_TO", activation(4, 1), indices(1, 4, 3), activation(1, 4, 3)),
    "TRANSPOSE": single("TRANSPOSE", activation(1, 4, 3), indices(0, 2, 1), activation(1, 3, 4)),
    "UNPACK": single("UNPACK", activation(1, 2, 3), activation(1, 3), axis=1, part=1),
    "CONCATENATION": single(
        "CONCATENATION", activation(1, 2, 3), activation(1, 4, 3), activation(1, 6, 3), axis=1
    ),
    "EXPAND_DIMS": single(
        "EXPAND_DIMS",
        activation(1, 4),
        constant(dtype=DType.INT32, scale=None),
        activation(1, 1, 4),
    ),
    "SQUEEZE": single("SQUEEZE", activation(1, 4, 1), activation(4)),
    "PAD of channels": padding([[0, 0], [1, 2], [0, 1], [2, 3]], activation(1, 7, 5, 8)),
    "PAD": padding([[0, 0], [1, 2], [0, 1], [0, 0]], activation(1, 7, 5, 3)),
    "MIRROR_PAD": mirroring([[0, 0], [3, 1], [0, 2], [0, 0]], activation(1, 8, 6, 3)),
    "MIRROR_PAD of channels": mirroring([[0, 0], [0, 0], [0, 0], [1, 2]], activation(1, 4, 4, 6)),
    "PADV2": padding_with(constant(1)),
    "ABS": single("ABS", activation(1, 4), activation(1, 4)),
    "ELU": single("ELU", activation(1, 4), activation(1, 4)),
    "EXP": single("EXP", activation(1, 4), activation(1, 4)),
    "LOG": single("LOG", activation(1, 4), activation(1, 4)),
    "GELU": single("GELU", activation(1, 4), activation(1, 4)),
    "HARD_SWISH": single("HARD_SWISH", activation(1, 4), activation(1, 4)),
    "LEAKY_RELU": single("LEAKY_RELU", activation(1, 4), activation(1, 4), alpha=0.1),
    "TANH": single(
        "TANH", activation(1, 4), activation(1, 4, scale=Quantization((1 / 128,), (0,)))
    ),
    "LOGISTIC": single("LOGISTIC", activation(1, 4), activation(1, 4, scale=PROBABILITY)),
    "RELU": single("RELU", activation(1, 4), activation(1, 4)),
    "RELU6": single("RELU6", activation(1, 4), activation(1, 4)),
    "RELU_0_TO_1": single("RELU_0_TO_1", activation(1, 4), activation(1, 4)),
    "RELU_N1_TO_1": single("RELU_N1_TO_1", activation(1, 4), activation(1, 4)),
    "CONV_2D": convolution(),
    "MAX_POOL_2D": pooling(activation(1, 3, 3, 3)),
    "AVERAGE_POOL_2D": pooling(activation(1, 3, 3, 3), "AVERAGE_POOL_2D"),
    "DEPTHWISE_CONV_2D": depthwise(constant(1, 3, 3, 6)),
    "CONV_2D with dilation": convolution(dilation_h_factor=3, dilation_w_factor=2),
    "CONV_2D with groups": convolution(activation(1, 8, 8, 6)),
    "DEPTHWISE_CONV_2D with a multiplier": depthwise(constant(1, 3, 3, 12), 6, 12),
    "DEPTHWISE_CONV_2D of one channel": depthwise(constant(1, 3, 3, 6), channels=1),
    "ADD by channel": single("ADD", activation(1, 4, 4, 3), constant(3), activation(1, 4, 4, 3)),
    "ADD, constant first": single("ADD", constant(3), activation(1, 4, 3), activation(1, 4, 3)),
    "SUB of an activation": single("SUB", constant(3), activation(1, 4, 3), activation(1, 4, 3)),
    "MAXIMUM": single("MAXIMUM", activation(1, 4, 3), constant(3), activation(1, 4, 3)),
    "MINIMUM": single("MINIMUM", *[activation(1, 4, 3)] * 3),
    "MUL by scalar": single("MUL", activation(1, 4, 4, 3), constant(), activation(1, 4, 4, 3)),
    "MUL by activation of one pixel": single(
        "MUL", activation(1, 1, 1, 3), activation(1, 4, 4, 3), activation(1, 4, 4, 3)
    ),
    "MEAN": mean((1, 2), activation(1, 3)),
    "MEAN, axes from the end": mean((-2, -3), activation(1, 1, 1, 3), keep_dims=True),
    "FULLY_CONNECTED": fully_connected(constant(2, 8), activation(1, 2)),
    "FULLY_CONNECTED of vectors": fully_connected(
        constant(2, 8), activation(6, 2), activation(1, 6, 8)
    ),
    "SOFTMAX": softmax(activation(1, 10)),
    "LOG_SOFTMAX": single(
        "LOG_SOFTMAX", activation(1, 10), activation(1, 10, scale=Quantization((1 / 16,), (127,)))
    ),
    "QUANTIZE": single("QUANTIZE", activation(1, 4, dtype=DType.UINT8), activation(1, 4)),
    "DEQUANTIZE": single(
        "DEQUANTIZE", activation(1, 4), activation(1, 4, dtype=DType.FLOAT32, scale=None)
    ),
    "RESHAPE": single("RESHAPE", activation(1, 2, 2, 3), activation(1, 12)),
}


@pytest.mark.parametrize("graph", GENERATED.values(), ids=GENERATED.keys())
def test_an_operator_without_reasons_gives_a_kernel_call(graph: Graph) -> None:
    assert check_operators(graph) == []
    call = lower_operator(graph, graph.operators[0])
    assert call.output == graph.operators[0].outputs[0]
    assert all(not graph.tensors[index].is_constant for index in call.inputs)


@pytest.mark.parametrize("kind", supported_kinds())
def test_every_supported_operator_is_among_the_generated_ones(kind: str) -> None:
    assert any(graph.operators[0].kind == kind for graph in GENERATED.values())


REFUSED = {
    "op 0 TRANSPOSE_CONV with kernels of 2 channels for 3": transposed(activation(1, 8, 8, 5), 2),
    "op 0 TRANSPOSE_CONV with fused RELU": transposed(
        activation(1, 8, 8, 5), fused_activation_function="RELU"
    ),
    "op 0 TRANSPOSE_CONV with output [1, 9, 8, 5] where [1, 8, 8, 5] results": transposed(
        activation(1, 9, 8, 5)
    ),
    "op 0 TRANSPOSE_CONV with a stride or a size that is not possible": transposed(
        activation(1, 8, 8, 5), stride_h=0
    ),
    "op 0 CONCATENATION of [[1, 2, 3], [1, 4, 3]] to [1, 5, 3]": single(
        "CONCATENATION", activation(1, 2, 3), activation(1, 4, 3), activation(1, 5, 3), axis=1
    ),
    "op 0 PACK of [[1, 2], [1, 3]] to [1, 2, 2]": single(
        "PACK", activation(1, 2), activation(1, 3), activation(1, 2, 2), axis=1
    ),
    "op 0 SLICE from [1, 4] to [1, 3]": single(
        "SLICE", activation(1, 4), indices(0, 2), indices(1, 3), activation(1, 3)
    ),
    "op 0 TRANSPOSE with output [1, 4, 3] where [1, 3, 4] results": single(
        "TRANSPOSE", activation(1, 4, 3), indices(0, 2, 1), activation(1, 4, 3)
    ),
    "op 0 TRANSPOSE with computed indices": single(
        "TRANSPOSE", activation(1, 4), activation(2, dtype=DType.INT32), activation(4, 1)
    ),
    "op 0 TILE in more than 5 loops": single(
        "TILE", activation(1, *[2] * 4), indices(1, *[2] * 4), activation(1, *[4] * 4)
    ),
    "op 0 SPLIT from [1, 4] to [1, 2]": single(
        "SPLIT", indices(1), activation(1, 4), activation(1, 2), num_splits=3
    ),
    "op 0 REDUCE_MAX with an output of another scale than its input": single(
        "REDUCE_MAX",
        activation(1, 4),
        indices(1),
        activation(1, scale=Quantization((0.25,), (3,))),
    ),
    "op 0 MEAN over axes [4]": single("MEAN", activation(1, 4), indices(4), activation(1)),
    "op 0 BROADCAST_TO from [1, 4] to [1, 6]": single(
        "BROADCAST_TO", activation(1, 4), indices(1, 6), activation(1, 6)
    ),
    "op 0 PRELU of shapes [1, 4, 3] and [4, 1]": single(
        "PRELU", activation(1, 4, 3), constant(4, 1), activation(1, 4, 3)
    ),
    "op 0 MAXIMUM with an output of another scale than its inputs": single(
        "MAXIMUM",
        activation(1, 4),
        activation(1, 4, scale=Quantization((0.25,), (3,))),
        activation(1, 4),
    ),
    "op 0 PADV2 with a value of another scale than its output": padding_with(
        constant(1, scale=PROBABILITY)
    ),
    "op 0 MIRROR_PAD by [[0, 0], [4, 0], [0, 0], [0, 0]]": mirroring(
        [[0, 0], [4, 0], [0, 0], [0, 0]], activation(1, 8, 4, 3)
    ),
    "op 0 MIRROR_PAD by [[0, 0], [5, 0], [0, 0], [0, 0]]": mirroring(
        [[0, 0], [5, 0], [0, 0], [0, 0]], activation(1, 9, 4, 3), mode="SYMMETRIC"
    ),
    "op 0 PADV2 with 2 values": padding_with(constant(2)),
    "op 0 PADV2 with computed value": padding_with(activation(1)),
    "op 0 PAD by [[1, 0], [1, 1], [1, 1], [0, 1]]": padding(
        [[1, 0], [1, 1], [1, 1], [0, 1]], activation(2, 6, 6, 4)
    ),
    "op 0 PAD by [[0, 0], [-1, 0], [0, 0], [0, 0]]": padding(
        [[0, 0], [-1, 0], [0, 0], [0, 0]], activation(1, 3, 4, 3)
    ),
    "op 0 SQUEEZE from [1, 4] to [5]": single("SQUEEZE", activation(1, 4), activation(5)),
    "op 0 PAD with output [1, 4, 4, 3] where [1, 6, 4, 3] results": padding(
        [[0, 0], [1, 1], [0, 0], [0, 0]], activation(1, 4, 4, 3)
    ),
    "op 0 LOGISTIC with output scale 0.5 and zero point 3": single(
        "LOGISTIC", activation(1, 4), activation(1, 4)
    ),
    "op 0 LEAKY_RELU with alpha -0.5": single(
        "LEAKY_RELU", activation(1, 4), activation(1, 4), alpha=-0.5
    ),
    "op 0 HARD_SWISH with a factor of 2^0 or more": single(
        "HARD_SWISH", activation(1, 4), activation(1, 4, scale=Quantization((0.002,), (0,)))
    ),
    "op 0 DIV by zero": single(
        "DIV",
        activation(1, 4),
        replace(constant(4), data=np.array([1, 2, 3, 4], np.int8)),
        activation(1, 4),
    ),
    "op 0 DIV of [1, 3, 4] by [3, 1]": single(
        "DIV", activation(1, 3, 4), constant(3, 1), activation(1, 3, 4)
    ),
    "op 0 DIV of [1, 3, 4] by [3, 4]": single(
        "DIV", activation(1, 3, 4), constant(3, 4), activation(1, 3, 4)
    ),
    "op 0 DIV with computed divisor": single(
        "DIV", activation(1, 4), activation(1), activation(1, 4)
    ),
    "op 0 DIV with scales for which the reference kernel shifts 32 bits by 33": single(
        "DIV", activation(1, 4), constant(1), activation(1, 4, scale=Quantization((4.0,), (0,)))
    ),
    "op 0 SUM rounded as LiteRT, whose reference kernels have no sum in int8": replace(
        single("SUM", activation(1, 4), indices(1), activation(1)), rounding="litert"
    ),
    "op 0 SUM with scales that give a factor of 1.68e+07 for sums up to 255": single(
        "SUM",
        activation(1, 1, scale=Quantization((1.0,), (0,))),
        indices(1),
        activation(1, scale=Quantization((2.0**-24,), (0,))),
    ),
    "op 0 SEGMENT_SUM": single("SEGMENT_SUM", activation(1, 4), activation(1, 4)),
    "op 0 RESIZE_BILINEAR with aligned corners and half pixels": resizing(
        "RESIZE_BILINEAR", (8, 6), align_corners=True, half_pixel_centers=True
    ),
    "op 0 RESIZE_BILINEAR from 4 to 1412, which reads outside the image": resizing(
        "RESIZE_BILINEAR", (1412, 3)
    ),
    "op 0 RESIZE_NEAREST_NEIGHBOR with output [1, 8, 6, 2] where [1, 8, 7, 2] results": resizing(
        "RESIZE_NEAREST_NEIGHBOR", (8, 7), activation(1, 8, 6, 2)
    ),
    "op 0 RESIZE_NEAREST_NEIGHBOR with an output of another scale than its input": resizing(
        "RESIZE_NEAREST_NEIGHBOR", (8, 6), activation(1, 8, 6, 2, scale=PROBABILITY)
    ),
    "op 0 ADD in float32": single(
        "ADD", *[activation(1, 4, dtype=DType.FLOAT32, scale=None) for _ in range(3)]
    ),
    "op 0 ADD of shapes [1, 4, 3] and [4, 1]": single(
        "ADD", activation(1, 4, 3), activation(4, 1), activation(1, 4, 3)
    ),
    "op 0 ADD with fused TANH": single(
        "ADD", *[activation(1, 4)] * 3, fused_activation_function="TANH"
    ),
    "op 0 ADD with 1 inputs and 1 outputs": single("ADD", activation(1, 4), activation(1, 4)),
    "op 0 ADD of an empty tensor": single("ADD", *[activation(1, 0)] * 3),
    "op 0 MUL without quantization": single(
        "MUL", activation(1, 4, scale=None), activation(1, 4), activation(1, 4)
    ),
    "op 0 MUL with zero point 300 in int8": single(
        "MUL",
        activation(1, 4),
        activation(1, 4, scale=Quantization((1.0,), (300,))),
        activation(1, 4),
    ),
    "op 0 CONV_2D with dilation 0": convolution(dilation_h_factor=0, dilation_w_factor=2),
    "op 0 CONV_2D with batch 2": convolution(activation(2, 8, 8, 3)),
    "op 0 CONV_2D with 4 kernels in 3 groups": convolution(activation(1, 8, 8, 9)),
    "op 0 CONV_2D with kernels of 3 channels for 8": convolution(activation(1, 8, 8, 8)),
    "op 0 CONV_2D with computed weights": convolution(weights=activation(4, 3, 3, 3)),
    "op 0 CONV_2D with 3 biases": convolution(biases=constant(3, dtype=DType.INT32, scale=None)),
    "op 0 CONV_2D with 3 weight scales along axis 3": convolution(
        weights=constant(4, 3, 3, 3, scale=Quantization((0.1,) * 3, (0,) * 3, axis=3))
    ),
    "op 0 CONV_2D with stride 0": convolution(stride_w=0),
    "op 0 CONV_2D with output [1, 8, 8, 4] where [1, 4, 8, 4] results": convolution(stride_h=2),
    "op 0 CONV_2D with output [1, 8, 8, 4] where [1, 6, 6, 4] results": convolution(
        padding="VALID"
    ),
    "op 0 CONV_2D with sums up to 2147490532": convolution(
        biases=constant(4, dtype=DType.INT32, scale=None, value=(1 << 31) - 1)
    ),
    "op 0 DEPTHWISE_CONV_2D with 6 kernels for 4 channels": depthwise(
        constant(1, 3, 3, 6), channels=4
    ),
    "op 0 DEPTHWISE_CONV_2D with 3 weight scales along axis 0": depthwise(
        constant(1, 3, 3, 6, scale=Quantization((0.1,) * 3, (0,) * 3))
    ),
    "op 0 MAX_POOL_2D with output [1, 4, 4, 3] where [1, 3, 3, 3] results": pooling(
        activation(1, 4, 4, 3)
    ),
    "op 0 MAX_POOL_2D with an output of another scale than its input": pooling(
        activation(1, 3, 3, 3, scale=Quantization((0.25,), (3,)))
    ),
    "op 0 MEAN with output [1, 4] where [1, 3] results": mean((1, 2), activation(1, 4)),
    "op 0 FULLY_CONNECTED of [2, 8] to [1, 2] with 2 × 8": fully_connected(
        constant(2, 8), activation(1, 2), activation(2, 8)
    ),
    "op 0 FULLY_CONNECTED of [1, 12] with 8 columns": fully_connected(
        constant(2, 8), activation(1, 3), activation(1, 12)
    ),
    "op 0 SOFTMAX with output scale 0.5 and zero point 3": softmax(activation(1, 4), SCALE),
    "op 0 SOFTMAX over 5000 classes": softmax(activation(1, 5000)),
    "op 0 LOG_SOFTMAX with output scale 0.5 and zero point 3": single(
        "LOG_SOFTMAX", activation(1, 4), activation(1, 4)
    ),
    "op 0 LOG_SOFTMAX with input scale 9.31323e-10": single(
        "LOG_SOFTMAX",
        activation(1, 4, scale=Quantization((2.0**-30,), (0,))),
        activation(1, 4, scale=Quantization((1 / 16,), (127,))),
    ),
    "op 0 QUANTIZE from uint8 to uint8": single(
        "QUANTIZE", *[activation(1, 4, dtype=DType.UINT8)] * 2
    ),
    "op 0 QUANTIZE with output [1, 3] where [1, 4] results": single(
        "QUANTIZE", activation(1, 4), activation(1, 3)
    ),
    "op 0 RESHAPE from [1, 4] to [1, 5]": single("RESHAPE", activation(1, 4), activation(1, 5)),
}


@pytest.mark.parametrize("text", REFUSED)
def test_an_operator_that_cannot_be_generated_is_named_with_its_reason(text: str) -> None:
    assert check_operators(REFUSED[text]) == [text]


def test_all_reasons_of_an_operator_are_given_together() -> None:
    graph = convolution(activation(2, 8, 8, 4), output=activation(2, 8, 8, 4))
    assert check_operators(graph) == [
        "op 0 CONV_2D with batch 2 and with kernels of 3 channels for 4"
    ]


def test_a_network_without_data_needs_no_quantization() -> None:
    image, pooled = activation(1, 8, 8, 3, scale=None), activation(1, 4, 4, 3, scale=None)
    weights = constant(3, 3, 3, 3, scale=None, known=False)
    biases = constant(3, dtype=DType.INT32, scale=None, known=False)
    sizes = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2}
    operators = (
        Operator("CONV_2D", (0, 1, 2), (3,), WINDOW),
        Operator("MAX_POOL_2D", (3,), (4,), {**WINDOW, **sizes}),
    )
    graph = Graph((image, weights, biases, image, pooled), operators, (0,), (4,))
    assert check_operators(graph) == []


def test_an_absent_operand_is_named() -> None:
    graph = GENERATED["ADD by channel"]
    graph = replace(graph, operators=(replace(graph.operators[0], inputs=(0, -1)),))
    assert check_operators(graph) == ["op 0 ADD without input 1"]


def test_a_constant_first_operand_swaps_the_parameters_of_an_addition() -> None:
    small, large = Quantization((0.25,), (7,)), Quantization((0.5,), (-9,))
    tensors = constant(3, scale=small), activation(1, 4, 3, scale=large), activation(1, 4, 3)
    graph = single("ADD", *tensors)
    params = dict(lower_operator(graph, graph.operators[0]).params)
    assert params["scaling.first_zero_point"] == -9
    assert params["scaling.second_zero_point"] == 7
    # 0.5 and 0.25 of twice the larger scale, 1.0, as multiplier · 2^(shift − 31).
    assert [params[f"scaling.first_{own}"] for own in ("multiplier", "shift")] == [1 << 30, 0]
    assert [params[f"scaling.second_{own}"] for own in ("multiplier", "shift")] == [1 << 30, -1]


def test_uneven_padding_puts_the_smaller_half_before() -> None:
    weights = constant(4, 4, 4, 3, scale=Quantization((0.1,), (0,)))
    graph = convolution(weights=weights)
    params = dict(lower_operator(graph, graph.operators[0]).params)
    assert (params["padding_top"], params["padding_left"]) == (1, 1)


def test_one_scale_of_the_weights_serves_every_channel() -> None:
    graph = convolution(weights=constant(4, 3, 3, 3, scale=Quantization((0.25,), (0,))))
    call = lower_operator(graph, graph.operators[0])
    multipliers = next(c for c in call.constants if c.name == "multipliers")
    assert multipliers.values.tolist() == [1 << 30] * 4


def test_biases_hold_the_zero_point_times_the_weights() -> None:
    graph = convolution()
    image, weights = graph.tensors[0], graph.tensors[1]
    assert image.quantization is not None
    assert weights.data is not None
    zero_point = image.quantization.zero_point
    expected = [-zero_point * int(np.sum(kernel)) for kernel in np.asarray(weights.data, int)]
    graph = convolution()
    graph = replace(graph, operators=(replace(graph.operators[0], inputs=(0, 1, -1)),))
    assert check_operators(graph) == []
    biases = next(
        c for c in lower_operator(graph, graph.operators[0]).constants if c.name == "biases"
    )
    assert biases.values.tolist() == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ADD by channel", 0),
        ("ADD, constant first", 1),
        ("MUL by activation of one pixel", 1),
        ("QUANTIZE", 0),
        ("RESHAPE", 0),
        ("DEQUANTIZE", None),
        ("CONV_2D", None),
        ("SOFTMAX", None),
    ],
)
def test_only_an_operand_of_the_output_s_size_can_be_written_over(
    name: str, expected: int | None
) -> None:
    graph = GENERATED[name]
    assert in_place_input(graph, graph.operators[0]) == expected
