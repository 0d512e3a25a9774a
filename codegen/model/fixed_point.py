"""Converts real factors to the fixed-point numbers of TFLite's reference kernels. Pure."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import DType

ADD_LEFT_SHIFT = 20
"""Headroom in bits that ADD gives both inputs; Source: TFLite, ADD in int8."""
SOFTMAX_INTEGER_BITS = 5
"""Integer bits of the argument of exp; Source: TFLite, SOFTMAX in int8."""


@dataclass(frozen=True, slots=True)
class Multiplier:
    """factor = multiplier · 2^(shift − 31), with |multiplier| in [2^30, 2^31) or 0."""

    multiplier: int
    shift: int


def quantize_multiplier(factor: float) -> Multiplier:
    """The fixed-point number nearest to a factor ≥ 0, saturated just below 2^30.

    Source: TFLite, QuantizeMultiplier: rounds half away from zero, gives 0 below 2^−32.
    """
    if factor == 0.0:
        return Multiplier(0, 0)
    fraction, shift = math.frexp(min(factor, 2.0**31))
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return Multiplier(0, 0)
    if shift > 30:
        return Multiplier((1 << 31) - 1, 30)
    return Multiplier(multiplier, shift)


LARGEST_SCALED = (1 << 31) - 1 - 256
"""Largest |value| · 2^shift with which `nn_rescale`, and the zero point that is added to what it
gives, stay within 32 bits. Beyond it TFLite's reference kernels are undefined too."""


def overflows(largest: int, factor: Multiplier) -> bool:
    """Whether values from `-largest` to `largest` can overflow when they are scaled by a factor.

    A factor below 1 makes values smaller. For other factors, values are first shifted to the left
    and then multiplied by less than 1.
    """
    return largest << max(factor.shift, 0) > LARGEST_SCALED


def rescale(values: NDArray[np.int64], factor: Multiplier) -> NDArray[np.int64]:
    """Integers times a factor, rounded twice like `nn_rescale`.

    Source: TFLite, MultiplyByQuantizedMultiplier with the double rounding of gemmlowp.
    """
    high = high_product(values << max(factor.shift, 0), factor.multiplier)
    return shifted_right(high, max(-factor.shift, 0))


def high_product(values: NDArray[np.int64], factor: int) -> NDArray[np.int64]:
    """Values · factor / 2^31, rounded to the nearest.

    Source: gemmlowp, SaturatingRoundingDoublingHighMul.
    """
    return (values * factor + (1 << 30)) >> 31


def shifted_right(values: NDArray[np.int64], bits: int | NDArray[np.int64]) -> NDArray[np.int64]:
    """Values / 2^bits, rounded to the nearest, half away from zero.

    Source: gemmlowp, RoundingDivideByPOT.
    """
    half = (1 << np.asarray(bits)) >> 1
    return (values + half - ((values < 0) & (half > 0))) >> bits


def single(value: float) -> float:
    """A value rounded to single precision, in which TFLite stores scales; may be infinite."""
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def product_in_single_precision(*factors: float) -> float:
    """The product, each step rounded to single precision."""
    result = 1.0
    for factor in factors:
        result = single(result * single(factor))
    return result


def type_range(dtype: DType) -> tuple[int, int]:
    """Lowest and highest stored value of an 8-bit type."""
    return {DType.INT8: (-128, 127), DType.UINT8: (0, 255)}[dtype]


def activation_range(activation: str, scale: float, zero_point: int) -> tuple[int, int]:
    """Lowest and highest stored int8 value of a fused activation.

    Source: TFLite, CalculateActivationRangeQuantized; the limits are rounded half away from zero.
    """
    lowest, highest = type_range(DType.INT8)
    least, most = _LIMITS.get(activation, (None, None))
    if least is not None:
        lowest = max(lowest, zero_point + _steps(least, scale))
    if most is not None:
        highest = min(highest, zero_point + _steps(most, scale))
    return lowest, highest


_LIMITS: dict[str, tuple[float | None, float | None]] = {
    "RELU": (0.0, None),
    "RELU6": (0.0, 6.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU_0_TO_1": (0.0, 1.0),
}


def _steps(value: float, scale: float) -> int:
    """A value in steps of a scale, rounded half away from zero; at most a whole range."""
    steps = min(single(abs(value) / single(scale)), 255.0)
    return int(math.copysign(math.floor(steps + 0.5), value))


def mean_multiplier(factor: float, count: int) -> Multiplier:
    """The factor from a sum of `count` values to their mean in another scale.

    Source: TFLite, QuantizedMeanOrSum: the multiplier of the scales is divided by the count in
    integers, after as many bits of headroom as the count has.
    """
    scales = quantize_multiplier(factor)
    shift = min(count.bit_length() - 1, 32, 31 + scales.shift)
    return Multiplier((scales.multiplier << shift) // count, scales.shift - shift)


@dataclass(frozen=True, slots=True)
class SoftmaxScaling:
    """Fixed-point parameters of SOFTMAX and LOG_SOFTMAX.

    Attributes:
        input: From differences of stored values to Q5.26.
        inverse: From Q5.26 to differences of stored values.
        smallest_difference: To the largest of a row; below it exp is 0.
    """

    input: Multiplier
    inverse: Multiplier
    smallest_difference: int


def softmax_factor(input_scale: float, beta: float) -> float:
    """From differences of stored values to Q5.26; the reference kernel needs it above 1."""
    return beta * input_scale * (1 << (31 - SOFTMAX_INTEGER_BITS))


def softmax_scaling(input_scale: float, beta: float) -> SoftmaxScaling:
    """How SOFTMAX and LOG_SOFTMAX scale their input.

    Source: TFLite, PreprocessLogSoftmaxScalingExp and CalculateInputRadius.
    """
    scaled = quantize_multiplier(min(softmax_factor(input_scale, beta), (1 << 31) - 1.0))
    largest = ((1 << SOFTMAX_INTEGER_BITS) - 1) * (1 << (31 - SOFTMAX_INTEGER_BITS))
    inverse = quantize_multiplier(2.0 ** (31 - scaled.shift) / scaled.multiplier)
    smallest = -math.floor(largest / (1 << max(scaled.shift, 0)))
    return SoftmaxScaling(scaled, inverse, smallest)
