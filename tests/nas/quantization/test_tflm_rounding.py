"""What a model answers with TFLite-Micro's rounding, against the real interpreter."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.operator_cases import CASES
from benchmarks.tflite_builder import ModelBuilder
from codegen.model.read_tflite import parse_tflite
from firmware.errors import ModelError
from nas.quantization.interpreter import Interpreter
from nas.quantization.tflm_rounding import with_tflm_rounding
from tests.reference_kernels import run_reference
from tests.small_model import small_model
from tests.tflm_wheel import tflm_answer

RELU = 1


def autoencoder(seed: int) -> bytes:
    """Layers of 64, 32, 8, 32 and 64 values, as the anomaly detection of MLPerf Tiny has them."""
    rng = np.random.default_rng(seed)
    model = ModelBuilder()
    scale = 0.04
    last = model.activation((1, 64), scale, 7)
    first, width = last, 64
    for rows in (32, 8, 32, 64):
        weights = rng.integers(-127, 128, (rows, width)).astype(np.int8)
        biases = rng.integers(-3000, 3000, rows).astype(np.int32)
        out_scale = float(np.float32(scale * rng.uniform(0.7, 1.3)))
        out = model.activation((1, rows), out_scale, -128 if rows < 64 else 3)
        constants = [model.constant(weights, 0.004), model.constant(biases, scale * 0.004)]
        fused = RELU if rows < 64 else 0
        model.operator("FULLY_CONNECTED", [last, *constants], out, fused_activation_function=fused)
        last, width, scale = out, rows, out_scale
    return model.build([first], [last])


def without_bias(seed: int) -> bytes:
    """A layer as converters write it whose biases are all zero: its third input is absent."""
    rng = np.random.default_rng(seed)
    model = ModelBuilder()
    source, output = model.activation((1, 24), 0.05, 3), model.activation((1, 7), 0.2, -4)
    weights = model.constant(rng.integers(-127, 128, (7, 24)).astype(np.int8), 0.004)
    model.operator("FULLY_CONNECTED", [source, weights, -1], output)
    return model.build([source], [output])


def models() -> dict[str, bytes]:
    single = {
        f"layer {seed}": CASES["FULLY_CONNECTED"](np.random.default_rng(seed))[0]
        for seed in range(8)
    }
    deep = {f"autoencoder {seed}": autoencoder(seed) for seed in range(4)}
    absent = {f"without bias {seed}": without_bias(seed) for seed in range(2)}
    return single | deep | absent | {"classifier": small_model()}


def inputs_of(content: bytes) -> NDArray[np.int8]:
    graph = parse_tflite(content)
    shape = graph.tensors[graph.inputs[0]].shape[1:]
    return np.random.default_rng(1).integers(-128, 128, (12, *shape)).astype(np.int8)


def test_the_outputs_are_those_of_the_real_interpreter() -> None:
    litert_differs = 0
    for name, content in models().items():
        ours = Interpreter(with_tflm_rounding(content), is_reference=True)
        litert = Interpreter(content, is_reference=True)
        for sample in inputs_of(content):
            wanted = tflm_answer(content, sample[np.newaxis])
            own, other = (one.answer(sample).reshape(wanted.shape) for one in (ours, litert))
            np.testing.assert_array_equal(own, wanted, name)
            litert_differs += int((other != wanted).any())
    assert litert_differs > 0, "else nothing was tried"


def test_sums_are_those_of_the_real_interpreter() -> None:
    """LiteRT's reference kernels have none in int8."""
    inside = 0
    for seed in range(40):
        content, values = CASES["SUM"](np.random.default_rng(seed))
        wanted = tflm_answer(content, values)[0]
        ours = Interpreter(with_tflm_rounding(content), is_reference=True).answer(values[0])
        np.testing.assert_array_equal(ours, wanted)
        inside += int((np.abs(wanted.astype(int)) < 127).sum())
    assert inside > 100, "else most are at a limit"


@pytest.mark.parametrize("axes", [[0, 1, 2], [0, 2], [0]])
def test_a_sum_over_the_batch_and_of_all_values(axes: list[int], tmp_path: Path) -> None:
    model = ModelBuilder()
    source, told = model.activation((1, 5, 6), 0.1, 7), model.constant(np.array(axes, np.int32))
    left = [size for axis, size in enumerate((1, 5, 6)) if axis not in axes]
    out = model.activation(left, 1.0, -3)
    model.operator("SUM", [source, told], out, keep_dims=False)
    content = model.build([source], [out])
    values = np.random.default_rng(0).integers(-128, 128, (1, 5, 6)).astype(np.int8)
    (ours,) = run_reference(tmp_path, [(with_tflm_rounding(content), [values])])
    np.testing.assert_array_equal(ours, tflm_answer(content, values))


def test_a_model_without_fully_connected_stays_as_it_is() -> None:
    content, _ = CASES["CONV_2D"](np.random.default_rng(0))
    assert with_tflm_rounding(content) is content


def test_weights_with_a_zero_point_are_refused_with_a_way_to_go_on() -> None:
    model = ModelBuilder()
    source, out = model.activation((1, 4), 0.1), model.activation((1, 2), 0.1)
    weights = model.constant(np.ones((2, 4), np.int8), 0.1, 5)
    model.operator("FULLY_CONNECTED", [source, weights], out, fused_activation_function=0)
    with pytest.raises(ModelError, match="weights with a zero point.*--rounding litert"):
        with_tflm_rounding(model.build([source], [out]))
