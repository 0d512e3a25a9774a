"""The space of residual and inverted-residual networks."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from codegen.model.read_tflite import read_tflite
from codegen.operators import check_operators
from codegen.planning.planner import plan_graph
from firmware.errors import ConfigError
from nas.data.dataset import Dataset
from nas.host.worker import Worker
from nas.network.description import Addition, Convolution, Network, Relu, Shape
from nas.network.int8_graph import lower
from nas.network.shapes import count_macs, output_shapes, parameter_count
from nas.quantization.golden import golden_inputs
from nas.quantization.predict_file import predict_file
from nas.spaces import Candidate, find_space
from nas.spaces.blocks import CHANNEL_STEP, IDENTITIES, PLAIN, PROJECTIONS, SEPARABLE, Stage
from nas.spaces.templates import MOBILENET, RESNET, Template
from nas.trainer.measure import measure
from nas.trainer.network import TrainableNetwork
from nas.training.memory import training_bytes, winner_bytes
from tests.generated_program import run_generated
from tests.reference_kernels import run_reference

SPACE = find_space("residual")
SHAPES: tuple[Shape, ...] = ((32, 32, 3), (8, 8, 1), (49, 10, 1), (96, 96, 3))


def network_of(template: Template, width: int, shape: Shape, classes: int) -> Network:
    return SPACE.network(template.candidate(width), shape, classes)


def walked(seed: int, shape: Shape, steps: int = 12) -> Candidate:
    """A candidate a few random changes away from a template."""
    rng = np.random.default_rng(seed)
    templates = SPACE.templates(shape)
    candidate = SPACE.with_width(templates[seed % len(templates)], int(rng.integers(4, 40)))
    for _ in range(steps):
        neighbours = SPACE.neighbours(candidate)
        chosen = neighbours[int(rng.integers(len(neighbours)))]
        candidate = chosen if exists(chosen, shape) else candidate
    return candidate


def exists(candidate: Candidate, shape: Shape) -> bool:
    try:
        SPACE.network(candidate, shape, 3)
    except ConfigError:
        return False
    return True


def walks(count: int) -> list[tuple[Candidate, Shape]]:
    """Random candidates, each with its input."""
    return [(walked(seed, shape), shape) for seed in range(count) for shape in SHAPES]


def test_it_contains_resnet_8_of_mlperf_tiny() -> None:
    """The .tflite has 12,501,632 MACs; Keras counts 78,666 parameters with biases.

    Here each of the nine normalised convolutions has no bias but four values for each channel.
    """
    network = network_of(RESNET, 16, (32, 32, 3), 10)
    assert count_macs(network) == 12_501_632
    weights = 9 * (3 * 16 + 2 * 16 * 16 + 16 * 32 + 32 * 32 + 32 * 64 + 64 * 64)
    projections = 16 * 32 + 32 * 64
    channels = 3 * 16 + 3 * 32 + 3 * 64
    assert parameter_count(network) == weights + projections + 4 * channels + 64 * 10 + 10


def test_it_contains_mobilenet_of_mlperf_tiny() -> None:
    """Its .tflite has 7,489,664 MACs."""
    assert count_macs(network_of(MOBILENET, 8, (96, 96, 3), 2)) == 7_489_664


def test_blocks_end_as_published() -> None:
    """Linear if inverted; else a ReLU, after the sum if there is one."""
    ends = {}
    for expansion in (PLAIN, SEPARABLE, 4):
        for skip in (0, IDENTITIES):
            template = Template((Stage(1, 2, 3, expansion, 1),), skip)
            nodes = network_of(template, 8, (8, 8, 1), 2).nodes
            ends[expansion, skip] = [type(node.operation) for node in nodes[:-4]][-2:]
    assert {kinds[-1] for (expansion, _), kinds in ends.items() if expansion <= SEPARABLE} == {Relu}
    assert ends[PLAIN, IDENTITIES] == ends[SEPARABLE, IDENTITIES] == [Addition, Relu]
    assert ends[4, IDENTITIES][-1] is Addition
    assert Relu not in ends[4, 0]


def test_projections_stand_only_where_the_shape_changes() -> None:
    stages = (Stage(2, 2, 3, SEPARABLE, 1), Stage(2, 4, 3, SEPARABLE, 2))
    counts = []
    for skip in (0, IDENTITIES, PROJECTIONS):
        nodes = network_of(Template(stages, skip), 8, (8, 8, 1), 2).nodes
        kinds = [type(node.operation) for node in nodes]
        counts.append((kinds.count(Addition), kinds.count(Convolution)))
    assert counts == [(0, 5), (3, 5), (4, 6)]


def test_candidates_that_moves_reach_can_be_trained_and_generated() -> None:
    candidates = walks(4)
    for candidate, shape in candidates:
        network = SPACE.network(candidate, shape, 3)
        graph = lower(network).graph
        assert check_operators(graph) == []
        assert plan_graph(graph).arena_bytes > 0
        assert measure(network, 16).parameters == parameter_count(network)
        inside = output_shapes(network)[1:-2]
        assert all(channels % CHANNEL_STEP == 0 for _, _, channels in inside)


def test_moves_can_be_taken_back() -> None:
    for candidate, _ in walks(2):
        SPACE.check(candidate)
        for neighbour in SPACE.neighbours(candidate):
            SPACE.check(neighbour)
            assert candidate in SPACE.neighbours(neighbour)


def test_needs_grow_with_the_width_of_any_candidate() -> None:
    """A search finds the widest one that fits by bisection."""
    for candidate, shape in walks(2):
        needs = []
        for width in (5, 8, 13, 24):
            network = SPACE.network(SPACE.with_width(candidate, width), shape, 3)
            needs.append((count_macs(network), *predict_file(network, "own")[1:]))
        for narrow, wide in pairwise(needs):
            assert all(less <= more for less, more in zip(narrow, wide, strict=True))


def test_values_of_stages_that_a_candidate_does_not_have_are_refused() -> None:
    """Else equal networks would be several candidates."""
    candidate = RESNET.candidate(16)
    with pytest.raises(ConfigError, match=r"k4 of .* is 3, expected 0$"):
        SPACE.check(candidate.having(k4=3))
    with pytest.raises(ConfigError, match=r"b3 of .* is 0, expected 1 to 6$"):
        SPACE.check(candidate.having(b3=0))


def test_a_stride_over_a_single_pixel_is_refused() -> None:
    stages = tuple(Stage(1, 2, 3, SEPARABLE, 2) for _ in range(4))
    text = "stage 4 has a stride of 2, but its input has one row and one column, with images of 8x8"
    with pytest.raises(ConfigError, match=text):
        network_of(Template(stages), 8, (8, 8, 1), 2)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_there_are_several_templates_for_an_input(shape: Shape) -> None:
    templates = SPACE.templates(shape, side=7)
    assert len(set(templates)) == len(templates) >= 4
    for template in templates:
        assert template.side == 7
        assert SPACE.width(template) == SPACE.widths[0]
        SPACE.network(template, shape, 2)


def test_the_memory_of_a_training_is_predicted_to_the_byte() -> None:
    for candidate, shape in walks(2):
        network = SPACE.network(candidate, shape, 3)
        with TrainableNetwork(network, 16) as trained:
            beyond = training_bytes(network, 16, 1000, 0) - trained.size_bytes
            assert beyond == 3 * 4 * trained.parameter_count + 32_000


def test_a_candidate_becomes_code_that_answers_to_the_bit(
    small_dataset: Dataset, tmp_path: Path
) -> None:
    """Trained, converted, generated; priced before by the arena and the file that it then has."""
    stages = (
        Stage(1, 2, 3, PLAIN, 1),
        Stage(2, 4, 5, SEPARABLE, 2),
        Stage(2, 4, 7, 3, 1),
    )
    candidate = Template(stages, PROJECTIONS, last=3, kernel=5).candidate(8)
    network = SPACE.network(candidate, small_dataset.shape, 2)
    model = tmp_path / "model.tflite"
    recipe = {"epochs": 2, "batch_size": 16, "learning_rate": 1e-3, "seed": 0}
    arguments = {"dataset": str(small_dataset.folder), "space": "residual", "recipe": recipe}
    arguments |= {"candidate": candidate.as_record(), "converter": "own", "model": str(model)}
    arguments |= {"checkpoint": str(tmp_path / "winner.npz")}
    with Worker() as worker:
        base_bytes = worker.call("nas.training.tasks:probe", {})["anonymous_bytes"]
        trained = worker.run("nas.training.tasks:train_winner", arguments)
        converted = worker.run("nas.quantization.tasks:convert_winner", arguments)
    assert trained.error is converted.error is None
    most = winner_bytes(network, 16, small_dataset.counts["train"], base_bytes)
    assert max(trained.peak_anonymous_bytes, converted.peak_anonymous_bytes) <= most
    graph, predicted_bytes = predict_file(network, "own")
    assert predicted_bytes == model.stat().st_size
    assert plan_graph(read_tflite(model)) == plan_graph(graph)
    images = golden_inputs(read_tflite(model), 8, 0)["inputs"]
    content = model.read_bytes()
    (answers,) = run_generated(tmp_path, [(content, images)], "litert")
    expected = run_reference(tmp_path, [(content, [image[None]]) for image in images])
    np.testing.assert_array_equal(answers.view(np.int8), np.concatenate(expected))
