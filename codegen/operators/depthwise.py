"""DEPTHWISE_CONV_2D: a kernel for each channel. Pure."""

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
    integer_option,
    output_limits,
    zero_point_of,
)
from codegen.operators.windows import (
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
    dilations = [integer_option(operator, f"dilation_{side}_factor", 1) for side in "hw"]
    window = ((height - 1) * dilations[0] + 1, (width - 1) * dilations[1] + 1)
    reasons = check_types([image, weights, output], [DType.INT8])
    reasons += check_constant(weights, "weights") + check_bias(graph, operator, count)
    reasons += check_quantization(graph, operator, weights, axis=3)
    reasons += check_window(operator, image, output, window, count)
    if dilations != [1, 1]:
        reasons.append(f"with dilation {max(dilations)}")
    if weights.shape[0] != 1 or image.shape[3] not in (1, count):
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


def _lower(graph: Graph, operator: Operator) -> KernelCall:
    image, weights, *_ = graph.inputs_of(operator)
    if image.shape[3] == 1:
        # With a single input channel, the convolution kernel is used.
        return convolution_call(graph, operator, np.transpose(data_of(weights), (3, 1, 2, 0)))
    (output,) = graph.outputs_of(operator)
    _, height, width, channels = image.shape
    lowest, highest = output_limits(operator, output)
    kernels = np.asarray(data_of(weights), np.int8)[0]
    multipliers = weight_multipliers(graph, operator, channels)
    by_channel, arrays = channel_arrays(
        graph, operator, kernels.reshape(-1, channels).T, multipliers
    )
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
            *geometry(operator, image, (kernels.shape[0], kernels.shape[1])),
            ("input_zero_point", zero_point_of(image)),
            ("output_zero_point", zero_point_of(output)),
            ("lowest", lowest),
            ("highest", highest),
            ("weights", "weights"),
            ("biases", "biases"),
            ("multipliers", "multipliers"),
            ("shifts", "shifts"),
        ),
        constants=(ConstantArray("weights", "int8_t", _in_quads(by_channel)), *arrays),
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
        rings=("input", "output"),
        scratch="scratch",
    )


DEPTHWISE_CONV_2D = OperatorSupport(
    _check, _lower, convolution_rows, (2, 3), CONVOLUTION_MEMORY, depthwise_macc
)
