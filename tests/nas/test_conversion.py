"""The first equality: a lowered candidate is the network that the converter writes."""

from pathlib import Path

import pytest

from codegen.graph import Graph, count_macc
from codegen.operators import check_operators
from codegen.planner import plan_graph
from codegen.read_tflite import read_tflite
from nas.dataset import Dataset
from nas.lower import lower_paper
from nas.model_size import predict_model_bytes
from nas.space import Candidate
from nas.worker import Worker

PHOTOS = [Candidate(1, 0), Candidate(3, 3), Candidate(6, 4), Candidate(9, 5)]


def convert(worker: Worker, dataset: Dataset, candidate: Candidate, folder: Path) -> Path:
    """Train a candidate for one epoch, and convert it."""
    model = folder / f"{candidate.k}_{candidate.c}.tflite"
    arguments = {
        "dataset": str(dataset.folder),
        "space": "paper",
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


@pytest.mark.parametrize("candidate", PHOTOS, ids=str)
def test_a_lowered_candidate_is_what_the_converter_writes(
    candidate: Candidate, worker: Worker, photo_dataset: Dataset, tmp_path: Path
) -> None:
    model = convert(worker, photo_dataset, candidate, tmp_path)
    check_equality(model, lower_paper(candidate, (50, 50, 3), 2))


def test_it_holds_for_small_grey_images_too(
    worker: Worker, small_dataset: Dataset, tmp_path: Path
) -> None:
    model = convert(worker, small_dataset, Candidate(5, 3), tmp_path)
    check_equality(model, lower_paper(Candidate(5, 3), (8, 8, 1), 2))


def test_the_predicted_bytes_of_a_file_are_exact_but_for_one_element_constants(
    worker: Worker, photo_dataset: Dataset, tmp_path: Path
) -> None:
    model = convert(worker, photo_dataset, Candidate(4, 2), tmp_path)
    assert predict_model_bytes(lower_paper(Candidate(4, 2), (50, 50, 3), 2)) == model.stat().st_size
