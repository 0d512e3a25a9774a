"""The first equality: a lowered candidate is the network that the converter writes."""

from pathlib import Path

import numpy as np
import pytest

from codegen.model.graph import DType, Graph
from codegen.model.read_tflite import read_tflite
from codegen.operators import check_operators, count_macc
from codegen.planning.planner import plan_graph
from codegen.tflm.arena import plan_tflm_arena
from codegen.tflm.structures import MCU
from nas.data.dataset import Dataset
from nas.host.worker import Worker
from nas.network.description import Network
from nas.quantization.golden import golden_inputs
from nas.quantization.predict_file import predict_file
from nas.spaces import Candidate, find_space
from nas.spaces.converters import OWN, TENSORFLOW
from tests.conftest import TENSORFLOW_GROUP
from tests.networks import CELL_SPACES
from tests.reference_kernels import run_reference
from tests.tflm_wheel import recorded, tflm_answer

PHOTOS = [Candidate(k=1, c=0), Candidate(k=9, c=5)]
"""The smallest, and one whose last images are single pixels."""
CONVERSIONS = [
    pytest.param(space, converter, id=f"{space}-{converter}")
    for space in CELL_SPACES
    for converter in find_space(space).converters
]
OWN_SPACES = [space for space in CELL_SPACES if OWN in find_space(space).converters]


pytestmark = [pytest.mark.long, TENSORFLOW_GROUP]


class Converter:
    """Trains candidates for one epoch and converts them; each only once for all tests."""

    def __init__(self, worker: Worker, folder: Path) -> None:
        self._worker = worker
        self._folder = folder
        self._trained: set[str] = set()

    def __call__(
        self, dataset: Dataset, space: str, candidate: Candidate, converter: str = TENSORFLOW
    ) -> Path:
        name = f"{dataset.folder.name}-{space}-{candidate['k']}-{candidate['c']}"
        training = {
            "dataset": str(dataset.folder),
            "space": space,
            "candidate": candidate.as_record(),
            "recipe": {"epochs": 1, "batch_size": 16, "learning_rate": 1e-3, "seed": 0},
            "checkpoint": str(self._folder / f"{name}.npz"),
        }
        if name not in self._trained:
            self._worker.call("nas.training.tasks:train_winner", training)
            self._trained.add(name)
        model = self._folder / f"{name}-{converter}.tflite"
        if not model.exists():
            wanted = training | {"model": str(model), "converter": converter}
            self._worker.call("nas.quantization.tasks:convert_winner", wanted)
        return model


