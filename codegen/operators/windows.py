"""Operators that move a window over an image: CONV_2D and MAX_POOL_2D. Pure."""

from codegen.fixed_point import quantize_multiplier
from codegen.graph import DType, Graph, Operator, Tensor
from codegen.kernel_call import ConstantArray, KernelCall
from codegen.operators.channels import bias_array, check_bias, multiplier_arrays
from codegen.operators.support import (
    OperatorSupport,
    check_activation,
    check_batch,
    check_constant,
    check_quantization,
    check_types,
    data_of,
    integer_option,
    output_limits,
    scale_of,
    zero_point_of,
)


def padding_before(size: int, window: int, stride: int, padding: str) -> int:
    """Rows or columns of padding before the first one of the input.

    Source: TFLite, ComputePadding: `SAME` pads so that output = ceil(input / stride), the smaller
    half before.
    """
    if padding == "VALID":
        return 0
    output = -(-size // stride)
    return max((output - 1) * stride + window - size, 0) // 2


def _check_rank(tensor: Tensor) -> list[str]:
    return [] if len(tensor.shape) == 4 else [f"with an input of rank {len(tensor.shape)}"]


def _check_window(operator: Operator, image: Tensor) -> list[str]:
    reasons = [*_check_rank(image), *check_batch(image), *check_activation(operator)]
    if operator.options.get("padding") not in ("SAME", "VALID"):
        reasons.append(f"with padding {operator.options.get('padding')}")
    if min(integer_option(operator, f"stride_{side}", 0) for side in "hw") < 1:
        reasons.append("with stride 0")
    return reasons


def _check_conv_2d(graph: Graph, operator: Operator) -> list[str]:
    image, weights, *_ = graph.inputs_of(operator)
    dilation = max(
        integer_option(operator, "dilation_h_factor", 1),
        integer_option(operator, "dilation_w_factor", 1),
    )
    reasons = check_types([image, weights, *graph.outputs_of(operator)], [DType.INT8])
    reasons += check_constant(weights, "weights") + check_bias(graph, operator)
    reasons += _check_window(operator, image) + check_quantization(graph, operator)
    if dilation != 1:
        reasons.append(f"with dilation {dilation}")
    if len(weights.shape) == 4 and len(image.shape) == 4 and weights.shape[3] != image.shape[3]:
        reasons.append(f"with {image.shape[3] // max(weights.shape[3], 1)} groups")
    return reasons


def _lower_conv_2d(graph: Graph, operator: Operator) -> KernelCall:
    image, weights, *_ = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    assert weights.quantization is not None
    _, height, width, channels = image.shape
    count, kernel_height, kernel_width, _ = weights.shape
    stride_height = integer_option(operator, "stride_h", 1)
    stride_width = integer_option(operator, "stride_w", 1)
    padding = str(operator.options["padding"])
    scales = weights.quantization.scales
    multipliers = [
        quantize_multiplier(scale_of(image) * scale / scale_of(output))
        for scale in (scales if len(scales) == count else scales * count)
    ]
    lowest, highest = output_limits(operator, output)
    return KernelCall(
        function="nn_conv_2d_s8",
        header="nn/conv_2d.h",
        params_type="nn_conv_2d_params",
        params=(
            ("input_height", height),
            ("input_width", width),
            ("input_channels", channels),
            ("output_height", output.shape[1]),
            ("output_width", output.shape[2]),
            ("output_channels", count),
            ("kernel_height", kernel_height),
            ("kernel_width", kernel_width),
            ("stride_height", stride_height),
            ("stride_width", stride_width),
            ("padding_top", padding_before(height, kernel_height, stride_height, padding)),
            ("padding_left", padding_before(width, kernel_width, stride_width, padding)),
            ("input_zero_point", zero_point_of(image)),
            ("output_zero_point", zero_point_of(output)),
            ("lowest", lowest),
            ("highest", highest),
            ("weights", "weights"),
            ("biases", "biases"),
            ("multipliers", "multipliers"),
            ("shifts", "shifts"),
        ),
        constants=(
            ConstantArray("weights", "int8_t", data_of(weights)),
            bias_array(graph, operator, count),
            *multiplier_arrays(multipliers),
        ),
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
    )


def _check_max_pool_2d(graph: Graph, operator: Operator) -> list[str]:
    (image,) = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    reasons = check_types([image, output], [DType.INT8]) + _check_window(operator, image)
    return reasons + check_quantization(graph, operator)


def _lower_max_pool_2d(graph: Graph, operator: Operator) -> KernelCall:
    (image,) = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    _, height, width, channels = image.shape
    window_height = integer_option(operator, "filter_height", 1)
    window_width = integer_option(operator, "filter_width", 1)
    stride_height = integer_option(operator, "stride_h", 1)
    stride_width = integer_option(operator, "stride_w", 1)
    padding = str(operator.options["padding"])
    lowest, highest = output_limits(operator, output)
    return KernelCall(
        function="nn_max_pool_2d_s8",
        header="nn/max_pool_2d.h",
        params_type="nn_max_pool_2d_params",
        params=(
            ("input_height", height),
            ("input_width", width),
            ("output_height", output.shape[1]),
            ("output_width", output.shape[2]),
            ("channels", channels),
            ("window_height", window_height),
            ("window_width", window_width),
            ("stride_height", stride_height),
            ("stride_width", stride_width),
            ("padding_top", padding_before(height, window_height, stride_height, padding)),
            ("padding_left", padding_before(width, window_width, stride_width, padding)),
            ("lowest", lowest),
            ("highest", highest),
        ),
        constants=(),
        inputs=operator.inputs,
        output=operator.outputs[0],
    )


CONV_2D = OperatorSupport(_check_conv_2d, _lower_conv_2d)
MAX_POOL_2D = OperatorSupport(_check_max_pool_2d, _lower_max_pool_2d)
