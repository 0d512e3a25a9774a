"""The fixed-point numbers of the kernels, against values worked out by hand and invariants."""

import math

import numpy as np
import pytest

from codegen.model.fixed_point import (
    Multiplier,
    activation_range,
    mean_multiplier,
    product_in_single_precision,
    quantize_multiplier,
    softmax_scaling,
)


def value_of(multiplier: Multiplier) -> float:
    return math.ldexp(multiplier.multiplier, multiplier.shift - 31)


@pytest.mark.parametrize(
    ("factor", "multiplier", "shift"),
    [
        (0.5, 1 << 30, 0),
        (1.0, 1 << 30, 1),
        (0.75, 3 << 29, 0),
        (2.0**-32, 1 << 30, -31),
        (2.0**-33, 0, 0),
        (0.0, 0, 0),
        (1.0 - 2.0**-40, 1 << 30, 1),
        (math.inf, (1 << 31) - 1, 30),
    ],
    ids=[
        "half",
        "one",
        "three quarters",
        "least",
        "below the least",
        "zero",
        "rounds up to one",
        "saturates",
    ],
)
def test_a_factor_becomes_a_multiplier_and_a_shift(
    factor: float, multiplier: int, shift: int
) -> None:
    assert quantize_multiplier(factor) == Multiplier(multiplier, shift)


def test_a_multiplier_is_normal_and_within_half_a_unit_of_its_factor() -> None:
    for factor in np.exp(np.random.default_rng(0).uniform(-15, 15, 1000)).tolist():
        fixed = quantize_multiplier(factor)
        assert 1 << 30 <= fixed.multiplier < 1 << 31
        assert abs(value_of(fixed) - factor) <= math.ldexp(0.5, fixed.shift - 31)


def test_a_product_is_rounded_to_single_precision_at_each_step() -> None:
    third = float(np.float32(1 / 3))
    assert product_in_single_precision(third, 3.0) == 1.0
    assert third * 3.0 != 1.0


@pytest.mark.parametrize(
    ("activation", "scale", "zero_point", "limits"),
    [
        ("NONE", 0.1, 5, (-128, 127)),
        ("RELU", 0.1, 5, (5, 127)),
        ("RELU", 0.1, -128, (-128, 127)),
        ("RELU6", 0.1, 5, (5, 65)),
        ("RELU6", 6 / 255, -128, (-128, 127)),
        ("RELU6", 4.0, 0, (0, 2)),
        ("RELU6", 1e-45, 0, (0, 127)),
    ],
)
def test_a_fused_activation_limits_the_stored_values(
    activation: str, scale: float, zero_point: int, limits: tuple[int, int]
) -> None:
    assert activation_range(activation, scale, zero_point) == limits


@pytest.mark.parametrize("count", [1, 2, 3, 49, 625, 4096])
def test_a_mean_is_divided_by_the_number_of_its_elements(count: int) -> None:
    fixed = mean_multiplier(0.7, count)
    assert 0 < fixed.multiplier < 1 << 31
    assert value_of(fixed) == pytest.approx(0.7 / count, rel=2.0**-29)


def test_softmax_scales_its_input_to_five_integer_bits() -> None:
    scaling = softmax_scaling(1 / 16, 1.0)
    assert value_of(scaling.input) == 2.0**26 / 16
    assert scaling.input.shift == 23
    assert scaling.smallest_difference == -((31 << 26) >> 23)
    assert value_of(scaling.inverse) == 16 / 2.0**26


def test_softmax_takes_beta_as_part_of_the_scale() -> None:
    assert softmax_scaling(0.25, 0.5) == softmax_scaling(0.125, 1.0)
