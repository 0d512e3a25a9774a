from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware.errors import ConfigError, DivergedError
from nas.data.dataset import Dataset
from nas.data.splits import Split
from nas.host.worker import Worker
from nas.spaces import Candidate, find_space
from nas.training.checkpoint import read_checkpoint
from nas.training.epochs import Trainer, TrainingRecipe

RECIPE = {"epochs": 4, "batch_size": 16, "learning_rate": 1e-2, "seed": 3}


def arguments(dataset: Dataset, checkpoint: Path | None = None, **recipe: Any) -> dict[str, Any]:
    common = {"dataset": str(dataset.folder), "space": "paper", "candidate": {"k": 2, "c": 1}}
    common["recipe"] = RECIPE | recipe
    return common if checkpoint is None else common | {"checkpoint": str(checkpoint)}


class InterruptionError(Exception):
    pass


def test_a_candidate_learns_what_can_be_learned(worker: Worker, small_dataset: Dataset) -> None:
    value = worker.call("nas.training.tasks:train_candidate", arguments(small_dataset, epochs=40))
    assert len(value["accuracies"]) == 40
    assert max(value["accuracies"]) > 0.9


def test_equal_seeds_give_equal_accuracies(worker: Worker, small_dataset: Dataset) -> None:
    events: list[dict[str, Any]] = []
    task, same = "nas.training.tasks:train_candidate", arguments(small_dataset)
    first = worker.call(task, same, events.append)
    assert worker.call(task, same) == first
    assert [event["accuracy"] for event in events] == first["accuracies"]


def test_other_seeds_give_other_weights(
    worker: Worker, small_dataset: Dataset, tmp_path: Path
) -> None:
    weights = []
    for seed in (0, 1):
        path = tmp_path / f"{seed}.npz"
        wanted = arguments(small_dataset, path, seed=seed, epochs=1)
        worker.call("nas.training.tasks:train_winner", wanted)
        with np.load(path) as arrays:
            weights.append(arrays["state_0"])
    assert not np.array_equal(*weights)


def test_an_interrupted_training_goes_on_to_the_same_bits(
    worker: Worker, small_dataset: Dataset, tmp_path: Path
) -> None:
    task = "nas.training.tasks:train_winner"
    # An epoch takes milliseconds: of so many, some are left when the interruption arrives.
    recipe = {"epochs": 400, "average": 0.9}
    whole = worker.call(task, arguments(small_dataset, tmp_path / "whole.npz", **recipe))

    def interrupt(event: dict[str, Any]) -> None:
        if event["epoch"] == 2:
            raise InterruptionError

    cut = arguments(small_dataset, tmp_path / "cut.npz", **recipe)
    with pytest.raises(InterruptionError):
        worker.run(task, cut, interrupt)
    events: list[dict[str, Any]] = []
    assert worker.call(task, cut, events.append) == whole
    assert 2 < events[0]["epoch"] <= 400, "the finished epochs are not trained again"
    with np.load(tmp_path / "whole.npz") as expected, np.load(tmp_path / "cut.npz") as reached:
        assert expected.files == reached.files
        for name in expected.files:
            np.testing.assert_array_equal(reached[name], expected[name])


def test_each_epoch_of_the_winner_has_its_loss_and_each_test_image_its_answer(
    worker: Worker, small_dataset: Dataset, tmp_path: Path
) -> None:
    wanted = arguments(small_dataset, tmp_path / "winner.npz", epochs=40)
    value = worker.call("nas.training.tasks:train_winner", wanted)
    assert len(value["losses"]) == len(value["accuracies"]) == 40
    assert value["losses"][-1] < value["losses"][0]
    labels = small_dataset.labels(Split.TEST)
    assert len(value["answers"]) == len(labels)
    assert float((np.array(value["answers"]) == labels).mean()) > 0.9


def test_a_training_that_diverges_says_in_which_epoch_and_leaves_no_checkpoint(
    worker: Worker, small_dataset: Dataset, tmp_path: Path
) -> None:
    wanted = arguments(small_dataset, tmp_path / "winner.npz", learning_rate=1e20)
    for task in ("train_candidate", "train_winner"):
        outcome = worker.run(f"nas.training.tasks:{task}", wanted)
        assert isinstance(outcome.error, DivergedError)
        assert str(outcome.error) == "training diverged in epoch 1"
    assert not (tmp_path / "winner.npz").exists()


def test_a_later_epoch_that_diverges_is_named(small_dataset: Dataset) -> None:
    recipe = TrainingRecipe(**RECIPE)
    network = find_space("paper").network(Candidate(k=2, c=1), small_dataset.shape, 2)
    with Trainer(network, small_dataset, recipe) as trainer:
        trainer.train_epoch(0)
        trainer.state[0][5] = np.nan
        with pytest.raises(DivergedError, match=r"^training diverged in epoch 2$"):
            trainer.train_epoch(1)


def test_an_average_of_the_weights_begins_halfway_and_leaves_the_training_as_it_is(
    small_dataset: Dataset,
) -> None:
    """One step in each epoch: of ten, the last five are averaged, with a time constant of two."""
    count = small_dataset.counts["train"] // 16 * 16
    recipe = TrainingRecipe(**RECIPE | {"epochs": 10, "batch_size": count, "schedule": "cosine"})
    network = find_space("folded").network(Candidate(k=2, c=1), small_dataset.shape, 2)
    with (
        Trainer(network, small_dataset, recipe) as plain,
        Trainer(network, small_dataset, replace(recipe, average=0.2), threads=2) as averaged,
    ):
        expected = np.zeros_like(plain.state[0])
        for epoch in range(10):
            assert plain.train_epoch(epoch) == averaged.train_epoch(epoch)
            share = 1.0 if epoch <= 5 else 0.5
            expected += share * (plain.state[0] - expected)
            np.testing.assert_array_equal(averaged.state[:3], plain.state)
            weights = np.concatenate([own.ravel() for own in averaged.weights])
            np.testing.assert_allclose(weights, expected, rtol=1e-5, atol=1e-7)
        assert not np.allclose(weights, plain.state[0])
        answers = averaged.answers(Split.TEST)
        np.testing.assert_array_equal(answers, plain.answers(Split.TEST, averaged.weights))


def test_an_average_over_more_than_the_training_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"over 1.5 of the steps, expected 0 to 1"):
        TrainingRecipe(**RECIPE, average=1.5)


def test_a_checkpoint_of_another_training_is_not_used(
    worker: Worker, small_dataset: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "winner.npz"
    worker.call("nas.training.tasks:train_winner", arguments(small_dataset, path, epochs=1))
    events: list[dict[str, Any]] = []
    other = arguments(small_dataset, path, epochs=2, seed=9)
    worker.call("nas.training.tasks:train_winner", other, events.append)
    assert [event["epoch"] for event in events] == [1, 2]


def test_a_damaged_checkpoint_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "winner.npz"
    assert read_checkpoint(path, {}) is None
    path.write_bytes(b"PK\3\4 and nothing more")
    assert read_checkpoint(path, {}) is None
