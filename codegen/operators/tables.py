"""Operators with one int8 input, computed by a table of 256 bytes. Pure.

LOGISTIC, RELU, RELU6, RELU_0_TO_1, RELU_N1_TO_1.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from codegen.model.fixed_point import activation_range, rescale
from codegen.model.graph import DType, Graph, Operator, Quantization
from codegen.operators.kernel_call import ConstantArray, KernelCall
from codegen.operators.macc import no_macc
from codegen.operators.memory import IN_PLACE
from codegen.operators.rows import elementwise_rows
from codegen.operators.support import (
    LARGEST_DIFFERENCE,
    OperatorSupport,
    check_factors,
    check_output_shape,
    check_quantization,
    check_types,
    has_rows,
    row_elements,
    scale_of,
    scale_ratio,
    zero_point_of,
)

STORED = np.arange(-128, 128)
"""All stored values of int8."""
Values = NDArray[np.int64]


def byte_table(values: Values, lowest: int) -> NDArray[np.uint8]:
    """Stored outputs (…, 256) of the inputs from `lowest` up, in the order of the inputs' bytes.

    As bytes, −128 to −1 are 128 to 255.
    """
    return np.roll(values, lowest, axis=-1).astype(np.uint8)


def table_call(graph: Graph, operator: Operator, values: Values) -> KernelCall:
    """The call that looks up each element.

    `values` (256) or (channels, 256) are the outputs for −128 to 127, also for each channel.
    """
    source = graph.tensors[operator.inputs[0]]
    channels = values.size // STORED.size
    return KernelCall(
        function="nn_lookup_8",
        header="nn/lookup.h",
        params_type="nn_lookup_params",
        params=(("row_elements", row_elements(source)), ("channels", channels), ("table", "table")),
        constants=(ConstantArray("table", "uint8_t", byte_table(values, -128)),),
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
        rings=("input", "output"),
        is_one_row=not has_rows(source),
    )


def check_one_to_one(graph: Graph, operator: Operator) -> list[str]:
    """Reasons common to all operators that map each int8 element to one."""
    (source,) = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    reasons = check_types([source, output], [DType.INT8])
    reasons += check_output_shape(output, source.shape)
    return reasons + check_quantization(graph, operator)


def _check_logistic(graph: Graph, operator: Operator) -> list[str]:
    reasons = check_one_to_one(graph, operator)
    quantization = graph.outputs_of(operator)[0].quantization
    if not reasons and quantization not in (None, Quantization((1 / 256,), (-128,))):
        assert quantization is not None
        reasons.append(
            f"with output scale {quantization.scale} and zero point {quantization.zero_point}"
        )
    return reasons


def _lower_logistic(graph: Graph, operator: Operator) -> KernelCall:
    """Source: TFLite, LUTPopulate in int8: single precision, rounded half away from zero."""
    source = graph.tensors[operator.inputs[0]]
    with np.errstate(over="ignore"):
        real = np.float32(scale_of(source)) * (STORED - zero_point_of(source)).astype(np.float32)
        exact = np.float32(1) / (np.float32(1) + np.exp(-real, dtype=np.float32))
    stored = np.floor(exact * np.float32(256) + np.float32(0.5)).astype(np.int64) - 128
    return table_call(graph, operator, np.clip(stored, -128, 127))


def _check_relu(graph: Graph, operator: Operator) -> list[str]:
    reasons = check_one_to_one(graph, operator)
    (source,) = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    if reasons or source.quantization is None or output.quantization is None:
        return reasons
    return check_factors([LARGEST_DIFFERENCE], [scale_ratio(source, output)])


def _lower_relu(activation: str) -> Callable[[Graph, Operator], KernelCall]:
    def lower(graph: Graph, operator: Operator) -> KernelCall:
        """Source: TFLite, QuantizedReluX."""
        source = graph.tensors[operator.inputs[0]]
        (output,) = graph.outputs_of(operator)
        factor = scale_ratio(source, output)
        scaled = rescale(STORED - zero_point_of(source), factor) + zero_point_of(output)
        limits = activation_range(activation, scale_of(output), zero_point_of(output))
        return table_call(graph, operator, np.clip(scaled, *limits))

    return lower


LOGISTIC = OperatorSupport(
    _check_logistic, _lower_logistic, elementwise_rows, (1,), IN_PLACE, no_macc
)


def _relu(activation: str) -> OperatorSupport:
    lower = _lower_relu(activation)
    return OperatorSupport(_check_relu, lower, elementwise_rows, (1,), IN_PLACE, no_macc)


RELU = _relu("RELU")
RELU6 = _relu("RELU6")
RELU_0_TO_1 = _relu("RELU_0_TO_1")
RELU_N1_TO_1 = _relu("RELU_N1_TO_1")
