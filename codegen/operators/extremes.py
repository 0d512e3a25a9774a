"""MAXIMUM and MINIMUM of two operands, of which one may repeat. Pure."""

import numpy as np

from codegen.model.graph import Graph, Operator
from codegen.operators.elementwise import check_binary, operands, repetition
from codegen.operators.kernel_call import ConstantArray, KernelCall
from codegen.operators.macc import no_macc
from codegen.operators.memory import IN_PLACE
from codegen.operators.rows import elementwise_rows
from codegen.operators.support import OperatorSupport, data_of, row_elements


def _check(graph: Graph, operator: Operator) -> list[str]:
    """Source: TFLite, MaximumMinimum: stored values are compared, whatever their scales."""
    reasons = check_binary(graph, operator)
    tensors = (*graph.inputs_of(operator), *graph.outputs_of(operator))
    if not reasons and any(own.quantization != tensors[-1].quantization for own in tensors):
        reasons.append("with an output of another scale than its inputs")
    return reasons


def _lower(graph: Graph, operator: Operator) -> KernelCall:
    full_index, other_index = (operator.inputs[at] for at in operands(graph, operator))
    full, other = graph.tensors[full_index], graph.tensors[other_index]
    is_by_row, channels = repetition(full, other)
    constants: tuple[ConstantArray, ...] = ()
    if other.is_constant:
        constants = (ConstantArray("constant", "int8_t", np.asarray(data_of(other), np.int8)),)
    return KernelCall(
        function=f"nn_{operator.kind.lower()}_s8",
        header="nn/extremes.h",
        params_type="nn_extreme_params",
        params=(
            ("row_elements", row_elements(full) if is_by_row else full.element_count),
            ("channels", channels),
            *((array.name, array.name) for array in constants),
        ),
        constants=constants,
        inputs=(full_index,) if constants else (full_index, other_index),
        output=operator.outputs[0],
        rings=("first", "output") if constants else ("first", "second", "output"),
        is_one_row=not is_by_row,
    )


_EXTREME = OperatorSupport(_check, _lower, elementwise_rows, (2,), IN_PLACE, no_macc)
MAXIMUM = _EXTREME
MINIMUM = _EXTREME
