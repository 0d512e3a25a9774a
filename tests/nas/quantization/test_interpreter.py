import numpy as np
import pytest
from ai_edge_litert import interpreter as litert

from codegen.model.read_tflite import parse_tflite
from codegen.model.repair_tflite import with_possible_dimensions
from firmware.errors import ModelError
from nas.quantization.interpreter import Interpreter, told_once
from tests.small_model import small_model


def test_biases_with_a_dimension_that_they_have_not_are_answered_as_those_with_their_own() -> None:
    """person_detect.tflite, which TensorFlow Lite Micro ships, is such a model."""
    damaged, right = small_model(bias_axis=3), small_model()
    with pytest.raises((ValueError, RuntimeError), match="quantized_dimension"):
        litert.Interpreter(model_content=damaged).allocate_tensors()
    samples = np.random.default_rng(0).integers(-128, 128, (8, 6, 6, 2)).astype(np.int8)
    for is_reference in (True, False):
        ours, wanted = (Interpreter(model, is_reference) for model in (damaged, right))
        for sample in samples:
            np.testing.assert_array_equal(ours.answer(sample), wanted.answer(sample))


def test_a_repair_changes_nothing_else() -> None:
    damaged = small_model(bias_axis=3)
    repaired = with_possible_dimensions(damaged)
    assert len(repaired) == len(damaged)
    assert sum(a != b for a, b in zip(damaged, repaired, strict=True)) == 1
    assert with_possible_dimensions(small_model()) == small_model()
    kernels = parse_tflite(repaired).tensors[6].quantization
    assert kernels == parse_tflite(damaged).tensors[6].quantization


def test_what_litert_says_of_many_tensors_is_told_once() -> None:
    text = "quantized_dimension must be in range [0, 1). Was 3.Tensor {} has invalid parameters."
    assert told_once("".join(text.format(index) for index in range(33, 47))) == (
        "quantized_dimension must be in range [0, 1). Was 3; Tensor 33 has invalid parameters"
    )
    assert len(told_once("x" * 5000)) < 310


def test_a_model_that_litert_refuses_is_refused_in_one_short_line() -> None:
    with pytest.raises(ModelError) as caught:
        Interpreter(b"no model at all, but some text", is_reference=True)
    assert "TFL3" in str(caught.value)
