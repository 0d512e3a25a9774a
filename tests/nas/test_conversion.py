"""The first equality: a lowered candidate is the network that the converter writes."""

from pathlib import Path

import pytest

from codegen.graph import Graph, count_macc
from codegen.operators import check_operators
from codegen.planner import plan_graph
from codegen.read_tflite import read_tflite
from codegen.tflm.arena import plan_tflm_arena
from codegen.tflm.structures import MCU
from nas.dataset import Dataset
from nas.model_size import predict_model_bytes
from nas.space import Candidate
from nas.spaces import find_space, known_spaces
from nas.worker import Worker

PHOTOS = [Candidate(1, 0), Candidate(3, 3), Candidate(6, 4), Candidate(9, 5)]


def convert(
    worker: Worker, dataset: Dataset, space: str, candidate: Candidate, folder: Path
) -> Path:
    """Train a candidate for one epoch, and convert it."""
    model = folder / f"{candidate.k}_{candidate.c}.tflite"
    arguments = {
        "dataset": str(dataset.folder),
        "space": space,
        "candidate": [candidate.k, candidate.c],
        "recipe": {"epochs": 1, "batch_size": 16, "learning_rate": 1e-3, "seed": 0},
        "checkpoint": str(folder / f"{candidate.k}_{candidate.c}.npz"),
        "model": str(model),
    }
    training = {key: value for key, value in arguments.items() if key != "model"}
    worker.call("nas.train_tasks:train_winner", training)
    worker.call("nas.convert_tasks:convert_winner", arguments)
    return model


def facts(graph: Graph) -> list[tuple[object, ...]]:
    """What must be equal, operator by operator."""
    return [
        (
            operator.kind,
            dict(operator.options),
            operator.inputs,
            operator.outputs,
            [(t.name, t.shape, t.dtype, t.is_constant) for t in graph.inputs_of(operator)],
            [(t.name, t.shape, t.dtype) for t in graph.outputs_of(operator)],
            count_macc(graph, operator),
        )
        for operator in graph.operators
    ]


def check_equality(model: Path, lowered: Graph) -> None:
    read = read_tflite(model)
    assert facts(read) == facts(lowered)
    assert plan_graph(read) == plan_graph(lowered)
    assert predict_model_bytes(lowered) == pytest.approx(model.stat().st_size, rel=0.01)
    assert check_operators(read) == []


@pytest.mark.parametrize("space", known_spaces())
@pytest.mark.parametrize("candidate", PHOTOS, ids=str)
def test_a_lowered_candidate_is_what_the_converter_writes(
    space: str, candidate: Candidate, worker: Worker, photo_dataset: Dataset, tmp_path: Path
) -> None:
    model = convert(worker, photo_dataset, space, candidate, tmp_path)
    check_equality(model, find_space(space).lower(candidate, (50, 50, 3), 2))


@pytest.mark.parametrize("space", known_spaces())
def test_it_holds_for_small_grey_images_too(
    space: str, worker: Worker, small_dataset: Dataset, tmp_path: Path
) -> None:
    model = convert(worker, small_dataset, space, Candidate(5, 3), tmp_path)
    check_equality(model, find_space(space).lower(Candidate(5, 3), (8, 8, 1), 2))


@pytest.mark.parametrize("space", known_spaces())
def test_the_predicted_bytes_of_a_file_are_exact_but_for_one_element_constants(
    space: str, worker: Worker, photo_dataset: Dataset, tmp_path: Path
) -> None:
    model = convert(worker, photo_dataset, space, Candidate(4, 2), tmp_path)
    lowered = find_space(space).lower(Candidate(4, 2), (50, 50, 3), 2)
    assert predict_model_bytes(lowered) == model.stat().st_size


def test_a_space_without_normalisation_in_the_graph_takes_less_of_the_target() -> None:
    """Operators, flash, and with an interpreter the arena."""
    plain, folded = (
        find_space(space).lower(Candidate(8, 3), (50, 50, 3), 2) for space in ("paper", "folded")
    )
    assert len(folded.operators) < len(plain.operators) / 2
    assert predict_model_bytes(folded) < predict_model_bytes(plain)
    assert plan_tflm_arena(folded, MCU).required_bytes < plan_tflm_arena(plain, MCU).required_bytes
    assert plan_graph(folded).arena_bytes <= plan_graph(plain).arena_bytes
