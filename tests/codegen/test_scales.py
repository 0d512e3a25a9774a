"""Scales of any size: what is accepted computes what LiteRT computes, without signed overflow."""

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.tflite_builder import ModelBuilder
from codegen.check import reasons_against
from codegen.model.fixed_point import LARGEST_SCALED, Multiplier, overflows
from codegen.model.read_tflite import parse_tflite
from nas.quantization.interpreter import Interpreter
from tests.generated_program import run_generated

KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "MUL", "ADD", "QUANTIZE", "MEAN", "RELU")
CASES_OF_KIND, SAMPLES = 3, 4


def random_scale(rng: np.random.Generator) -> float:
    """Mostly some powers of two around 1, seldom anything that single precision holds."""
    widest = 125.0 if rng.random() < 0.25 else 9.0
    return float(np.float32(2.0 ** rng.uniform(-widest, widest)))


def random_model(kind: str, rng: np.random.Generator) -> bytes:
    builder = ModelBuilder()

    def activation(shape: tuple[int, ...]) -> int:
        return builder.activation(shape, random_scale(rng), int(rng.integers(-128, 128)))

    source, shape = activation((1, 4, 4, 4)), (1, 4, 4, 4)
    if kind == "MEAN":
        output = activation((1, 4))
        axes = builder.constant(np.array([1, 2], np.int32))
        builder.operator(kind, [source, axes], output, keep_dims=False)
        return builder.build([source], [output])
    output = activation(shape)
    if "CONV" in kind:
        form = (4, 3, 3, 4) if kind == "CONV_2D" else (1, 3, 3, 4)
        axis = 0 if kind == "CONV_2D" else 3
        weights = rng.integers(-127, 128, form).astype(np.int8)
        scales = [random_scale(rng) for _ in range(4)]
        kernels = builder.constant(weights, scales, 0, axis)
        spread = 1 << int(rng.integers(1, 31))
        biases = builder.constant(rng.integers(-spread, spread, 4).astype(np.int32), scales)
        sides = {"stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}
        sides |= {"depth_multiplier": 1} if kind == "DEPTHWISE_CONV_2D" else {}
        builder.operator(kind, [source, kernels, biases], output, padding=0, **sides)
    elif kind in ("MUL", "ADD"):
        values = rng.integers(-128, 128, (4,)).astype(np.int8)
        constant = builder.constant(values, random_scale(rng), int(rng.integers(-128, 128)))
        builder.operator(kind, [source, constant], output)
    else:
        builder.operator(kind, [source], output)
    return builder.build([source], [output])


def cases_of(kind: str, count: int) -> tuple[list[tuple[bytes, NDArray[np.int8]]], int]:
    """Accepted models with inputs, and how many models were refused for their factor."""
    rng = np.random.default_rng(KINDS.index(kind))
    found, refused = [], 0
    for _ in range(400):
        model = random_model(kind, rng)
        reasons = reasons_against(parse_tflite(model), "static")
        if not reasons and len(found) < count:
            inputs = rng.integers(-128, 128, (SAMPLES, 4, 4, 4)).astype(np.int8)
            inputs[0] = rng.choice([-128, 127], (4, 4, 4))
            found.append((model, inputs))
        if len(found) >= count and refused:
            break
        if reasons:
            assert "factor of" in reasons.refusal or "with sums up to" in reasons.refusal
            refused += 1
    return found, refused


def test_accepted_scales_give_the_bits_of_litert_and_never_overflow(tmp_path: Path) -> None:
    cases = []
    for kind in KINDS:
        own, refused = cases_of(kind, CASES_OF_KIND)
        assert refused > 0, f"no scale of a {kind} was absurd"
        cases += own
    answers = run_generated(tmp_path, cases)
    distinct = 0
    for (model, inputs), answer in zip(cases, answers, strict=True):
        interpreter = Interpreter(model, is_reference=True)
        expected = np.stack([interpreter.answer(sample) for sample in inputs])
        np.testing.assert_array_equal(answer.view(np.int8).ravel(), expected.ravel())
        distinct += len(np.unique(expected)) > 2
    assert distinct > len(cases) / 3, "more than saturated outputs are compared"


@pytest.mark.parametrize("shift", [-20, 0, 1, 9, 30])
def test_the_largest_value_that_is_accepted_stays_within_32_bits(shift: int) -> None:
    factor = Multiplier((1 << 31) - 1, shift)
    largest = LARGEST_SCALED >> max(shift, 0)
    assert not overflows(largest, factor)
    assert overflows(largest + 1, factor)
    scaled = math.ceil(largest * 2.0 ** max(shift, 0))
    assert scaled + 255 < 1 << 31


@pytest.mark.parametrize("scale", [1e30, 3.4e38])
def test_a_weight_scale_that_was_damaged_is_refused_by_its_factor(scale: float) -> None:
    builder = ModelBuilder()
    source = builder.activation((1, 4, 4, 1), 0.02)
    weights = builder.constant(np.full((1, 3, 3, 1), 9, np.int8), scale)
    output = builder.activation((1, 4, 4, 1), 0.05)
    options = {"stride_w": 1, "stride_h": 1}
    builder.operator("CONV_2D", [source, weights], output, padding=0, **options)
    text = reasons_against(parse_tflite(builder.build([source], [output])), "static").refusal
    assert "CONV_2D with scales that give a factor of" in text
