"""Trains one network by several recipes: what each part of the final recipe is worth.

    python -m benchmarks.recipes --data PATH [--candidate 9,4] [--images 3000] [--seeds 2]

Test accuracies are those of the float network at the epoch with the best validation accuracy.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.whole_search import subset
from firmware.files import cache_folder, write_json
from nas.data.data_source import find_data
from nas.data.dataset import Dataset, open_dataset, prepare_dataset
from nas.data.splits import Split
from nas.network.description import Network, Shape
from nas.network.input_shape import parse_shape
from nas.search.config import RECIPES, SHIFT_SHARE, TAUGHT
from nas.spaces import find_space, known_spaces
from nas.trainer.library import load_library
from nas.trainer.network import TrainableNetwork
from nas.training.epochs import Trainer, TrainingRecipe

ROWS: dict[str, dict[str, Any]] = {
    "published": RECIPES["paper"],
    "cosine, batches of 32": RECIPES["augmented"] | {"smoothing": 0.0},
    "and mirrored": {"flip": 0.5},
    "and moved": {"shift": SHIFT_SHARE},
    "and smoothed": {"smoothing": RECIPES["augmented"]["smoothing"]},
}
"""Each row after the second adds its values to those of the row before."""
LAST = list(ROWS)[-1]
ALONE: dict[str, dict[str, Any]] = {
    "smoothed, averaged": {"average": RECIPES["averaged"]["average"]},
    "smoothed, taught": {"teacher": "of the benchmark", **TAUGHT},
}
"""Each of these adds its values to those of the last row above."""
NAMES = [*ROWS, *ALONE]


@dataclass(frozen=True, slots=True)
class Result:
    """One training."""

    name: str
    seed: int
    valid_accuracy: float
    test_accuracy: float
    seconds: float


def main() -> int:
    """Train and compare; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--data", required=True, metavar="PATH", help="images, as for 'nas run'")
    add("--candidate", default="9,4", metavar="K,C", help="(%(default)s)")
    add("--teacher", default="18,4", metavar="K,C", help="teaches the candidate (%(default)s)")
    add("--space", default="paper", choices=known_spaces(), help="(%(default)s)")
    add("--input", default="50x50x3", metavar="HxWxC", help="(%(default)s)")
    add("--images", type=int, default=3000, metavar="N", help="0 for all (%(default)s)")
    add("--epochs", type=int, default=60, metavar="N", help="(%(default)s)")
    add("--seeds", type=int, default=2, metavar="N", help="(%(default)s)")
    add("--rows", nargs="+", default=NAMES, choices=NAMES, metavar="NAME", help="(all)")
    add("--json", type=Path, metavar="FILE", help="also write the figures")
    arguments = parser.parse_args()
    load_library(lambda stage: print(stage, file=sys.stderr))
    shape = parse_shape(arguments.input)
    source = find_data(arguments.data)
    whole = prepare_dataset(source, shape, False, cache_folder(), lambda *_: None)
    with tempfile.TemporaryDirectory() as work, ProcessPoolExecutor(os.cpu_count()) as pool:
        folders = [
            str(subset(whole, arguments.images, seed, Path(work)).folder)
            for seed in range(arguments.seeds)
        ]
        jobs = [
            pool.submit(_train, name, folder, seed, arguments)
            for name in arguments.rows
            for seed, folder in enumerate(folders)
        ]
        results = [job.result() for job in jobs]
    for name in arguments.rows:
        own = [result for result in results if result.name == name]
        accuracies = [result.test_accuracy for result in own]
        spread = statistics.stdev(accuracies) if len(accuracies) > 1 else 0.0
        print(
            f"{name:<24} test accuracy {statistics.mean(accuracies):.4f} ± {spread:.4f}, "
            f"{statistics.mean(result.seconds for result in own):.0f} s"
        )
    if arguments.json:
        write_json(arguments.json, {"results": [asdict(result) for result in results]})
    return 0


def _recipe_of(name: str, shape: Shape) -> dict[str, Any]:
    """The hyperparameters of a row for images of a shape; grey ones are not mirrored."""
    if name == "published":
        return ROWS[name]
    recipe: dict[str, Any] = {}
    for row in list(ROWS)[1 : list(ROWS).index(LAST if name in ALONE else name) + 1]:
        recipe |= ROWS[row]
    recipe |= ALONE.get(name, {})
    if "shift" in recipe:
        recipe["shift"] = max(1, round(recipe["shift"] * min(shape[:2])))
    if shape[2] == 1:
        recipe["flip"] = 0.0
    return recipe


def _train(name: str, folder: str, seed: int, arguments: argparse.Namespace) -> Result:
    dataset, first = open_dataset(Path(folder)), time.monotonic()
    with tempfile.TemporaryDirectory() as work:
        logits = Path(work) / "logits.npy"
        if name == "smoothed, taught":
            parameters = _fit(LAST, arguments.teacher, dataset, seed, arguments)[2]
            with TrainableNetwork(_network(arguments.teacher, dataset, arguments)) as teacher:
                np.save(logits, teacher.logits(parameters, dataset.images(Split.TRAIN)))
        valid, test, _ = _fit(name, arguments.candidate, dataset, seed, arguments, logits)
    return Result(name, seed, valid, test, time.monotonic() - first)


def _network(candidate: str, dataset: Dataset, arguments: argparse.Namespace) -> Network:
    space = find_space(arguments.space)
    return space.network(space.parse(candidate), dataset.shape, len(dataset.classes))


def _fit(
    name: str,
    candidate: str,
    dataset: Dataset,
    seed: int,
    arguments: argparse.Namespace,
    logits: Path | None = None,
) -> tuple[float, float, NDArray[np.float32]]:
    """Validation and test accuracy of the best epoch, and its weights."""
    values = _recipe_of(name, dataset.shape)
    recipe = TrainingRecipe(epochs=arguments.epochs, seed=seed, **values)
    network = _network(candidate, dataset, arguments)
    best, weights = -1.0, [np.zeros(0, np.float32)]
    with Trainer(network, dataset, recipe, 1, logits if recipe.teacher else None) as trainer:
        for epoch in range(recipe.epochs):
            trainer.train_epoch(epoch)
            accuracy = trainer.accuracy(Split.VALID)
            if accuracy > best:
                best, weights = accuracy, trainer.weights
        test_accuracy = trainer.accuracy(Split.TEST, weights)
    return best, test_accuracy, np.concatenate([own.ravel() for own in weights])


if __name__ == "__main__":
    sys.exit(main())
