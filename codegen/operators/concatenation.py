"""CONCATENATION: joins tensors. Pure."""

from math import prod

from codegen.model.graph import DType, Graph, Operator
from codegen.operators.kernel_call import KernelCall
from codegen.operators.macc import no_macc
from codegen.operators.memory import OWN_BYTES
from codegen.operators.rows import channel_rows
from codegen.operators.support import (
    OperatorSupport,
    check_activation,
    check_quantization,
    check_types,
    has_rows,
    integer_option,
)

MOST_INPUTS = 4
"""NN_CONCATENATION_MOST in C."""


def _axis(graph: Graph, operator: Operator) -> int:
    rank = len(graph.outputs_of(operator)[0].shape)
    axis = integer_option(operator, "axis", 0)
    return axis + rank if axis < 0 else axis


def _check(graph: Graph, operator: Operator) -> list[str]:
    inputs = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    axis, rank = _axis(graph, operator), len(output.shape)
    reasons = check_types([*inputs, output], [DType.INT8]) + check_quantization(graph, operator)
    if operator.options.get("fused_activation_function", "NONE") != "NONE":
        reasons += check_activation(operator) or ["with a fused activation"]
    if any(tensor.is_constant for tensor in inputs):
        reasons.append("with a constant")
    if len(set(operator.inputs)) < len(inputs) or len(inputs) != len(operator.inputs):
        reasons.append("with an input absent or twice")
    if not reasons and any(tensor.quantization != output.quantization for tensor in inputs):
        reasons.append("with an output of another scale than its inputs")
    expected = list(output.shape)
    if 0 <= axis < rank and all(len(tensor.shape) == rank for tensor in inputs):
        expected[axis] = sum(tensor.shape[axis] for tensor in inputs)
        others = {(*t.shape[:axis], *t.shape[axis + 1 :]) for t in (*inputs, output)}
        if len(others) == 1 and tuple(expected) == output.shape:
            return reasons
    return [*reasons, f"of {[list(t.shape) for t in inputs]} to {list(output.shape)}"]


def _lower(graph: Graph, operator: Operator) -> KernelCall:
    inputs = graph.inputs_of(operator)
    axis = _axis(graph, operator)
    parts = [prod(tensor.shape[axis:]) for tensor in inputs]
    is_by_row = has_rows(inputs[0]) and axis > 1
    return KernelCall(
        function="nn_concatenation_8",
        header="nn/concatenation.h",
        params_type="nn_concatenation_params",
        params=(
            ("count", len(inputs)),
            ("pieces", prod(inputs[0].shape[2 if is_by_row else 0 : axis])),
            *((f"part_bytes[{index}]", part) for index, part in enumerate(parts)),
        ),
        constants=(),
        inputs=operator.inputs,
        output=operator.outputs[0],
        rings=(*(f"inputs[{index}]" for index in range(len(inputs))), "output"),
        is_one_row=not is_by_row,
    )


CONCATENATION = OperatorSupport(
    _check, _lower, channel_rows, tuple(range(2, MOST_INPUTS + 1)), OWN_BYTES, no_macc
)
