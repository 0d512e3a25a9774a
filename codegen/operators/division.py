"""DIV of an int8 activation by constants, one or one for each channel: tables of bytes. Pure."""

from dataclasses import dataclass

import numpy as np

from codegen.model.fixed_point import (
    Multiplier,
    high_product,
    quantize_multiplier,
    shifted_right,
    single,
)
from codegen.model.graph import DType, Graph, Operator, Tensor
from codegen.operators.elementwise import repeats
from codegen.operators.kernel_call import KernelCall
from codegen.operators.macc import no_macc
from codegen.operators.memory import IN_PLACE
from codegen.operators.rows import elementwise_rows
from codegen.operators.support import (
    OperatorSupport,
    check_activation,
    check_constant,
    check_output_shape,
    check_quantization,
    check_types,
    data_of,
    has_scales,
    output_limits,
    scale_of,
    zero_point_of,
)
from codegen.operators.tables import STORED, Values, table_call

_INT32 = (-(1 << 31), (1 << 31) - 1)
_MOST_SHIFT = 31


@dataclass(frozen=True, slots=True)
class _Quotients:
    """Quotients (divisors, 256) of stored values: 31 bits, and the shift of each to the output."""

    values: Values
    shifts: Values


def _check(graph: Graph, operator: Operator) -> list[str]:
    source, divisor = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    reasons = check_types([source, divisor, output], [DType.INT8]) + check_activation(operator)
    reasons += check_constant(divisor, "divisor") + check_quantization(graph, operator)
    if not (repeats(source, divisor) and divisor.element_count in (1, *source.shape[-1:])):
        reasons.append(f"of {list(source.shape)} by {list(divisor.shape)}")
    reasons += check_output_shape(output, source.shape)
    if reasons or divisor.data is None or not has_scales(graph, operator):
        return reasons
    if 0 in _divisors(divisor):
        return ["by zero"]
    shifts = _quotients(source, divisor, _factor(graph, operator)).shifts
    if shifts.min() < 0 or shifts.max() > _MOST_SHIFT:
        wrong = shifts.min() if shifts.min() < 0 else shifts.max()
        return [f"with scales for which the reference kernel shifts 32 bits by {wrong}"]
    return []


def _divisors(divisor: Tensor) -> list[int]:
    stored = np.ravel(data_of(divisor)).astype(np.int64) - zero_point_of(divisor)
    return [int(value) for value in stored]


def _factor(graph: Graph, operator: Operator) -> Multiplier:
    """From a quotient of stored values to the output. Source: TFLite, DivPrepare: in float32."""
    source, divisor = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    scale = single(scale_of(divisor) * scale_of(output))
    return quantize_multiplier(single(scale_of(source) / scale))


def _quotients(source: Tensor, divisor: Tensor, factor: Multiplier) -> _Quotients:
    """Of all stored values. Source: TFLite, DivElementwise: a product with the reciprocal."""
    rows = [_quotients_by(by, STORED - zero_point_of(source), factor) for by in _divisors(divisor)]
    values, shifts = zip(*rows, strict=True)
    return _Quotients(np.stack(values), np.stack(shifts))


def _quotients_by(by: int, values: Values, factor: Multiplier) -> tuple[Values, Values]:
    values = values if by > 0 else -values
    magnitudes = np.where(values < 0, ~values, values).tolist()
    headroom = np.array([31 - int(own).bit_length() for own in magnitudes])
    integer_bits = abs(by).bit_length() - 1
    products = high_product(values << headroom, _reciprocal(abs(by)))
    return high_product(products, factor.multiplier), integer_bits + headroom - factor.shift


def _reciprocal(value: int) -> int:
    """2^31 times the reciprocal of a positive value, which is scaled to 1 to 2 before.

    Source: TFLite, GetReciprocal, and gemmlowp, one_over_one_plus_x_for_x_in_0_1: three steps of
    Newton's method in Q2.29.
    """
    fraction = (value << (32 - value.bit_length())) - (1 << 31)
    half = (fraction + _INT32[1] + 1) // 2
    x = 1515870810 + _product(half, -1010580540)
    for _ in range(3):
        rest = (1 << 29) - _product(half, x)
        x += _limited(_product(x, rest) << 2)
    return _limited(x << 1)


def _product(first: int, second: int) -> int:
    return int(high_product(np.array(first, np.int64), second))


def _limited(value: int) -> int:
    return min(max(value, _INT32[0]), _INT32[1])


def _lower(graph: Graph, operator: Operator) -> KernelCall:
    source, divisor = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    quotients = _quotients(source, divisor, _factor(graph, operator))
    stored = shifted_right(quotients.values, quotients.shifts) + zero_point_of(output)
    return table_call(graph, operator, np.clip(stored, *output_limits(operator, output)))


DIV = OperatorSupport(_check, _lower, elementwise_rows, (2,), IN_PLACE, no_macc)
