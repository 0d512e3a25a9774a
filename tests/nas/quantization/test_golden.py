from pathlib import Path

import numpy as np
import pytest

from benchmarks.tflite_builder import ModelBuilder
from codegen.model.graph import DType, Graph, Operator, Quantization, Tensor
from codegen.model.read_tflite import read_tflite
from firmware.errors import ConfigError, ModelError
from nas.host.worker import Worker
from nas.quantization.golden import golden_inputs
from nas.quantization.make_golden import make_golden
from nas.spaces import Candidate
from tests.networks import paper_graph


def graph_of(tensor: Tensor) -> Graph:
    return Graph((tensor,), (), (0,), (0,))


def inputs_of(graph: Graph, samples: int) -> np.ndarray:
    return np.asarray(golden_inputs(graph, samples, 0)["inputs"])


def test_inputs_have_the_shape_and_type_of_the_model_and_reach_its_ends() -> None:
    inputs = golden_inputs(paper_graph(Candidate(k=1, c=0), (9, 7, 3), 2), samples=6, seed=0)[
        "inputs"
    ]
    assert inputs.shape == (6, 9, 7, 3)
    assert inputs.dtype == np.uint8
    assert (inputs.min(), inputs.max()) == (0, 255)
    assert len({sample.tobytes() for sample in inputs}) == 6


def test_equal_seeds_give_equal_inputs() -> None:
    graph = graph_of(Tensor("x", (1, 5), DType.INT8))
    first, same, other = (golden_inputs(graph, 4, seed)["inputs"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)
    assert (first.min(), first.max()) == (-128, 127)


def test_more_samples_begin_with_the_same_ones() -> None:
    graph = graph_of(Tensor("x", (1, 8, 8, 1), DType.INT8))
    np.testing.assert_array_equal(inputs_of(graph, 7)[:3], inputs_of(graph, 3))


def test_float_inputs_span_what_the_model_quantizes_to() -> None:
    tensors = (
        Tensor("x", (1, 500), DType.FLOAT32),
        Tensor("q", (1, 500), DType.INT8, quantization=Quantization((0.5,), (28,))),
    )
    graph = Graph(tensors, (Operator("QUANTIZE", (0,), (1,)),), (0,), (1,))
    inputs = inputs_of(graph, 3)
    assert (inputs.min(), inputs.max()) == (-78.0, 49.5)


def test_no_samples_are_refused() -> None:
    with pytest.raises(ConfigError, match="number of samples is 0"):
        golden_inputs(graph_of(Tensor("x", (1, 4), DType.INT8)), 0, 0)


def test_batches_are_refused() -> None:
    with pytest.raises(ModelError, match="one sample at a time"):
        golden_inputs(graph_of(Tensor("x", (2, 4), DType.INT8)), 1, 0)


def test_an_output_of_several_vectors_is_kept_whole(worker: Worker, tmp_path: Path) -> None:
    """FULLY_CONNECTED gives (vectors, rows), of which the first is no batch."""
    builder = ModelBuilder()
    source, output = builder.activation((1, 3, 2), 0.1), builder.activation((3, 2), 0.1)
    doubling = builder.constant(np.array([[20, 0], [0, 20]], np.int8), [0.1])
    bias = builder.constant(np.zeros(2, np.int32), [0.01])
    builder.operator("FULLY_CONNECTED", [source, doubling, bias], output)
    model = tmp_path / "model.tflite"
    model.write_bytes(builder.build([source], [output]))
    make_golden(model, tmp_path / "a.npz", 4, 0, "tflm", worker)
    with np.load(tmp_path / "a.npz") as golden:
        doubled = np.clip(2 * golden["inputs"].astype(int), -128, 127)
        np.testing.assert_array_equal(golden["outputs"], doubled)


def test_outputs_are_those_of_the_reference_kernels(worker: Worker, tmp_path: Path) -> None:
    builder = ModelBuilder()
    source = builder.activation((1, 10), 0.1, 3)
    output = builder.activation((1, 10), 1 / 256, -128)
    builder.operator("SOFTMAX", [source], output, beta=1.0)
    model = tmp_path / "model.tflite"
    model.write_bytes(builder.build([source], [output]))
    make_golden(model, tmp_path / "a.npz", 5, 0, "tflm", worker)
    make_golden(model, tmp_path / "b.npz", 5, 0, "tflm", worker)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz") as golden:
        assert str(golden["rounding"]) == "tflm"
        np.testing.assert_array_equal(golden["inputs"], inputs_of(read_tflite(model), 5))
        for sample, expected in zip(golden["inputs"], golden["outputs"], strict=True):
            real = 0.1 * (sample.astype(float) - 3)
            exact = np.exp(real - real.max()) / np.exp(real - real.max()).sum()
            np.testing.assert_allclose((expected.astype(float) + 128) / 256, exact, atol=0.006)
