"""Operators that move a window over an image: CONV_2D, MAX_POOL_2D, AVERAGE_POOL_2D. Pure."""

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from codegen.model.fixed_point import Multiplier, quantize_multiplier
from codegen.model.graph import DType, Graph, Operator, Tensor
from codegen.operators.channels import (
    PATCH_GROUP,
    check_bias,
    padded_rows,
)
from codegen.operators.constant_channels import channel_arrays, check_channels
from codegen.operators.convolution_memory import CONVOLUTION_MEMORY
from codegen.operators.kernel_call import ConstantArray, KernelCall
from codegen.operators.macc import no_macc, weight_macc
from codegen.operators.memory import OWN_BYTES
from codegen.operators.rows import RowWindow, images_have_rows, window_rows
from codegen.operators.support import (
    OperatorSupport,
    check_activation,
    check_batch,
    check_constant,
    check_output_shape,
    check_quantization,
    check_same_scale,
    check_types,
    data_of,
    integer_option,
    output_limits,
    scale_of,
    zero_point_of,
)
from codegen.operators.window_side import (
    PADDINGS,
    dilated_window,
    dilations,
    output_size,
    padding_before,
)

Params = tuple[tuple[str, int | float | str], ...]


def check_dilations(operator: Operator) -> list[str]:
    """A reason if taps do not follow each other."""
    smallest = min(dilations(operator))
    return [f"with dilation {smallest}"] if smallest < 1 else []


def check_window(
    operator: Operator, image: Tensor, output: Tensor, window: tuple[int, int], channels: int
) -> list[str]:
    """Reasons common to all windows (height, width) over an image that give `channels`."""
    reasons = [*check_batch(image), *check_activation(operator)]
    padding = operator.options.get("padding")
    strides = [integer_option(operator, f"stride_{side}", 0) for side in "hw"]
    if padding not in PADDINGS:
        reasons.append(f"with padding {padding}")
    if min(strides) < 1:
        reasons.append(f"with stride {min(strides)}")
    if min(window) < 1:
        reasons.append(f"with a window of {list(window)}")
    if reasons:
        return reasons
    sides = zip("hw", image.shape[1:3], window, strict=True)
    expected = [1, *(output_size(operator, *side) for side in sides), channels]
    return check_output_shape(output, expected)


def _check_conv_2d(graph: Graph, operator: Operator) -> list[str]:
    image, weights, *_ = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    if len(image.shape) != 4 or len(weights.shape) != 4:
        return [f"of shapes {list(image.shape)} and {list(weights.shape)}"]
    count, height, width, channels = weights.shape
    window = dilated_window(operator, (height, width))
    reasons = check_types([image, weights, output], [DType.INT8]) + check_dilations(operator)
    reasons += check_constant(weights, "weights") + check_bias(graph, operator, count)
    reasons += check_quantization(graph, operator, weights)
    reasons += check_window(operator, image, output, window, count)
    reasons += _check_groups(image.shape[3], channels, count)
    if not reasons and weights.data is not None:
        multipliers = partial(weight_multipliers, graph, operator)
        reasons += check_channels(graph, operator, np.asarray(weights.data, np.int8), multipliers)
    return reasons


def _check_groups(channels: int, own_channels: int, count: int) -> list[str]:
    """Source: LiteRT, `conv.cc`, Prepare, and `integer_ops/conv.h`: groups have equal sizes."""
    if own_channels < 1 or channels % own_channels:
        return [f"with kernels of {own_channels} channels for {channels}"]
    groups = channels // own_channels
    return [f"with {count} kernels in {groups} groups"] if count % groups else []


def _lower_conv_2d(graph: Graph, operator: Operator) -> KernelCall:
    weights = graph.tensors[operator.inputs[1]]
    return convolution_call(graph, operator, data_of(weights))


def weight_multipliers(graph: Graph, operator: Operator, count: int) -> list[Multiplier]:
    """For each output channel, the factor from sums of products to outputs."""
    image, weights, *_ = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    assert weights.quantization is not None
    scales = weights.quantization.scales
    return [
        quantize_multiplier(scale_of(image) * scale / scale_of(output))
        for scale in (scales if len(scales) == count else scales * count)
    ]


def geometry(operator: Operator, image: Tensor, kernel: tuple[int, int]) -> Params:
    """Kernel size, strides and padding before the image, in the form of the convolution kernels."""
    window = dilated_window(operator, kernel)
    _, height, width, _ = image.shape
    return (
        ("kernel_height", kernel[0]),
        ("kernel_width", kernel[1]),
        ("stride_height", integer_option(operator, "stride_h", 1)),
        ("stride_width", integer_option(operator, "stride_w", 1)),
        ("padding_top", padding_before(operator, "h", height, window[0])),
        ("padding_left", padding_before(operator, "w", width, window[1])),
    )


