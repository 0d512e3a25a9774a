"""Element-wise operators of two operands: ADD, SUB, MUL. Pure."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from codegen.model.fixed_point import (
    ADD_LEFT_SHIFT,
    Multiplier,
    product_in_single_precision,
    quantize_multiplier,
    rescale,
    single,
)
from codegen.model.graph import DType, Graph, Operator, Tensor
from codegen.operators.kernel_call import ConstantArray, KernelCall
from codegen.operators.macc import no_macc
from codegen.operators.memory import IN_PLACE
from codegen.operators.rows import elementwise_rows
from codegen.operators.support import (
    LARGEST_DIFFERENCE,
    OperatorSupport,
    check_activation,
    check_factors,
    check_quantization,
    check_types,
    data_of,
    has_rows,
    has_scales,
    output_limits,
    row_elements,
    scale_of,
    zero_point_of,
)

SCALING = "scaling."
"""What the names of the parameters of ADD and MUL begin with that a fused kernel shares."""


def operands(graph: Graph, operator: Operator) -> tuple[int, int]:
    """Positions of the full-size operand and of the other one, which may be a constant."""
    first, second = (graph.tensors[i] for i in operator.inputs)
    swapped = first.is_constant or second.element_count > first.element_count
    return (1, 0) if swapped else (0, 1)


def repeats(full: Tensor, other: Tensor) -> bool:
    """Whether the other operand, flattened, repeats along the full one."""
    if other.shape == full.shape or other.element_count == 1:
        return True
    trimmed = list(other.shape)
    while trimmed and trimmed[0] == 1:
        del trimmed[0]
    return tuple(trimmed) == full.shape[len(full.shape) - len(trimmed) :]


def check_binary(graph: Graph, operator: Operator) -> list[str]:
    """Reasons common to all operators of two int8 operands, of which one may repeat."""
    (output,) = graph.outputs_of(operator)
    full, other = (graph.tensors[operator.inputs[i]] for i in operands(graph, operator))
    reasons = check_types([full, other, output], [DType.INT8])
    reasons += check_activation(operator) + check_quantization(graph, operator)
    if full.is_constant:
        reasons.append("of two constants")
    if full.element_count != output.element_count or not repeats(full, other):
        reasons.append(f"of shapes {list(full.shape)} and {list(other.shape)}")
    return reasons


def repetition(full: Tensor, other: Tensor) -> tuple[bool, int]:
    """Whether the kernel goes through rows, and of how many elements the other operand is repeated.

    An operand of rows of its own is repeated after each row.
    """
    elements = row_elements(full)
    if has_rows(full) and not other.is_constant and other.shape == full.shape:
        return True, elements
    return has_rows(full) and elements % other.element_count == 0, other.element_count


def _binary_call(
    graph: Graph,
    operator: Operator,
    name: str,
    scaling: tuple[tuple[str, int], ...],
    make_constant: Callable[[NDArray[np.int64]], ConstantArray],
) -> KernelCall:
    """The call of ADD or MUL; `make_constant` prepares the values of a constant operand."""
    full_index, other_index = (operator.inputs[at] for at in operands(graph, operator))
    full, other = graph.tensors[full_index], graph.tensors[other_index]
    (output,) = graph.outputs_of(operator)
    lowest, highest = output_limits(operator, output)
    is_by_row, channels = repetition(full, other)
    constants: tuple[ConstantArray, ...] = ()
    if other.is_constant:
        constants = (make_constant(np.ravel(data_of(other)).astype(np.int64)),)
    factors: list[tuple[str, int | str]] = [
        ("channels", channels),
        ("first_zero_point", zero_point_of(full)),
        ("second_zero_point", zero_point_of(other)),
        ("output_zero_point", zero_point_of(output)),
        *scaling,
        ("lowest", lowest),
        ("highest", highest),
        *((array.name, array.name) for array in constants),
    ]
    return KernelCall(
        function=f"nn_{name}_constant_s8" if constants else f"nn_{name}_s8",
        header=f"nn/{name}.h",
        params_type=f"nn_{name}_params",
        params=(
            ("row_elements", row_elements(full) if is_by_row else full.element_count),
            *((f"{SCALING}{field}", value) for field, value in factors),
        ),
        constants=constants,
        inputs=(full_index,) if constants else (full_index, other_index),
        output=operator.outputs[0],
        rings=("first", "output") if constants else ("first", "second", "output"),
        is_one_row=not is_by_row,
    )


def _mul_factor(graph: Graph, operator: Operator) -> Multiplier:
    first, second = (graph.tensors[i] for i in operator.inputs)
    (output,) = graph.outputs_of(operator)
    product = product_in_single_precision(scale_of(first), scale_of(second))
    return quantize_multiplier(single(product / single(scale_of(output))))


def _check_mul(graph: Graph, operator: Operator) -> list[str]:
    reasons = check_binary(graph, operator)
    if reasons or not has_scales(graph, operator):
        return reasons
    return check_factors([LARGEST_DIFFERENCE**2], [_mul_factor(graph, operator)])


def _lower_mul(graph: Graph, operator: Operator) -> KernelCall:
    factor = _mul_factor(graph, operator)
    scaling = (("multiplier", factor.multiplier), ("shift", factor.shift))
    return _binary_call(
        graph,
        operator,
        "mul",
        scaling,
        lambda values: ConstantArray("constant", "int8_t", values.astype(np.int8)),
    )


def _sum_factor(graph: Graph, operator: Operator) -> tuple[float, Multiplier]:
    """Twice the larger scale of the inputs of a sum, and the factor from it to the output's."""
    first, second = (graph.tensors[i] for i in operator.inputs)
    (output,) = graph.outputs_of(operator)
    twice_larger = 2.0 * max(scale_of(first), scale_of(second))
    factor = quantize_multiplier(twice_larger / ((1 << ADD_LEFT_SHIFT) * scale_of(output)))
    return twice_larger, factor


