"""CONCATENATION and PACK: join tensors along a dimension, which may be a new one. Pure."""

from math import prod

import numpy as np

from codegen.model.graph import DType, Graph, Operator
from codegen.operators.kernel_call import ConstantArray, KernelCall
from codegen.operators.macc import no_macc
from codegen.operators.memory import OWN_BYTES
from codegen.operators.rows import channel_rows, not_by_rows
from codegen.operators.support import (
    OperatorSupport,
    check_activation,
    check_quantization,
    check_types,
    has_rows,
    integer_option,
)

MOST_INPUTS = 1024
"""Tensors that one operator may join."""


def _axis(graph: Graph, operator: Operator) -> int:
    """The dimension of the output along which the inputs lie one after another."""
    rank = len(graph.outputs_of(operator)[0].shape)
    axis = integer_option(operator, "axis", 0)
    return axis + rank if axis < 0 else axis


def _check(graph: Graph, operator: Operator) -> list[str]:
    inputs = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    reasons = check_types([*inputs, output], [DType.INT8]) + check_quantization(graph, operator)
    if operator.options.get("fused_activation_function", "NONE") != "NONE":
        reasons += check_activation(operator) or ["with a fused activation"]
    if any(tensor.is_constant for tensor in inputs):
        reasons.append("with a constant")
    if len(inputs) != len(operator.inputs):
        reasons.append("with an absent input")
    if not reasons and any(tensor.quantization != output.quantization for tensor in inputs):
        reasons.append("with an output of another scale than its inputs")
    if not reasons and not _fits(graph, operator):
        reasons.append(f"of {[list(t.shape) for t in inputs]} to {list(output.shape)}")
    return reasons


def _fits(graph: Graph, operator: Operator) -> bool:
    """Whether the inputs together have the shape of the output."""
    inputs, (output,) = graph.inputs_of(operator), graph.outputs_of(operator)
    axis, rank = _axis(graph, operator), len(output.shape)
    if not 0 <= axis < rank:
        return False
    if operator.kind == "PACK":
        part = (*output.shape[:axis], *output.shape[axis + 1 :])
        return output.shape[axis] == len(inputs) and all(t.shape == part for t in inputs)
    if any(len(tensor.shape) != rank for tensor in inputs):
        return False
    others = {(*t.shape[:axis], *t.shape[axis + 1 :]) for t in (*inputs, output)}
    return len(others) == 1 and sum(t.shape[axis] for t in inputs) == output.shape[axis]


def _lower(graph: Graph, operator: Operator) -> KernelCall:
    inputs = graph.inputs_of(operator)
    axis = _axis(graph, operator)
    parts = [prod(tensor.shape[axis:]) for tensor in inputs]
    is_by_row = has_rows(inputs[0]) and has_rows(graph.outputs_of(operator)[0]) and axis > 1
    return KernelCall(
        function="nn_concatenation_8",
        header="nn/concatenation.h",
        params_type="nn_concatenation_params",
        params=(
            ("count", len(inputs)),
            ("pieces", prod(inputs[0].shape[2 if is_by_row else 0 : axis])),
            ("part_bytes", "part_bytes"),
        ),
        constants=(ConstantArray("part_bytes", "int32_t", np.array(parts, np.int32)),),
        inputs=operator.inputs,
        output=operator.outputs[0],
        rings=(*["inputs[]"] * len(inputs), "output"),
        is_one_row=not is_by_row,
    )


_COUNTS = tuple(range(1, MOST_INPUTS + 1))
CONCATENATION = OperatorSupport(_check, _lower, channel_rows, _COUNTS, OWN_BYTES, no_macc)
PACK = OperatorSupport(_check, _lower, not_by_rows, _COUNTS, OWN_BYTES, no_macc)
