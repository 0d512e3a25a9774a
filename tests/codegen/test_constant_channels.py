"""Filters without weights, whose biases a converter limited to ±2^30, give the reference's bits."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.operator_cases import CASES, FUSED, Case
from benchmarks.tflite_builder import ModelBuilder
from codegen.c_code.lower_steps import lower_step
from codegen.check import reasons_against
from codegen.model.fixed_point import Multiplier, rescale
from codegen.model.graph import Graph, Quantization, Tensor
from codegen.model.read_tflite import parse_tflite
from codegen.operators import check_operators
from codegen.operators.constant_channels import constant_outputs
from codegen.operators.windows import weight_multipliers
from codegen.planning.planner import plan_graph
from tests.board_program import failures_on_virtual_board
from tests.generated_program import run_generated
from tests.graph_file import options
from tests.reference_kernels import run_reference

KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "cell")
LARGE = (1 << 30, -(1 << 30), (1 << 30) + 128, -(1 << 30) - 64, (1 << 30) - 1)


def with_dead_channels(graph: Graph, rng: np.random.Generator) -> Graph:
    """Half of the first operator's filters get no weights, a tiny scale and a large bias."""
    operator = graph.operators[0]
    _, at, biased = operator.inputs
    weights, biases = graph.tensors[at], graph.tensors[biased]
    assert weights.data is not None
    assert biases.data is not None
    assert weights.quantization is not None
    count = biases.element_count
    dead = rng.permutation(count)[: (count + 1) // 2]
    axis = weights.shape.index(count) if operator.kind == "CONV_2D" else 3
    rows = np.moveaxis(np.array(weights.data), axis, 0)
    rows[dead] = 0
    values, scales = np.array(biases.data), list(weights.quantization.scales)
    for channel in dead:
        values[channel] = rng.choice(LARGE)
        scales[channel] = float(np.float32(10 ** rng.uniform(-12, -4)))
    quantization = Quantization(tuple(scales), (0,) * count, axis)
    tensors = list(graph.tensors)
    tensors[at] = replace(weights, data=np.moveaxis(rows, 0, axis), quantization=quantization)
    tensors[biased] = replace(biases, data=values, quantization=None)
    return replace(graph, tensors=tuple(tensors))


def file_of(graph: Graph) -> bytes:
    """The model of a graph with all its scales."""
    model = ModelBuilder()
    for tensor in graph.tensors:
        own = tensor.quantization
        scales, point = (list(own.scales), own.zero_points[0]) if own else (None, 0)
        if tensor.data is not None:
            model.constant(np.asarray(tensor.data), scales, point, own.axis if own else 0)
        else:
            model.activation(tensor.shape, scales and scales[0], point, tensor.dtype.value)
    for operator in graph.operators:
        model.operator(operator.kind, operator.inputs, operator.outputs[0], **options(operator))
    return model.build(graph.inputs, graph.outputs)


def cases(kind: str, count: int) -> list[Case]:
    made = []
    for seed in range(count):
        rng = np.random.default_rng([seed, 31])
        model, values = (CASES | FUSED)[kind](rng)
        made.append((file_of(with_dead_channels(parse_tflite(model), rng)), values))
    return made


@pytest.mark.skipif(
    shutil.which("qemu-system-arm") is None or shutil.which("arm-none-eabi-gcc") is None,
    reason="qemu-system-arm or arm-none-eabi-gcc is not installed",
)
@pytest.mark.parametrize("kind", KINDS)
def test_their_outputs_are_those_of_the_reference(kind: str, tmp_path: Path) -> None:
    own = cases(kind, 24)
    assert [check_operators(parse_tflite(model)) for model, _ in own] == [[]] * len(own)
    for folder in ("reference", "host", "board"):
        (tmp_path / folder).mkdir()
    expected = run_reference(tmp_path / "reference", [(model, [values]) for model, values in own])
    actual = run_generated(tmp_path / "host", own)
    for index, output in enumerate(expected):
        wanted = np.frombuffer(output.tobytes(), np.uint8)
        np.testing.assert_array_equal(actual[index].ravel(), wanted, f"case {index}")
    with_expected = [(*case, output) for case, output in zip(own, expected, strict=True)]
    assert failures_on_virtual_board(tmp_path / "board", with_expected, "tflm", plan_graph) == []


def first_bias(graph: Graph) -> Tensor:
    return graph.tensors[graph.operators[0].inputs[2]]


def test_the_code_holds_no_large_sum() -> None:
    for model, _ in cases("CONV_2D", 8):
        graph = parse_tflite(model)
        assert int(np.abs(np.asarray(first_bias(graph).data)).max()) >= (1 << 30) - 1
        (step,) = plan_graph(graph).steps
        biases = next(c for c in lower_step(graph, step).constants if c.name == "biases")
        assert int(np.abs(biases.values).max()) < 1 << 30


def test_a_quarter_of_each_multiple_of_four_is_exact() -> None:
    values = np.arange(-255, 256)
    np.testing.assert_array_equal(rescale(4 * values, Multiplier(1 << 30, -1)), values)


def test_a_large_bias_with_weights_is_constant_only_where_no_input_changes_the_output() -> None:
    (model, _), *_ = cases("CONV_2D", 1)
    graph = parse_tflite(model)
    operator = graph.operators[0]
    image, at, biased = operator.inputs
    weights = graph.tensors[at]
    count = weights.shape[0]
    rows = np.full(weights.shape, 127, np.int8)
    values = np.full(count, 1 << 30, np.int32)
    for factor, is_constant in ((0.1, True), (2.5 / (1 << 30), False)):
        tensors = list(graph.tensors)
        quantization = Quantization((factor * 1e-4,) * count, (0,) * count)
        tensors[at] = replace(weights, data=rows, quantization=quantization)
        tensors[biased] = replace(tensors[biased], data=values)
        tensors[image] = replace(tensors[image], quantization=Quantization((1.0,), (0,)))
        output = operator.outputs[0]
        tensors[output] = replace(tensors[output], quantization=Quantization((1e-4,), (0,)))
        changed = replace(graph, tensors=tuple(tensors))
        factors = weight_multipliers(changed, operator, count)
        assert (len(constant_outputs(changed, operator, rows, factors)) == count) == is_constant
        refused = reasons_against(changed, "static").operators
        assert any("with sums up to" in text for text in refused) == (not is_constant)
