"""The task of a worker process that trains a candidate on folds of the images. I/O."""

from pathlib import Path
from typing import Any

from nas.data.dataset import open_dataset
from nas.data.fold_images import open_folds
from nas.data.splits import Split
from nas.trainer.library import load_library
from nas.training.epochs import Trainer, TrainingRecipe
from nas.training.tasks import Arguments, Report, network_of


def train_on_folds(arguments: Arguments, report: Report) -> dict[str, Any]:
    """Train a candidate once for each fold, and validate it on that fold.

    Arguments: `dataset` (folder), `space`, `candidate` (its values), `recipes` (fields of
    `TrainingRecipe` for each fold; they differ in the seed).
    Returns `accuracies`: for each epoch, the fraction of all training and validation images that
    are classified correctly by the network that was not trained with them. Reports the epochs of
    all folds one after the other, and `stage` if the trainer must be compiled first.
    """
    load_library(lambda stage: report({"stage": stage}))
    dataset = open_dataset(Path(arguments["dataset"]))
    network = network_of(arguments, dataset)
    recipes = [TrainingRecipe(**own) for own in arguments["recipes"]]
    epochs, images = recipes[0].epochs, 0
    right, done = [0] * epochs, 0
    for fold, recipe in zip(open_folds(dataset, len(recipes)), recipes, strict=True):
        labels = fold.labels(Split.VALID)
        images += len(labels)
        with Trainer(network, fold, recipe) as trainer:
            for epoch in range(epochs):
                trainer.train_epoch(epoch)
                found = int((trainer.answers(Split.VALID) == labels).sum())
                right[epoch] += found
                done += 1
                told = {"epoch": done, "epochs": len(recipes) * epochs}
                report(told | {"accuracy": found / len(labels), "images": len(labels)})
    return {"accuracies": [own / images for own in right]}