def convolution_call(graph: Graph, operator: Operator, weights: NDArray[np.generic]) -> KernelCall:
    """The call of a convolution with weights (output channels, kernel h, kernel w, channels).

    With fewer channels than the image, they are those of one group.
    """
    image = graph.tensors[operator.inputs[0]]
    (output,) = graph.outputs_of(operator)
    _, height, width, channels = image.shape
    lowest, highest = output_limits(operator, output)
    rows, parts = padded_rows(weights), channels // weights.shape[3]
    multipliers = weight_multipliers(graph, operator, len(rows))
    stored, arrays = channel_arrays(graph, operator, rows, multipliers)
    call = KernelCall(
        function="nn_conv_2d_s8",
        header="nn/conv_2d.h",
        params_type="nn_conv_2d_params",
        params=(
            ("input_height", height),
            ("input_width", width),
            ("input_channels", channels),
            ("output_height", output.shape[1]),
            ("output_width", output.shape[2]),
            ("output_channels", len(rows)),
            *geometry(operator, image, (weights.shape[1], weights.shape[2])),
            ("groups", rows.shape[1] // PATCH_GROUP),
            ("input_zero_point", zero_point_of(image)),
            ("output_zero_point", zero_point_of(output)),
            ("lowest", lowest),
            ("highest", highest),
            ("weights", "weights"),
            ("biases", "biases"),
            ("multipliers", "multipliers"),
            ("shifts", "shifts"),
        ),
        constants=(ConstantArray("weights", "int8_t", stored), *arrays),
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
        rings=("input", "output"),
        scratch="scratch",
    )
    if dilations(operator) == (1, 1) and parts == 1:
        return call
    own = call_of_taps(operator, call, "conv")
    return replace(own, params=(*own.params, ("parts", parts)))


def call_of_taps(operator: Operator, call: KernelCall, field: str) -> KernelCall:
    """The call of the kernel for any taps, whose parameters contain those of another kernel.

    What the kernel needs besides the dilation has to be added.
    """
    name = call.function.removesuffix("_s8")
    dilation_height, dilation_width = dilations(operator)
    return replace(
        call,
        function=f"{name}_taps_s8",
        header=f"{name.replace('nn_', 'nn/')}_taps.h",
        params_type=f"{name}_taps_params",
        params=(
            *((f"{field}.{own}", value) for own, value in call.params),
            ("dilation_height", dilation_height),
            ("dilation_width", dilation_width),
        ),
        rings=tuple(f"{field}.{own}" for own in call.rings),
        scratch=f"{field}.{call.scratch}",
    )


def convolution_rows(graph: Graph, operator: Operator) -> RowWindow | None:
    """The window of a kernel with any dilation; see `RowsNeeded`."""
    weights = graph.tensors[operator.inputs[1]]
    if len(weights.shape) != 4:
        return None
    window = dilated_window(operator, (weights.shape[1], weights.shape[2]))
    return _rows_of_window(graph, operator, window[0])


def _pool_rows(graph: Graph, operator: Operator) -> RowWindow | None:
    return _rows_of_window(graph, operator, integer_option(operator, "filter_height", 0))


def _rows_of_window(graph: Graph, operator: Operator, height: int) -> RowWindow | None:
    image = graph.tensors[operator.inputs[0]]
    stride = integer_option(operator, "stride_h", 1)
    if not images_have_rows([image, graph.tensors[operator.outputs[0]]]) or stride < 1:
        return None
    return window_rows(height, stride, padding_before(operator, "h", image.shape[1], height))


def _check_pool(graph: Graph, operator: Operator) -> list[str]:
    (image,) = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    if len(image.shape) != 4:
        return [f"with an input of rank {len(image.shape)}"]
    window = (
        integer_option(operator, "filter_height", 0),
        integer_option(operator, "filter_width", 0),
    )
    reasons = check_types([image, output], [DType.INT8]) + check_quantization(graph, operator)
    reasons += check_window(operator, image, output, window, image.shape[3])
    return reasons or check_same_scale(image, output)


def _lower_pool(graph: Graph, operator: Operator) -> KernelCall:
    name = operator.kind.lower()
    (image,) = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    _, height, width, channels = image.shape
    window_height = integer_option(operator, "filter_height", 1)
    window_width = integer_option(operator, "filter_width", 1)
    lowest, highest = output_limits(operator, output)
    return KernelCall(
        function=f"nn_{name}_s8",
        header=f"nn/{name}.h",
        params_type="nn_pool_2d_params",
        params=(
            ("input_height", height),
            ("input_width", width),
            ("output_height", output.shape[1]),
            ("output_width", output.shape[2]),
            ("channels", channels),
            ("window_height", window_height),
            ("window_width", window_width),
            ("stride_height", integer_option(operator, "stride_h", 1)),
            ("stride_width", integer_option(operator, "stride_w", 1)),
            ("padding_top", padding_before(operator, "h", height, window_height)),
            ("padding_left", padding_before(operator, "w", width, window_width)),
            ("lowest", lowest),
            ("highest", highest),
        ),
        constants=(),
        inputs=operator.inputs,
        output=operator.outputs[0],
        rings=("input", "output"),
    )


CONV_2D = OperatorSupport(
    _check_conv_2d, _lower_conv_2d, convolution_rows, (2, 3), CONVOLUTION_MEMORY, weight_macc
)
AVERAGE_POOL_2D = OperatorSupport(_check_pool, _lower_pool, _pool_rows, (1,), OWN_BYTES, no_macc)
MAX_POOL_2D = OperatorSupport(_check_pool, _lower_pool, _pool_rows, (1,), OWN_BYTES, no_macc)
