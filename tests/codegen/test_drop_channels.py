"""Channels that cannot change the outputs are dropped, and no bit of an output changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.network_chain import weight_scale
from benchmarks.tflite_builder import ModelBuilder
from codegen.model.graph import Graph
from codegen.model.read_tflite import parse_tflite
from codegen.operators import check_operators
from codegen.simplify.executed import dropped, executed_graph
from firmware.targets import load_target
from nas.estimator.cost import Limits
from nas.estimator.network import estimate
from nas.estimator.report import estimate_text
from tests.generated_program import run_generated
from tests.reference_kernels import run_reference

SAME, VALID = 0, 1
NONE, RELU = 0, 1
SCALE = 0.0613
LIMITS = Limits(10**9, 1 << 20, 1 << 18)


class Network:
    """Layers one after the other; some filters and some inputs of a layer get no weights."""

    def __init__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> None:
        self.rng, self.model, self.shape = rng, ModelBuilder(), shape
        self.last = self.first = self.model.activation(shape, SCALE, -8)

    def weights(self, shape: tuple[int, ...], axis: int) -> list[int]:
        rng, count = self.rng, shape[axis]
        values = rng.integers(-127, 128, shape).astype(np.int8)
        values[..., rng.random(shape[-1]) < 0.3] = 0
        scales = [weight_scale(rng, values.size // count) for _ in range(count)]
        biases = rng.integers(-3000, 3000, count).astype(np.int32)
        by_filter = np.moveaxis(values, axis, 0)
        for index in np.flatnonzero(rng.random(count) < 0.5):
            by_filter[index] = 0
            if rng.random() < 0.3:
                biases[index] = rng.choice([1 << 30, -(1 << 30)])
                scales[index] = float(np.float32(10 ** rng.uniform(-12, -6)))
        return [self.model.constant(values, scales, axis=axis), self.model.constant(biases)]

    def add(self, kind: str, more: list[int], shape: tuple[int, ...], **options: int) -> None:
        own = self.model.tensors[self.last]
        scale, point = own["scales"][0], own["zero_points"][0]
        if more and kind != "RESHAPE":
            scale = float(np.float32(SCALE * self.rng.choice([1, 0.6, 1.7])))
            is_limited = options.get("fused_activation_function") == RELU
            point = -128 if is_limited else int(self.rng.integers(-40, 40))
        output = self.model.activation(shape, scale, point)
        self.model.operator(kind, [self.last, *more], output, **options)
        self.last, self.shape = output, shape

    def window(self, kind: str, kernel: int, stride: int, count: int) -> None:
        padding = int(self.rng.choice([SAME, VALID]))
        _, *sides, channels = self.shape
        sizes = [-(-(n if padding == SAME else n - kernel + 1) // stride) for n in sides]
        options = {"padding": padding, "stride_h": stride, "stride_w": stride}
        if kind.endswith("POOL_2D"):
            more: list[int] = []
            options |= {"filter_height": kernel, "filter_width": kernel}
        else:
            is_depthwise = kind == "DEPTHWISE_CONV_2D"
            shape = (
                (1, kernel, kernel, count) if is_depthwise else (count, kernel, kernel, channels)
            )
            more = self.weights(shape, 3 if is_depthwise else 0)
            options |= {"dilation_h_factor": 1, "dilation_w_factor": 1}
            if is_depthwise:
                options["depth_multiplier"] = 1
        activation = int(self.rng.choice([NONE, RELU, RELU])) if more else NONE
        options["fused_activation_function"] = activation
        self.add(kind, more, (1, *sizes, count), **options)

    def vector(self) -> None:
        elements = int(np.prod(self.shape))
        shape = self.model.constant(np.array([1, elements], np.int32))
        self.add("RESHAPE", [shape], (1, elements))

    def connected(self, count: int) -> None:
        more = self.weights((count, self.shape[1]), 0)
        weights, biases = (self.model.tensors[index] for index in more)
        weights["scales"], weights["zero_points"] = [0.01], [0]
        biases["data"] = biases["data"] % 3000
        own_scale = self.model.tensors[self.last]["scales"][0]
        biases["scales"], biases["zero_points"] = [0.01 * own_scale], [0]
        self.add("FULLY_CONNECTED", more, (1, count), fused_activation_function=NONE)


def network(seed: int) -> bytes:
    rng = np.random.default_rng([seed, 7])
    made = Network(rng, (1, int(rng.integers(7, 12)), int(rng.integers(7, 12)), 3))
    kinds = ["CONV_2D"]
    for _ in range(int(rng.integers(2, 5))):
        others = ["CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "AVERAGE_POOL_2D"]
        kinds.append(str(rng.choice(others, p=[0.5, 0.3, 0.1, 0.1])))
    for kind in kinds:
        kernel = min(int(rng.choice([1, 1, 2, 3])), *made.shape[1:3])
        count = int(rng.integers(2, 24)) if kind == "CONV_2D" else made.shape[3]
        made.window(kind, kernel, int(rng.integers(1, 3)), count)
    if rng.random() < 0.5:
        made.vector()
        made.connected(int(rng.integers(1, 12)))
        made.connected(3)
    return made.model.build([made.first], [made.last])


def test_networks_without_those_channels_give_the_bits_of_the_reference(tmp_path: Path) -> None:
    cases = []
    for seed in range(60):
        model = network(seed)
        shape = parse_tflite(model).tensors[0].shape
        values = np.random.default_rng(seed).integers(-128, 128, (3, *shape[1:]))
        cases.append((model, values[:, None].astype(np.int8)))
    graphs = [parse_tflite(model) for model, _ in cases]
    assert [check_operators(graph) for graph in graphs] == [[]] * len(graphs)
    executed = [executed_graph(graph) for graph in graphs]
    assert [check_operators(graph) for graph in executed] == [[]] * len(graphs)
    counts = [dropped(*pair).channels for pair in zip(graphs, executed, strict=True)]
    assert sum(count > 0 for count in counts) > len(counts) / 3
    single = [(model, [value]) for model, values in cases for value in values]
    (tmp_path / "reference").mkdir()
    expected = run_reference(tmp_path / "reference", single)
    actual = [row for rows in run_generated(tmp_path, cases, "litert") for row in rows]
    for index, (own, wanted) in enumerate(zip(actual, expected, strict=True)):
        np.testing.assert_array_equal(own.view(np.int8), wanted.ravel(), f"case {index // 3}")


def chain(
    kernel: int, padding: int, bias: int, zero_point: int, first: int = 8, activation: int = RELU
) -> Graph:
    """A 1x1 convolution whose last four filters have no weights, then another convolution."""
    model = ModelBuilder()
    image = model.activation((1, 6, 6, 2), 0.1, 5)
    weights = np.ones((first, 1, 1, 2), np.int8)
    weights[-4:] = 0
    one = model.activation((1, 6, 6, first), 0.1, zero_point)
    side = 6 if padding == SAME else 7 - kernel
    two = model.activation((1, side, side, 4), 0.1, 0)
    options = {"stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
    biases = model.constant(np.full(first, bias, np.int32))
    model.operator(
        "CONV_2D",
        [image, model.constant(weights, 0.5), biases],
        one,
        padding=SAME,
        fused_activation_function=activation,
        **options,
    )
    second = np.full((4, kernel, kernel, first), 3, np.int8)
    model.operator(
        "CONV_2D",
        [one, model.constant(second, 0.01), model.constant(np.array([7, 8, 9, 10], np.int32))],
        two,
        padding=padding,
        fused_activation_function=NONE,
        **options,
    )
    return parse_tflite(model.build([image], [two]))


def test_products_with_a_constant_join_the_biases() -> None:
    """A sum of 20 scales to 10; each tap of four channels adds 3 · 10."""
    executed = executed_graph(chain(1, SAME, 20, -128, activation=NONE))
    second = executed.operators[1]
    weights, biases = (executed.tensors[i].data for i in second.inputs[1:])
    assert weights is not None
    assert biases is not None
    assert weights.shape == (4, 1, 1, 4)
    assert biases.tolist() == [127, 128, 129, 130]
    assert executed.tensors[second.inputs[0]].shape == (1, 6, 6, 4)
    assert dropped(chain(1, SAME, 20, -128), executed).macc == 36 * (4 * 2 + 4 * 4)


@pytest.mark.parametrize(
    ("kernel", "padding", "bias", "channels"),
    [(3, SAME, 20, 0), (3, VALID, 20, 4), (3, SAME, -20, 4), (3, SAME, 0, 4), (1, SAME, 20, 4)],
)
def test_a_window_that_crosses_the_border_needs_the_zero_point(
    kernel: int, padding: int, bias: int, channels: int
) -> None:
    graph = chain(kernel, padding, bias, -128)
    assert dropped(graph, executed_graph(graph)).channels == channels


def test_whole_groups_of_four_are_left() -> None:
    graph = chain(1, SAME, 20, -128, first=10)
    executed = executed_graph(graph)
    assert executed.tensors[executed.operators[0].outputs[0]].shape == (1, 6, 6, 8)
    graph = chain(1, SAME, 20, -128, first=7)
    assert dropped(graph, executed_graph(graph)).channels == 3


def test_outputs_of_the_model_and_unknown_weights_are_left() -> None:
    graph = chain(1, SAME, 20, -128)
    every = replace(graph, outputs=(graph.operators[0].outputs[0], *graph.outputs))
    assert executed_graph(every).operators == graph.operators
    tensors = tuple(replace(t, data=None) if t.is_constant else t for t in graph.tensors)
    candidate = replace(graph, tensors=tensors)
    assert executed_graph(candidate) == candidate


def test_what_both_parts_of_an_addition_read_is_left() -> None:
    graph = chain(1, SAME, 20, -128, first=4)
    added = replace(
        graph.operators[1], kind="ADD", inputs=(graph.operators[0].outputs[0],) * 2, options={}
    )
    both = replace(graph, operators=(graph.operators[0], added))
    assert executed_graph(both).operators == both.operators


def test_the_estimate_says_what_is_dropped_and_counts_all_with_an_interpreter() -> None:
    graph, target = chain(1, SAME, 20, -128), load_target("stm32f412")
    own, interpreted = (
        estimate("x", graph, 1000, target, LIMITS, runtime) for runtime in ("static", "tflm")
    )
    line = "dropped             4 channels and 864 MACC, which cannot change the outputs"
    assert line in estimate_text(own).splitlines()
    assert own.as_record()["dropped"] == {"channels": 4, "macc": 864}
    assert "dropped" not in estimate_text(interpreted)
    assert (own.cost.macc, interpreted.cost.macc) == (36 * (8 + 16), 36 * (16 + 32))
