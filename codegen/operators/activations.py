"""Activations that are tables of 256 bytes with the reference kernels' arithmetic. Pure.

ABS, ELU, EXP, GELU, HARD_SWISH, LEAKY_RELU, LOG, TANH.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from codegen.model.fixed_point import (
    Multiplier,
    product_in_single_precision,
    quantize_multiplier,
    rescale,
    single,
)
from codegen.model.graph import Graph, Operator
from codegen.operators.kernel_call import KernelCall
from codegen.operators.macc import no_macc
from codegen.operators.memory import IN_PLACE
from codegen.operators.rows import elementwise_rows
from codegen.operators.support import (
    LARGEST_DIFFERENCE,
    OperatorSupport,
    check_factors,
    scale_of,
    zero_point_of,
)
from codegen.operators.tables import STORED, Values, check_one_to_one, table_call

Reals = NDArray[np.float32]
_HALF = np.float32(0.5)
_INT16 = (-(1 << 15), (1 << 15) - 1)
_MOST_RESCALED = 1e9
"""Above it, and below its negative, every output is at a limit."""


def _without_reasons(graph: Graph, operator: Operator) -> list[str]:
    del graph, operator
    return []


def _support(
    values: Callable[[Graph, Operator], Values],
    check: Callable[[Graph, Operator], list[str]] = _without_reasons,
) -> OperatorSupport:
    """An operator whose outputs for −128 to 127, limits not yet applied, are `values`.

    `check` gives further reasons, once the scales are known.
    """

    def reasons(graph: Graph, operator: Operator) -> list[str]:
        found = check_one_to_one(graph, operator)
        tensors = (*graph.inputs_of(operator), *graph.outputs_of(operator))
        is_known = all(tensor.quantization is not None for tensor in tensors)
        return found if found or not is_known else check(graph, operator)

    def lower(graph: Graph, operator: Operator) -> KernelCall:
        stored = np.clip(values(graph, operator), -128, 127)
        return table_call(graph, operator, stored)

    return OperatorSupport(reasons, lower, elementwise_rows, (1,), IN_PLACE, no_macc)


def _scales(graph: Graph, operator: Operator) -> tuple[float, float]:
    source, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.outputs[0]]
    return scale_of(source), scale_of(output)


def _points(graph: Graph, operator: Operator) -> tuple[int, int]:
    source, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.outputs[0]]
    return zero_point_of(source), zero_point_of(output)


def _real(
    function: Callable[[Operator, Reals], Reals],
) -> Callable[[Graph, Operator], Values]:
    """Source: TFLite, LUTPopulate in int8: single precision, rounded half away from zero."""

    def values(graph: Graph, operator: Operator) -> Values:
        (in_scale, out_scale), (in_point, out_point) = (
            _scales(graph, operator),
            _points(graph, operator),
        )
        with np.errstate(over="ignore", under="ignore"):
            real = np.float32(in_scale) * (STORED - in_point).astype(np.float32)
            scaled = function(operator, real) * (np.float32(1) / np.float32(out_scale))
        limited = np.clip(scaled.astype(np.float64), -_MOST_RESCALED, _MOST_RESCALED)
        rounded = np.copysign(np.floor(np.abs(limited) + 0.5), limited)
        return rounded.astype(np.int64) + out_point

    return values


def _tanh(_: Operator, real: Reals) -> Reals:
    return np.tanh(real.astype(np.float64)).astype(np.float32)


def _gelu(operator: Operator, real: Reals) -> Reals:
    """Source: TFLite, GeluTransform and GeluTransformApproximate."""
    if operator.options.get("approximate", False):
        root = np.float32(math.sqrt(2 / math.pi))
        cubic = np.float32(0.044715) * real * real * real
        inner = np.tanh((root * (real + cubic)).astype(np.float64)).astype(np.float32)
        return _HALF * real * (np.float32(1) + inner)
    scaled = (real * np.float32(-math.sqrt(0.5))).astype(np.float64)
    return _HALF * real * np.array([math.erfc(own) for own in scaled.tolist()], np.float32)


def _elu(_: Operator, real: Reals) -> Reals:
    return np.where(real < 0, np.exp(real) - np.float32(1), real)


def _exp(_: Operator, real: Reals) -> Reals:
    return np.exp(real)


def _log(graph: Graph, operator: Operator) -> Values:
    """Source: TFLite, LogLUTPrepare: what has no logarithm gives the lowest output."""
    in_point, _ = _points(graph, operator)
    with np.errstate(divide="ignore", invalid="ignore"):
        stored = _real(lambda _, real: np.log(real))(graph, operator)
    return np.where(in_point < STORED, stored, -128)


def _leaky_factors(graph: Graph, operator: Operator) -> tuple[Multiplier, Multiplier]:
    """For values from the zero point up, and below it.

    Source: TFLite, LeakyReluPrepare: both in single precision.
    """
    in_scale, out_scale = (single(scale) for scale in _scales(graph, operator))
    alpha = product_in_single_precision(in_scale, float(operator.options.get("alpha", 0.0)))
    return quantize_multiplier(single(in_scale / out_scale)), quantize_multiplier(
        single(alpha / out_scale)
    )


def _check_leaky(graph: Graph, operator: Operator) -> list[str]:
    alpha = float(operator.options.get("alpha", 0.0))
    if not 0 <= alpha < math.inf:
        return [f"with alpha {alpha}"]
    return check_factors([LARGEST_DIFFERENCE] * 2, _leaky_factors(graph, operator))


def _leaky(graph: Graph, operator: Operator) -> Values:
    in_point, out_point = _points(graph, operator)
    above, below = _leaky_factors(graph, operator)
    values = STORED - in_point
    return np.where(values >= 0, rescale(values, above), rescale(values, below)) + out_point


def _abs_factor(graph: Graph, operator: Operator) -> Multiplier:
    in_scale, out_scale = (single(scale) for scale in _scales(graph, operator))
    return quantize_multiplier(single(in_scale / out_scale))


def _check_abs(graph: Graph, operator: Operator) -> list[str]:
    return check_factors([LARGEST_DIFFERENCE], [_abs_factor(graph, operator)])


def _abs(graph: Graph, operator: Operator) -> Values:
    """Source: TFLite, AbsEvalQuantized."""
    in_point, out_point = _points(graph, operator)
    return rescale(np.abs(STORED - in_point), _abs_factor(graph, operator)) + out_point


def _swish_factors(graph: Graph, operator: Operator) -> tuple[Multiplier, Multiplier]:
    """From 1/128 of the input's scale to the output's and to 3/32768, each with 16 bits.

    Source: TFLite, HardSwishPrepare.
    """
    in_scale, out_scale = (single(scale) for scale in _scales(graph, operator))
    fine = single(in_scale / 128)
    factors = (single(fine / out_scale), single(fine / single(3 / 32768)))
    exact = [quantize_multiplier(factor) for factor in factors]
    output, gate = (
        Multiplier(min((own.multiplier + (1 << 15)) >> 16, _INT16[1]), own.shift) for own in exact
    )
    return output, gate


def _check_swish(graph: Graph, operator: Operator) -> list[str]:
    output, _ = _swish_factors(graph, operator)
    return [f"with a factor of 2^{output.shift - 1} or more"] if output.shift > 0 else []


def _hard_swish(graph: Graph, operator: Operator) -> Values:
    """Source: TFLite, HardSwish in int8: gemmlowp's arithmetic in 16 bits."""
    in_point, out_point = _points(graph, operator)
    output, gate = _swish_factors(graph, operator)
    fine = (STORED - in_point) << 7
    unshifted = _multiply_high(fine, output.multiplier)
    share = fine
    if gate.shift > 0:
        share = np.clip(share << (gate.shift - 1), *_INT16)
    share = _multiply_high(share, gate.multiplier)
    if gate.shift > 0:
        share = np.clip(share << 1, *_INT16)
    elif gate.shift < 0:
        share = _divide(share, -gate.shift)
    share = (share + (1 << 15)) >> 1
    product = share * unshifted
    cut = np.where(product < 0, -(-product >> 15), product >> 15)
    return _divide(cut, -output.shift) + out_point


def _multiply_high(values: Values, multiplier: int) -> Values:
    """Values · multiplier / 2^15, rounded half away from zero, as gemmlowp does."""
    products = values * multiplier
    return np.where(
        products >= 0, (products + (1 << 14)) >> 15, -((-products + (1 << 14) - 1) >> 15)
    )


def _divide(values: Values, exponent: int) -> Values:
    """Values / 2^exponent, rounded half away from zero."""
    if exponent == 0:
        return values
    half = 1 << (exponent - 1)
    return np.where(values >= 0, (values + half) >> exponent, -((-values + half) >> exponent))


ABS = _support(_abs, _check_abs)
ELU = _support(_real(_elu))
EXP = _support(_real(_exp))
GELU = _support(_real(_gelu))
HARD_SWISH = _support(_hard_swish, _check_swish)
LEAKY_RELU = _support(_leaky, _check_leaky)
LOG = _support(_log)
TANH = _support(_real(_tanh))
