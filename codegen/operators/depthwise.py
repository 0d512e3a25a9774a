"""DEPTHWISE_CONV_2D: one or several kernels for each channel. Pure."""

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import DType, Graph, Operator
from codegen.operators.channels import PATCH_GROUP, check_bias
from codegen.operators.constant_channels import channel_arrays, check_channels
from codegen.operators.convolution_memory import CONVOLUTION_MEMORY
from codegen.operators.kernel_call import ConstantArray, KernelCall
from codegen.operators.macc import depthwise_macc
from codegen.operators.support import (
    OperatorSupport,
    check_constant,
    check_quantization,
    check_types,
    data_of,
    output_limits,
    zero_point_of,
)
from codegen.operators.window_side import dilated_window, dilations
from codegen.operators.windows import (
    call_of_taps,
    check_dilations,
    check_window,
    convolution_call,
    convolution_rows,
    geometry,
    weight_multipliers,
)


def _check(graph: Graph, operator: Operator) -> list[str]:
    image, weights, *_ = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    if len(image.shape) != 4 or len(weights.shape) != 4:
        return [f"of shapes {list(image.shape)} and {list(weights.shape)}"]
    _, height, width, count = weights.shape
    window = dilated_window(operator, (height, width))
    reasons = check_types([image, weights, output], [DType.INT8]) + check_dilations(operator)
    reasons += check_constant(weights, "weights") + check_bias(graph, operator, count)
    reasons += check_quantization(graph, operator, weights, axis=3)
    reasons += check_window(operator, image, output, window, count)
    if weights.shape[0] != 1 or count % image.shape[3]:
        reasons.append(f"with {count} kernels for {image.shape[3]} channels")
    if not reasons and weights.data is not None:
        multipliers = partial(weight_multipliers, graph, operator)
        rows = np.moveaxis(np.asarray(weights.data, np.int8), 3, 0)
        reasons += check_channels(graph, operator, rows, multipliers)
    return reasons


def _in_quads(by_channel: NDArray[np.int8]) -> NDArray[np.int8]:
    """Weights (channels, taps) in the order in which the kernel reads them.

    Four channels at a time, tap by tap, then the remaining channels one by one.
    """
    channels, taps = by_channel.shape
    whole = channels - channels % PATCH_GROUP
    quads = by_channel[:whole].reshape(-1, PATCH_GROUP, taps).transpose(0, 2, 1)
    return np.concatenate([quads.ravel(), by_channel[whole:].ravel()])


def _as_convolution(kernels: NDArray[np.int8], channels: int) -> NDArray[np.int8]:
    """Kernels (h, w, output channels) as those of a convolution, with zeros for other channels.

    For fewer channels than a depthwise kernel multiplies at once, a convolution is faster.
    """
    height, width, count = kernels.shape
    dense = np.zeros((count, height, width, channels), np.int8)
    own = np.arange(count)
    dense[own, :, :, own * channels // count] = np.moveaxis(kernels, 2, 0)
    return dense


def _by_number(
    by_channel: NDArray[np.int8], arrays: tuple[ConstantArray, ...], channels: int
) -> tuple[ConstantArray, ...]:
    """Weights and arrays for the first output of every channel, then for the second, and so on."""
    order = np.arange(len(by_channel)).reshape(channels, -1).T
    weights = np.concatenate([_in_quads(by_channel[own]) for own in order])
    ordered = tuple(replace(array, values=array.values[order.ravel()]) for array in arrays)
    return (ConstantArray("weights", "int8_t", weights), *ordered)


def _lower(graph: Graph, operator: Operator) -> KernelCall:
    image, weights, *_ = graph.inputs_of(operator)
    channels = image.shape[3]
    kernels = np.asarray(data_of(weights), np.int8)[0]
    if channels < PATCH_GROUP:
        return convolution_call(graph, operator, _as_convolution(kernels, channels))
    call = _depthwise_call(graph, operator, kernels)
    multiplier = kernels.shape[2] // channels
    if dilations(operator) == (1, 1) and multiplier == 1:
        return call
    own = call_of_taps(operator, call, "depthwise")
    return replace(own, params=(*own.params, ("multiplier", multiplier)))


def _depthwise_call(graph: Graph, operator: Operator, kernels: NDArray[np.int8]) -> KernelCall:
    """The call of `nn_depthwise_conv_2d_s8` with kernels (h, w, output channels)."""
    image, (output,) = graph.tensors[operator.inputs[0]], graph.outputs_of(operator)
    _, height, width, channels = image.shape
    kernel_height, kernel_width, count = kernels.shape
    lowest, highest = output_limits(operator, output)
    multipliers = weight_multipliers(graph, operator, count)
    by_channel, arrays = channel_arrays(graph, operator, kernels.reshape(-1, count).T, multipliers)
    return KernelCall(
        function="nn_depthwise_conv_2d_s8",
        header="nn/depthwise_conv_2d.h",
        params_type="nn_depthwise_conv_2d_params",
        params=(
            ("input_height", height),
            ("input_width", width),
            ("channels", channels),
            ("output_height", output.shape[1]),
            ("output_width", output.shape[2]),
            *geometry(operator, image, (kernel_height, kernel_width)),
            ("input_zero_point", zero_point_of(image)),
            ("output_zero_point", zero_point_of(output)),
            ("lowest", lowest),
            ("highest", highest),
            ("weights", "weights"),
            ("biases", "biases"),
            ("multipliers", "multipliers"),
            ("shifts", "shifts"),
        ),
        constants=_by_number(by_channel, arrays, channels),
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
        rings=("input", "output"),
        scratch="scratch",
    )


DEPTHWISE_CONV_2D = OperatorSupport(
    _check, _lower, convolution_rows, (2, 3), CONVOLUTION_MEMORY, depthwise_macc
)
