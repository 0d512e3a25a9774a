"""FULLY_CONNECTED: products of vectors with a matrix. Pure."""

from dataclasses import replace

import numpy as np

from codegen.model.fixed_point import (
    Multiplier,
    product_in_single_precision,
    quantize_multiplier,
)
from codegen.model.graph import DType, Graph, Operator, Tensor
from codegen.operators.channels import (
    check_bias,
    check_sums,
    folded_bias_array,
    multiplier_arrays,
)
from codegen.operators.kernel_call import ConstantArray, KernelCall
from codegen.operators.macc import weight_macc
from codegen.operators.many_vectors import VECTORS_MEMORY, as_convolution
from codegen.operators.rows import not_by_rows
from codegen.operators.support import (
    OperatorSupport,
    check_activation,
    check_constant,
    check_quantization,
    check_types,
    data_of,
    output_limits,
    scale_of,
    zero_point_of,
)
from codegen.operators.windows import convolution_call


def _check_fully_connected(graph: Graph, operator: Operator) -> list[str]:
    source, weights, *_ = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    if len(weights.shape) != 2:
        return [f"with weights of rank {len(weights.shape)}"]
    reasons = check_types([source, weights, output], [DType.INT8])
    reasons += check_constant(weights, "weights")
    reasons += check_bias(graph, operator, weights.shape[0])
    reasons += check_activation(operator) + check_quantization(graph, operator, weights)
    if operator.options.get("weights_format", "DEFAULT") != "DEFAULT":
        reasons.append("with shuffled weights")
    rows, columns = weights.shape
    if source.element_count * rows != output.element_count * columns or min(rows, columns) < 1:
        reasons.append(f"of {list(source.shape)} to {list(output.shape)} with {rows} × {columns}")
    elif source.element_count % columns:
        reasons.append(f"of {list(source.shape)} with {columns} columns")
    if not reasons and weights.data is not None and weights.quantization is not None:
        zero_point = weights.quantization.zero_points[0]
        shifted = np.asarray(weights.data, np.int64) - zero_point
        multipliers = None
        if graph.rounding == "tflm" and source.quantization and output.quantization:
            own = _multipliers(source, weights, output)
            multipliers = lambda rows: own if len(own) == rows else own * rows  # noqa: E731
        reasons += check_sums(graph, operator, shifted, multipliers)
    return reasons


def _lower_fully_connected(graph: Graph, operator: Operator) -> KernelCall:
    own = as_convolution(graph, operator)
    return _lower_matrix(graph, operator) if own is None else _lower_convolution(*own)


def _lower_convolution(graph: Graph, operator: Operator) -> KernelCall:
    source, weights, *_ = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    multipliers = _multipliers(source, weights, output)
    if len(multipliers) == 1:
        multipliers *= weights.shape[0]
    call = convolution_call(graph, operator, data_of(weights))
    own = {array.name: array for array in multiplier_arrays(multipliers)}
    constants = tuple(own.get(array.name, array) for array in call.constants)
    return replace(call, constants=constants, is_one_row=True)


def _lower_matrix(graph: Graph, operator: Operator) -> KernelCall:
    source, weights, *_ = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    assert weights.quantization is not None
    rows, columns = weights.shape
    lowest, highest = output_limits(operator, output)
    is_once = graph.rounding == "litert"
    own, factors = (_scales if is_once else _factors)(source, weights, output)
    values = np.asarray(data_of(weights), np.int8)
    shifted = values.astype(np.int64) - weights.quantization.zero_points[0]
    return KernelCall(
        function="nn_fully_connected_once_s8" if is_once else "nn_fully_connected_s8",
        header="nn/fully_connected.h",
        params_type="nn_fully_connected_once_params" if is_once else "nn_fully_connected_params",
        params=(
            ("sums.vectors", source.element_count // columns),
            ("sums.input_count", columns),
            ("sums.output_count", rows),
            ("sums.weight_zero_point", weights.quantization.zero_points[0]),
            ("sums.weights", "weights"),
            ("sums.biases", "biases"),
            ("output_zero_point", zero_point_of(output)),
            ("lowest", lowest),
            ("highest", highest),
            ("factor_step", int(len(weights.quantization.scales) > 1)),
            *own,
        ),
        constants=(
            ConstantArray("weights", "int8_t", values),
            folded_bias_array(graph, operator, shifted, zero_point_of(source)),
            *factors,
        ),
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
    )


_Own = tuple[tuple[tuple[str, int | float | str], ...], tuple[ConstantArray, ...]]


def _factors(source: Tensor, weights: Tensor, output: Tensor) -> _Own:
    arrays = multiplier_arrays(_multipliers(source, weights, output))
    return (("multipliers", "multipliers"), ("shifts", "shifts")), arrays


def _multipliers(source: Tensor, weights: Tensor, output: Tensor) -> list[Multiplier]:
    """One for all rows, or one for each.

    Source: TFLM, CalculateOpDataFullyConnected: one scale of all weights is multiplied by the
    input's in single precision.
    """
    assert weights.quantization is not None
    scales = weights.quantization.scales
    if len(scales) == 1:
        products = [product_in_single_precision(scale_of(source), scales[0])]
    else:
        products = [scale_of(source) * scale for scale in scales]
    return [quantize_multiplier(product / scale_of(output)) for product in products]


def _scales(source: Tensor, weights: Tensor, output: Tensor) -> _Own:
    assert weights.quantization is not None
    fields = (
        ("input_scale", scale_of(source)),
        ("output_scale", scale_of(output)),
        ("weight_scales", "weight_scales"),
    )
    scales = np.array(weights.quantization.scales, np.float32)
    return fields, (ConstantArray("weight_scales", "float", scales),)


FULLY_CONNECTED = OperatorSupport(
    _check_fully_connected, _lower_fully_connected, not_by_rows, (2, 3), VECTORS_MEMORY, weight_macc
)
