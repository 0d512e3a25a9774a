import contextlib
from pathlib import Path

import numpy as np
import pytest

from benchmarks.tflite_builder import ModelBuilder
from codegen.c_code.program import make_program
from codegen.model.graph import DType
from codegen.model.read_tflite import parse_tflite, read_tflite
from codegen.operators import check_operators, count_macc
from codegen.planning.planner import plan_graph
from firmware.errors import ModelError
from firmware.targets import load_target
from nas.estimator.cost import RUNTIMES, Limits
from nas.estimator.network import estimate
from tests.peak_memory import peak_bytes, restart_peak
from tests.small_model import small_model


def test_a_model_is_read_whole() -> None:
    graph = parse_tflite(small_model())
    assert [operator.kind for operator in graph.operators] == [
        "CONV_2D",
        "MAX_POOL_2D",
        "MEAN",
        "FULLY_CONNECTED",
        "SOFTMAX",
    ]
    assert graph.tensors[graph.inputs[0]].shape == (1, 6, 6, 2)
    assert graph.tensors[graph.outputs[0]].dtype is DType.INT8
    convolution = graph.operators[0]
    assert convolution.options["padding"] == "SAME"
    assert convolution.options["fused_activation_function"] == "RELU"
    kernels = graph.tensors[convolution.inputs[1]]
    assert kernels.is_constant
    assert kernels.quantization is not None
    assert kernels.quantization.scales == pytest.approx((0.004, 0.005, 0.006, 0.007))
    expected = np.random.default_rng(0).integers(-127, 128, (4, 3, 3, 2))
    np.testing.assert_array_equal(kernels.data, expected)


def test_multiply_accumulates_are_counted_by_hand() -> None:
    graph = parse_tflite(small_model())
    assert [count_macc(graph, operator) for operator in graph.operators] == [
        6 * 6 * 4 * 3 * 3 * 2,
        0,
        0,
        3 * 4,
        0,
    ]


def test_every_truncation_is_refused_as_a_model_error() -> None:
    content = small_model()
    for length in range(len(content)):
        with pytest.raises(ModelError):
            parse_tflite(content[:length])


def test_a_changed_byte_is_read_or_refused_but_never_a_crash() -> None:
    content = small_model()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(3000):
        damaged = bytearray(content)
        for position in rng.integers(0, len(content), rng.integers(1, 4)):
            damaged[position] = rng.integers(0, 256)
        try:
            parse_tflite(bytes(damaged))
        except ModelError:
            refused += 1
    assert 100 < refused < 2900


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"could not read '.*nothing\.tflite': No such file"):
        read_tflite(tmp_path / "nothing.tflite")


def test_another_file_is_refused_by_its_identifier(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_text("this is a text, and no model at all")
    with pytest.raises(ModelError, match=r"is not a usable \.tflite: no TFLite identifier 'TFL3'"):
        read_tflite(tmp_path / "x.tflite")


def test_a_damaged_model_that_can_be_read_is_planned_or_refused_but_never_a_crash() -> None:
    content = small_model()
    rng = np.random.default_rng(4)
    target, limits = load_target("stm32f412"), Limits(1, 1, 1)
    planned = 0
    used_before = restart_peak()
    for _ in range(1000):
        damaged = bytearray(content)
        for position in rng.integers(0, len(content), rng.integers(1, 5)):
            damaged[position] = rng.integers(0, 256)
        with contextlib.suppress(ModelError):
            graph = parse_tflite(bytes(damaged))
            for runtime in RUNTIMES:
                estimate("damaged", graph, len(content), target, limits, runtime)
            if not check_operators(graph) and len(graph.inputs) == len(graph.outputs) == 1:
                make_program(graph, plan_graph(graph), "damaged")
            planned += 1
    assert planned > 100
    assert peak_bytes() - used_before < 200 << 20


def test_weights_without_their_zeros_are_not_read_as_if_they_had_them() -> None:
    """Such a vector is as long as expected if the order alone differs."""
    model = ModelBuilder()
    image, output = model.activation((1, 4), 0.1), model.activation((1, 2), 0.1)
    weights = model.constant(np.ones((2, 4), np.int8), 0.1, is_sparse=True)
    model.operator("FULLY_CONNECTED", [image, weights], output)
    with pytest.raises(ModelError, match=r"tensor 2 is stored without its zeros; convert"):
        parse_tflite(model.build([image], [output]))
