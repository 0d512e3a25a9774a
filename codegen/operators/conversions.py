"""Operators that give the same elements in another form: conversions and reshapes. Pure."""

from dataclasses import replace

import numpy as np

from codegen.model.graph import DType, Graph, Operator
from codegen.operators.kernel_call import KernelCall
from codegen.operators.macc import no_macc
from codegen.operators.memory import IN_PLACE, OWN_BYTES
from codegen.operators.rows import RowWindow, elementwise_rows, not_by_rows
from codegen.operators.support import (
    LARGEST_DIFFERENCE,
    OperatorSupport,
    check_factors,
    check_output_shape,
    check_quantization,
    check_types,
    data_of,
    has_rows,
    has_scales,
    row_elements,
    scale_of,
    scale_ratio,
    zero_point_of,
)
from codegen.operators.tables import table_call

TABLE = "table"
"""The option, which no file has, of a QUANTIZE whose second input is a table of 256 outputs."""
_SUFFIXES = {DType.INT8: "s8", DType.UINT8: "u8", DType.FLOAT32: "f32"}


def _check_quantize(graph: Graph, operator: Operator) -> list[str]:
    source, *tables = graph.inputs_of(operator)
    if bool(tables) != bool(operator.options.get(TABLE, False)):
        return [f"with {len(operator.inputs)} inputs and 1 outputs"]
    (output,) = graph.outputs_of(operator)
    reasons = check_types([source], [DType.INT8, DType.UINT8, DType.FLOAT32])
    reasons += check_types([output], [DType.INT8, DType.UINT8])
    if source.dtype is output.dtype is DType.UINT8:
        reasons.append("from uint8 to uint8")
    reasons += check_output_shape(output, source.shape)
    reasons += check_quantization(graph, operator)
    is_free = source.dtype is DType.FLOAT32 or bool(tables) or not has_scales(graph, operator)
    if reasons or is_free:
        return reasons
    return check_factors([LARGEST_DIFFERENCE], [scale_ratio(source, output)])


def _quantized_rows(graph: Graph, operator: Operator) -> RowWindow | None:
    """A row is made from the same row; a table is none of its inputs."""
    return elementwise_rows(graph, replace(operator, inputs=operator.inputs[:1]))


def _lower_quantize(graph: Graph, operator: Operator) -> KernelCall:
    source, *tables = graph.inputs_of(operator)
    if tables:
        values = np.asarray(data_of(tables[0]), np.int64)
        return table_call(graph, replace(operator, inputs=operator.inputs[:1]), values)
    (output,) = graph.outputs_of(operator)
    suffix = f"{_SUFFIXES[source.dtype]}_{_SUFFIXES[output.dtype]}"
    params: tuple[tuple[str, int | float | str], ...]
    if source.dtype is DType.FLOAT32:
        name = "quantize"
        params = (("zero_point", zero_point_of(output)), ("scale", scale_of(output)))
    else:
        name = "requantize"
        factor = scale_ratio(source, output)
        params = (
            ("input_zero_point", zero_point_of(source)),
            ("output_zero_point", zero_point_of(output)),
            ("multiplier", factor.multiplier),
            ("shift", factor.shift),
        )
    return KernelCall(
        function=f"nn_{name}_{suffix}",
        header="nn/quantize.h",
        params_type=f"nn_{name}_params",
        params=(("row_elements", row_elements(source)), *params),
        constants=(),
        inputs=operator.inputs,
        output=operator.outputs[0],
        rings=("input", "output"),
        is_one_row=not has_rows(source),
    )


def _check_dequantize(graph: Graph, operator: Operator) -> list[str]:
    (source,) = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    reasons = check_types([source], [DType.INT8, DType.UINT8])
    reasons += check_types([output], [DType.FLOAT32])
    reasons += check_output_shape(output, source.shape)
    return reasons + check_quantization(graph, operator)


def _lower_dequantize(graph: Graph, operator: Operator) -> KernelCall:
    (source,) = graph.inputs_of(operator)
    return KernelCall(
        function=f"nn_dequantize_{_SUFFIXES[source.dtype]}_f32",
        header="nn/dequantize.h",
        params_type="nn_dequantize_params",
        params=(
            ("row_elements", row_elements(source)),
            ("zero_point", zero_point_of(source)),
            ("scale", scale_of(source)),
        ),
        constants=(),
        inputs=operator.inputs,
        output=operator.outputs[0],
        rings=("input", "output"),
        is_one_row=not has_rows(source),
    )


def _check_reshape(graph: Graph, operator: Operator) -> list[str]:
    source = graph.tensors[operator.inputs[0]]
    (output,) = graph.outputs_of(operator)
    reasons = check_types([source, output], [DType.INT8, DType.UINT8, DType.FLOAT32])
    if source.dtype is not output.dtype:
        reasons.append(f"from {source.dtype} to {output.dtype}")
    if source.size_bytes != output.size_bytes:
        reasons.append(f"from {list(source.shape)} to {list(output.shape)}")
    if source.is_constant:
        reasons.append("of a constant")
    return reasons


def _lower_reshape(graph: Graph, operator: Operator) -> KernelCall:
    return KernelCall(
        function="nn_reshape",
        header="nn/reshape.h",
        params_type="nn_reshape_params",
        params=(("size_bytes", graph.tensors[operator.inputs[0]].size_bytes),),
        constants=(),
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
    )


QUANTIZE = OperatorSupport(
    _check_quantize, _lower_quantize, _quantized_rows, (1, 2), IN_PLACE, no_macc
)
DEQUANTIZE = OperatorSupport(
    _check_dequantize, _lower_dequantize, elementwise_rows, (1,), OWN_BYTES, no_macc
)
RESHAPE = OperatorSupport(_check_reshape, _lower_reshape, not_by_rows, (1, 2), IN_PLACE, no_macc)
EXPAND_DIMS = OperatorSupport(_check_reshape, _lower_reshape, not_by_rows, (2,), IN_PLACE, no_macc)
SQUEEZE = OperatorSupport(_check_reshape, _lower_reshape, not_by_rows, (1,), IN_PLACE, no_macc)