def _check_add(graph: Graph, operator: Operator) -> list[str]:
    reasons = check_binary(graph, operator)
    if reasons or not has_scales(graph, operator):
        return reasons
    # Both inputs are at most halved after their shift, so that their sum is at most this.
    largest = (LARGEST_DIFFERENCE << ADD_LEFT_SHIFT) + 2
    return check_factors([largest], [_sum_factor(graph, operator)[1]])


def _summand_factor(operand: Tensor, twice_larger: float, sign: int) -> Multiplier:
    factor = quantize_multiplier(scale_of(operand) / twice_larger)
    return Multiplier(sign * factor.multiplier, factor.shift)


def _lower_sum(graph: Graph, operator: Operator, sign: int) -> KernelCall:
    """The first operand plus `sign` times the second one.

    Source: TFLite, PrepareGeneralSubOp: SUB is ADD with a negative factor.
    """
    twice_larger, result = _sum_factor(graph, operator)
    first, second = (
        _summand_factor(graph.tensors[operator.inputs[at]], twice_larger, sign if at == 1 else 1)
        for at in operands(graph, operator)
    )
    other = graph.tensors[operator.inputs[operands(graph, operator)[1]]]
    scaling = (
        ("left_shift", ADD_LEFT_SHIFT),
        ("first_multiplier", first.multiplier),
        ("first_shift", first.shift),
        ("second_multiplier", second.multiplier),
        ("second_shift", second.shift),
        ("output_multiplier", result.multiplier),
        ("output_shift", result.shift),
    )

    def addends(values: NDArray[np.int64]) -> ConstantArray:
        """The constant after the rescaling that the kernel would repeat each time."""
        scaled = rescale((values - zero_point_of(other)) << ADD_LEFT_SHIFT, second)
        return ConstantArray("addends", "int32_t", scaled.astype(np.int32))

    return _binary_call(graph, operator, "add", scaling, addends)


def _sum(sign: int) -> OperatorSupport:
    lower = partial(_lower_sum, sign=sign)
    return OperatorSupport(_check_add, lower, elementwise_rows, (2,), IN_PLACE, no_macc)


ADD = _sum(1)
SUB = _sum(-1)
MUL = OperatorSupport(_check_mul, _lower_mul, elementwise_rows, (2,), IN_PLACE, no_macc)