@pytest.fixture(scope="module")
def convert(tensorflow_worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> Converter:
    return Converter(tensorflow_worker, tmp_path_factory.mktemp("converted"))


def facts(graph: Graph, has_names: bool) -> list[tuple[object, ...]]:
    """What must be equal, operator by operator."""
    return [
        (
            operator.kind,
            dict(operator.options),
            operator.inputs,
            operator.outputs,
            [(t.shape, t.dtype, t.is_constant) for t in graph.inputs_of(operator)],
            [(t.shape, t.dtype) for t in graph.outputs_of(operator)],
            [t.name for t in graph.inputs_of(operator) if has_names],
            count_macc(graph, operator),
        )
        for operator in graph.operators
    ]


def check_equality(model: Path, network: Network, converter: str) -> None:
    read, has_names = read_tflite(model), converter == TENSORFLOW
    lowered, predicted_bytes = predict_file(network, converter)
    assert facts(read, has_names) == facts(lowered, has_names)
    assert plan_graph(read) == plan_graph(lowered)
    assert predicted_bytes == pytest.approx(model.stat().st_size, rel=0.01)
    assert check_operators(read) == []


@pytest.mark.parametrize(("space", "converter"), CONVERSIONS)
@pytest.mark.parametrize("candidate", PHOTOS, ids=str)
def test_a_lowered_candidate_is_what_the_converter_writes(
    space: str,
    converter: str,
    candidate: Candidate,
    convert: Converter,
    photo_dataset: Dataset,
) -> None:
    model = convert(photo_dataset, space, candidate, converter)
    check_equality(model, find_space(space).network(candidate, (50, 50, 3), 2), converter)


@pytest.mark.parametrize(("space", "converter"), CONVERSIONS)
def test_it_holds_for_small_grey_images_too(
    space: str, converter: str, convert: Converter, small_dataset: Dataset
) -> None:
    model = convert(small_dataset, space, Candidate(k=5, c=3), converter)
    check_equality(model, find_space(space).network(Candidate(k=5, c=3), (8, 8, 1), 2), converter)


@pytest.mark.parametrize(("space", "converter"), CONVERSIONS)
def test_the_predicted_bytes_of_a_file_are_exact_but_for_one_element_constants(
    space: str, converter: str, convert: Converter, photo_dataset: Dataset
) -> None:
    model = convert(photo_dataset, space, Candidate(k=4, c=2), converter)
    network = find_space(space).network(Candidate(k=4, c=2), (50, 50, 3), 2)
    assert predict_file(network, converter)[1] == model.stat().st_size


@pytest.mark.parametrize("space", OWN_SPACES)
@pytest.mark.parametrize("candidate", PHOTOS, ids=str)
def test_both_converters_give_the_same_network(
    space: str, candidate: Candidate, convert: Converter, photo_dataset: Dataset
) -> None:
    """Weights to the bit, scales up to the order in which float32 is added up.

    A bias is tens of thousands of steps of a scale that comes from activations: where it is half
    way between two steps, the last bits of the scale decide.
    """
    own, theirs = (
        read_tflite(convert(photo_dataset, space, candidate, converter))
        for converter in (OWN, TENSORFLOW)
    )
    assert len(own.tensors) == len(theirs.tensors)
    for ours, expected in zip(own.tensors, theirs.tensors, strict=True):
        if expected.data is not None:
            assert ours.data is not None
            steps = 1 if expected.dtype is DType.INT32 else 0
            np.testing.assert_allclose(ours.data, expected.data, rtol=0, atol=steps)
        if expected.quantization is not None:
            assert ours.quantization is not None
            assert ours.quantization.scales == pytest.approx(expected.quantization.scales, rel=1e-5)
            assert ours.quantization.zero_points == expected.quantization.zero_points
            assert ours.quantization.axis == expected.quantization.axis


@pytest.mark.parametrize("space", OWN_SPACES)
def test_our_file_is_smaller_and_answers_as_well(
    space: str,
    convert: Converter,
    photo_dataset: Dataset,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    own, theirs = (
        convert(photo_dataset, space, Candidate(k=6, c=4), converter)
        for converter in (OWN, TENSORFLOW)
    )
    assert own.stat().st_size < theirs.stat().st_size - 3_000
    images = golden_inputs(read_tflite(own), 16, 0)["inputs"]
    files = [path.read_bytes() for path in (own, theirs)]
    answers = run_reference(tmp_path, [(file, [one[None]]) for file in files for one in images])
    ours, expected = (np.concatenate(half).astype(int) for half in (answers[:16], answers[16:]))
    # A scale that differs in its last bit may round one product the other way.
    assert np.abs(ours - expected).max() <= 1
    assert (ours == expected).mean() > 0.9
    assert recorded(files[0], capfd) == recorded(files[1], capfd), "the arena of TFLM"
    for image, answer in zip(images, ours, strict=True):
        np.testing.assert_array_equal(tflm_answer(files[0], image[None])[0], answer)


def test_a_space_without_normalisation_in_the_graph_takes_less_of_the_target() -> None:
    """Operators, flash, and with an interpreter the arena."""
    of = {
        space: find_space(space).network(Candidate(k=8, c=3), (50, 50, 3), 2)
        for space in ("paper", "folded")
    }
    plain, most_bytes = predict_file(of["paper"], TENSORFLOW)
    for converter in (OWN, TENSORFLOW):
        folded, model_bytes = predict_file(of["folded"], converter)
        assert model_bytes < most_bytes
    assert len(folded.operators) < len(plain.operators) / 2
    assert plan_tflm_arena(folded, MCU).buffer_bytes < plan_tflm_arena(plain, MCU).buffer_bytes
    assert plan_graph(folded).arena_bytes <= plan_graph(plain).arena_bytes
