"""The tasks of a worker process that train. They do not use TensorFlow. I/O.

The arguments and the results of a task are JSON values. A task reports its progress.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nas.data.dataset import Dataset, open_dataset
from nas.data.splits import Split
from nas.host.process_memory import anonymous_bytes
from nas.network.description import Network
from nas.spaces import Candidate, find_space
from nas.trainer.library import load_library
from nas.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from nas.training.epochs import Trainer, TrainingRecipe

Arguments = dict[str, Any]
Report = Callable[[dict[str, Any]], None]


def probe(_: Arguments, report: Report) -> dict[str, Any]:
    """Load the trainer; returns `anonymous_bytes`, the memory of a process before it trains.

    Reports `stage` if the trainer must be compiled for this processor first.
    """
    load_trainer(report)
    return {"anonymous_bytes": anonymous_bytes(os.getpid())}


def train_candidate(arguments: Arguments, report: Report) -> dict[str, Any]:
    """Train a candidate for the search.

    Arguments: `dataset` (folder), `space`, `candidate` (its values), `recipe` (fields of
    `TrainingRecipe`).
    Returns `accuracies`, the validation accuracy of each epoch. Reports `stage` too, if the trainer
    must be compiled first.
    """
    recipe = TrainingRecipe(**arguments["recipe"])
    accuracies = []
    with _trainer(arguments, recipe, report) as trainer:
        for epoch in range(recipe.epochs):
            trainer.train_epoch(epoch)
            accuracies.append(trainer.accuracy(Split.VALID))
            report({"epoch": epoch + 1, "epochs": recipe.epochs, "accuracy": accuracies[-1]})
    return {"accuracies": accuracies}


def train_winner(arguments: Arguments, report: Report) -> dict[str, Any]:
    """Train the winner. Writes a checkpoint after each epoch, and resumes from it.

    Arguments: those of `train_candidate`, `checkpoint` (file), `threads` (their number) and, if
    the recipe has a teacher, `logits` (the file of `write_logits`).
    Returns `accuracies` on the validation images and `losses` on the training images, one for each
    epoch, and `answers`: the predicted class of each test image, with the best epoch's weights.
    """
    recipe = TrainingRecipe(**arguments["recipe"])
    path, key = Path(arguments["checkpoint"]), training_key(arguments)
    checkpoint = read_checkpoint(path, key) or Checkpoint()
    with _trainer(arguments, recipe, report) as trainer:
        if checkpoint.state:
            trainer.state[:] = checkpoint.state[0]
        for epoch in range(len(checkpoint.accuracies), recipe.epochs):
            checkpoint.losses.append(trainer.train_epoch(epoch))
            accuracy = trainer.accuracy(Split.VALID)
            if accuracy > max(checkpoint.accuracies, default=-1.0):
                checkpoint.best = trainer.weights
            checkpoint.accuracies.append(accuracy)
            checkpoint.state = [trainer.state]
            write_checkpoint(path, key, checkpoint)
            report({"epoch": epoch + 1, "epochs": recipe.epochs, "accuracy": accuracy})
        answers = trainer.answers(Split.TEST, checkpoint.best).tolist()
    curves = {"accuracies": checkpoint.accuracies, "losses": checkpoint.losses}
    return curves | {"answers": answers}


def training_key(arguments: Arguments) -> dict[str, Any]:
    """The values that identify a training; a checkpoint belongs to one training."""
    dataset = open_dataset(Path(arguments["dataset"]))
    parts = {name: arguments[name] for name in ("space", "candidate", "recipe")}
    return {"dataset": dataset.key, **parts}


def network_of(arguments: Arguments, dataset: Dataset) -> Network:
    """The network of `space` and `candidate`, for the images."""
    space, candidate = find_space(arguments["space"]), Candidate(arguments["candidate"])
    return space.network(candidate, dataset.shape, len(dataset.classes))


def load_trainer(report: Report) -> None:
    """Load the trainer; reports `stage` if it must be compiled first."""
    load_library(lambda stage: report({"stage": stage}))


def _trainer(arguments: Arguments, recipe: TrainingRecipe, report: Report) -> Trainer:
    load_trainer(report)
    dataset = open_dataset(Path(arguments["dataset"]))
    logits = Path(arguments["logits"]) if recipe.teacher else None
    network, threads = network_of(arguments, dataset), arguments.get("threads", 1)
    return Trainer(network, dataset, recipe, threads, logits)
