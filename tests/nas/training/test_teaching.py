"""A network that learns from what another one says of the images."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware.errors import ConfigError
from nas.data.dataset import Dataset
from nas.data.splits import Split
from nas.host.worker import Worker
from nas.network.parameters import initial_parameters
from nas.spaces import Candidate, find_space
from nas.trainer.network import Taught, TrainableNetwork
from nas.training.epochs import Trainer, TrainingRecipe
from nas.training.memory import teaching_bytes
from tests.nas.trainer.test_trainer import CLASSES, batch, small

TASK = "nas.training.teaching:write_logits"
RECIPE = {"epochs": 3, "batch_size": 32, "learning_rate": 1e-2, "seed": 3}
TAUGHT = {"teacher": "0" * 64, "taught": 0.7, "temperature": 3.0}


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def teacher(
    worker: Worker, small_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The arguments of the task, for a trained network."""
    folder = tmp_path_factory.mktemp("teacher")
    arguments = {"dataset": str(small_dataset.folder), "space": "folded"}
    arguments |= {"candidate": {"k": 6, "c": 2}, "checkpoint": str(folder / "winner.npz")}
    trained = worker.call(
        "nas.training.tasks:train_winner", arguments | {"recipe": RECIPE | {"part": 16}}
    )
    files = {"logits": str(folder / "logits.npy"), "accuracies": trained["accuracies"]}
    return arguments | files | {"recipe": RECIPE}


def student(dataset: Dataset, logits: Path, threads: int = 1) -> Trainer:
    network = find_space("folded").network(Candidate(k=2, c=1), dataset.shape, 2)
    recipe = TrainingRecipe(**RECIPE, **TAUGHT)  # type: ignore[arg-type]
    return Trainer(network, dataset, recipe, threads, logits)


def test_a_teacher_says_of_each_image_what_its_weights_give(
    worker: Worker, small_dataset: Dataset, teacher: dict[str, Any]
) -> None:
    base_bytes = worker.call("nas.training.tasks:probe", {})["anonymous_bytes"]
    outcome = worker.run(TASK, teacher)
    outcome.unwrap()
    path = Path(teacher["logits"])
    logits, first = np.load(path), path.stat()
    network = find_space("folded").network(Candidate(k=6, c=2), small_dataset.shape, 2)
    with np.load(teacher["checkpoint"]) as file, TrainableNetwork(network) as trained:
        names = [name for name in file.files if name.startswith("best_")]
        best = np.concatenate([file[f"best_{index}"].ravel() for index in range(len(names))])
        expected = trained.predict(best, small_dataset.images(Split.TRAIN))
    np.testing.assert_allclose(softmax(logits), expected, atol=1e-6)
    most_bytes = teaching_bytes(network, base_bytes)
    assert outcome.peak_anonymous_bytes == pytest.approx(most_bytes, abs=500_000)
    worker.call(TASK, teacher)
    assert path.stat() == first, "what is there is not written again"


@pytest.mark.parametrize("changed", [{"accuracies": [0.5]}, {"recipe": RECIPE | {"seed": 4}}])
def test_other_weights_than_those_of_the_finished_teacher_are_refused(
    worker: Worker, teacher: dict[str, Any], tmp_path: Path, changed: dict[str, Any]
) -> None:
    wanted = teacher | {"logits": str(tmp_path / "logits.npy")} | changed
    with pytest.raises(ConfigError, match="does not hold the weights of the finished teacher"):
        worker.call(TASK, wanted)
    assert not (tmp_path / "logits.npy").exists()


def test_a_student_of_the_teacher_alone_answers_like_it_and_not_like_the_labels() -> None:
    images, answers = batch((8, 8, 1), 64)
    images //= 8
    images += (answers * 50).astype(np.uint8)[:, None, None, None]
    labels = (answers + 1) % CLASSES
    logits = 6 * np.eye(CLASSES, dtype=np.float32)[answers]
    order = np.resize(np.arange(64, dtype=np.int64), 200 * 16)
    rates = np.full(200, 3e-2, np.float32)
    with TrainableNetwork(small((8, 8, 1))) as network:
        state = np.zeros((3, network.parameter_count), np.float32)
        state[0] = initial_parameters(network.network, 0)
        taught = Taught(logits, 1.0, 2.0)
        network.train(state, images, labels, order, 0, rates, 7, taught=taught)
        assert (network.predict(state[0], images).argmax(1) == answers).mean() > 0.9
        with pytest.raises(
            ConfigError, match=r"logits are of \(64, 3\), the network has 4 classes"
        ):
            network.gradients(state[0], images, labels, Taught(logits[:, :3].copy(), 1.0, 2.0))
        for share, temperature in ((1.5, 2.0), (0.5, 0.0)):
            with pytest.raises(ConfigError, match="a temperature above 0"):
                network.gradients(state[0], images, labels, Taught(logits, share, temperature))


def test_a_taught_training_goes_on_to_the_same_bits_with_any_number_of_threads(
    worker: Worker, small_dataset: Dataset, teacher: dict[str, Any]
) -> None:
    worker.call(TASK, teacher)
    logits = Path(teacher["logits"])
    with student(small_dataset, logits) as whole, student(small_dataset, logits, 2) as first:
        losses = [whole.train_epoch(epoch) for epoch in range(3)]
        assert first.train_epoch(0) == losses[0]
        with student(small_dataset, logits, 2) as second:
            second.state[:] = first.state
            assert [second.train_epoch(epoch) for epoch in (1, 2)] == losses[1:]
            np.testing.assert_array_equal(second.state, whole.state)
