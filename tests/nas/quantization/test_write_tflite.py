import re

import numpy as np
import pytest
import tflite

from codegen.model.graph import Graph
from codegen.model.read_tflite import parse_tflite
from nas.network.int8_graph import lower
from nas.network.parameters import initial_parameters
from nas.quantization.folding import fold_layers
from nas.quantization.quantize import quantize_graph
from nas.quantization.write_tflite import write_tflite
from nas.spaces import Candidate, find_space

SHAPE = (12, 10, 3)


def network(space: str, seed: int = 0) -> Graph:
    described = find_space(space).network(Candidate(k=3, c=2), SHAPE, 4)
    weights = fold_layers(described, initial_parameters(described, seed))
    # Only logits are below 0: whatever a ReLU gives, or a mean of it, is not.
    ranges = {node: (0.0, float(seed + 1)) for node in range(len(described.nodes))}
    ranges[len(described.nodes) - 2] = (-0.5 * seed - 0.1, float(seed + 1))
    return quantize_graph(lower(described), weights, ranges)


@pytest.mark.parametrize("space", ["folded", "separable"])
def test_what_is_read_back_is_what_was_written(space: str) -> None:
    graph = network(space)
    read = parse_tflite(write_tflite(graph))
    assert (read.inputs, read.outputs) == (graph.inputs, graph.outputs)
    assert [(o.kind, o.inputs, o.outputs, dict(o.options)) for o in read.operators] == [
        (o.kind, o.inputs, o.outputs, dict(o.options)) for o in graph.operators
    ]
    for found, expected in zip(read.tensors, graph.tensors, strict=True):
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        assert found.quantization == expected.quantization
        assert found.is_constant == expected.is_constant
        if expected.data is not None:
            np.testing.assert_array_equal(found.data, expected.data)


@pytest.mark.parametrize("space", ["folded", "separable"])
def test_equal_shapes_give_as_many_bytes_and_equal_graphs_equal_ones(space: str) -> None:
    first, same, other = (write_tflite(network(space, seed)) for seed in (0, 0, 5))
    assert first == same
    assert first != other
    assert len(first) == len(other)


def test_nothing_is_in_the_file_that_can_be_read_as_a_word() -> None:
    words = re.findall(rb"[A-Za-z_]{6,}", write_tflite(network("folded")))
    content = b"".join(t.data.tobytes() for t in network("folded").tensors if t.data is not None)
    assert [word for word in words if word not in content] == []


def test_constants_lie_at_multiples_of_four_bytes() -> None:
    """Kernels on a microcontroller read biases in place, as words."""
    content = write_tflite(network("separable"))
    whole = np.frombuffer(content, np.uint8)
    model = tflite.Model.GetRootAs(content, 0)
    buffers = [model.Buffers(index) for index in range(model.BuffersLength())]
    places = [b.DataAsNumpy().ctypes.data - whole.ctypes.data for b in buffers if b.DataLength()]
    assert len(places) == 13
    assert [place % 4 for place in places] == [0] * 13
