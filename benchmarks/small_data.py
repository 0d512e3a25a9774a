"""Few images: candidates judged on one validation part, and on folds.

    python -m benchmarks.small_data --data PATH --work DIR [--per-class 200] [--seeds 5]

For each seed, so many images of each class are drawn from the training images. A fifth is left
out, as for a test part, and the rest is divided as `nas run` does. The test images are all others
that the data names as test or validation images: many more than a run of so few images has, so
that differences can be seen. Both methods search with the same images, limits and seeds.

The optimism is the accuracy of the winner in the search, less its test accuracy after the same
training: the best epoch of the mean over three new seeds. The last column is the test accuracy
after the final training. Runs lie in a folder, so that an interrupted benchmark goes on.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.whole_search import LIMITS
from firmware.files import cache_folder, new_folder, write_json
from firmware.text_table import table
from nas.data.data_source import find_data
from nas.data.dataset import Dataset, open_dataset, prepare_dataset
from nas.data.folds import FOLDS
from nas.data.splits import TEST_FRACTION, Split, complete_splits
from nas.host.machine import Machine
from nas.network.input_shape import parse_shape
from nas.search.config import SearchConfig
from nas.search.listener import Listener
from nas.search.network_bounds import network_of
from nas.search.run import run
from nas.spaces import Candidate
from nas.training.epochs import Trainer, TrainingRecipe

METHODS = {"one part": 1, "folds": FOLDS}
FRESH_SEEDS = 3
"""Trainings of a winner on which its test accuracy before the final training is measured."""


def main() -> int:
    """Compare; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--data", required=True, metavar="PATH", help="images with named parts, as for 'nas run'")
    add("--work", required=True, type=Path, metavar="DIR", help="runs")
    add("--per-class", type=int, default=200, metavar="N", help="images (%(default)s)")
    add("--seeds", type=int, default=5, metavar="N", help="(%(default)s)")
    add("--input", default="50x50x3", metavar="HxWxC", help="(%(default)s)")
    add("--epochs", type=int, default=3, metavar="N", help="of candidates (%(default)s)")
    add("--final-epochs", type=int, default=60, metavar="N", help="(%(default)s)")
    add("--workers", type=int, default=2, metavar="N", help="(%(default)s)")
    add("--json", type=Path, metavar="FILE", help="also write the figures")
    arguments = parser.parse_args()
    source, shape = find_data(arguments.data), parse_shape(arguments.input)
    dataset = prepare_dataset(source, shape, False, cache_folder(), lambda *_: None)
    figures: dict[str, list[dict[str, Any]]] = {name: [] for name in METHODS}
    for seed in range(arguments.seeds):
        drawn = draw(dataset, arguments.per_class, seed, arguments.work)
        for name, own in figures.items():
            own.append(measure(name, drawn, seed, arguments))
            print(f"{name}, seed {seed}: {line(own[-1])}", flush=True)
    print(text(figures))
    if arguments.json:
        record = {"per_class": arguments.per_class, "epochs": arguments.epochs, "runs": figures}
        write_json(arguments.json, record)
    return 0


def draw(dataset: Dataset, per_class: int, seed: int, work: Path) -> Dataset:
    """A dataset of so many images of each class, less the fifth of a test part."""
    folder = work / f"images-{per_class}-{seed}"
    if folder.exists():
        return open_dataset(folder)
    rng, given = np.random.default_rng(seed), dataset.labels(Split.TRAIN)
    count = per_class - round(TEST_FRACTION * per_class)
    chosen = np.concatenate(
        [rng.permutation(np.flatnonzero(given == own))[:count] for own in np.unique(given)]
    )
    # An image after them is the test part, so that none is drawn.
    labels = given[chosen].tolist()
    parts = np.array(complete_splits([*[None] * len(labels), Split.TEST], [*labels, 0])[:-1])
    images = {own: dataset.images(Split.TRAIN)[chosen[parts == own]] for own in Split}
    classes = {own: given[chosen[parts == own]] for own in Split}
    others = (Split.TEST, Split.VALID)
    images[Split.TEST] = np.concatenate([dataset.images(own) for own in others])
    classes[Split.TEST] = np.concatenate([dataset.labels(own) for own in others])
    record = json.loads((dataset.folder / "dataset.json").read_text())
    record["key"] += f"-{per_class}-{seed}"
    record["counts"] = {str(own): len(labels) for own, labels in classes.items()}
    with new_folder(folder) as incoming:
        for own in Split:
            np.save(incoming / f"{own}_images.npy", images[own])
            np.save(incoming / f"{own}_labels.npy", classes[own])
        write_json(incoming / "dataset.json", record)
    return open_dataset(folder)


def measure(
    name: str, dataset: Dataset, seed: int, arguments: argparse.Namespace
) -> dict[str, Any]:
    """One run; the figures of a run that is there already are read."""
    out = arguments.work / f"{name.replace(' ', '-')}-{arguments.per_class}-{seed}"
    kept = out / "figures.json"
    if kept.exists():
        known: dict[str, Any] = json.loads(kept.read_text())
        return known
    config = SearchConfig(
        dataset_key=dataset.key,
        shape=dataset.shape,
        classes=dataset.classes,
        space="folded",
        strategy="bracket",
        target="stm32f412",
        runtime="static",
        limits=LIMITS,
        epochs=arguments.epochs,
        final_epochs=arguments.final_epochs,
        seed=seed,
        augmentation="mirror",
        folds=METHODS[name],
    )
    record = run(config, {0: dataset}, out, Listener(), Machine(arguments.workers))
    winner, trials = record["winner"]["candidate"], record["trials"]
    own = [trial["accuracy"] for trial in trials if trial["candidate"] == winner]
    trained = [trial for trial in trials if trial["accuracy"] is not None]
    figures = {
        "winner": winner,
        "trainings": METHODS[name] * len(trained),
        "search_accuracy": statistics.mean(accuracy for accuracy in own if accuracy is not None),
        "fresh_test_accuracy": fresh_accuracy(config, Candidate.from_record(winner), dataset),
        "final_test_accuracy": record["float_test_accuracy"],
    }
    write_json(kept, figures)
    return figures


def fresh_accuracy(config: SearchConfig, candidate: Candidate, dataset: Dataset) -> float:
    """Test accuracy after a training as in the search, in the best epoch of the mean."""
    curves = []
    for repeat in range(10, 10 + FRESH_SEEDS):  # seeds that no search uses
        recipe = TrainingRecipe(**config.search_recipe(repeat))
        with Trainer(network_of(config, candidate), dataset, recipe) as trainer:
            curve = []
            for epoch in range(recipe.epochs):
                trainer.train_epoch(epoch)
                curve.append(trainer.accuracy(Split.TEST))
        curves.append(curve)
    return max(statistics.mean(epoch) for epoch in zip(*curves, strict=True))


def line(own: dict[str, Any]) -> str:
    """One run as text."""
    winner = Candidate.from_record(own["winner"]).described
    return (
        f"{winner}, {100 * own['search_accuracy']:.1f} % in the search, "
        f"{100 * own['fresh_test_accuracy']:.1f} % in test, after the final training "
        f"{100 * own['final_test_accuracy']:.1f} %"
    )


def text(figures: dict[str, list[dict[str, Any]]]) -> str:
    """Means over the seeds, with the standard deviations between them."""
    header = ("", "accuracy in the search", "same training, test", "optimism, pp")
    rows = []
    for name, runs in figures.items():
        optimism = [own["search_accuracy"] - own["fresh_test_accuracy"] for own in runs]
        columns = [[own[key] for own in runs] for key in ("search_accuracy", "fresh_test_accuracy")]
        columns += [optimism, [own["final_test_accuracy"] for own in runs]]
        trainings = statistics.mean(own["trainings"] for own in runs)
        rows.append((name, *map(_spread, columns), f"{trainings:.0f}"))
    shown = table((*header, "final training, test", "trainings"), rows)
    one, folds = ([own["final_test_accuracy"] for own in runs] for runs in figures.values())
    gains = [after - before for before, after in zip(one, folds, strict=True)]
    return f"{shown}\nfinal training, test: folds less one part {_spread(gains)} pp"


def _spread(values: list[float]) -> str:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{100 * statistics.mean(values):.1f} ± {100 * spread:.1f}"


if __name__ == "__main__":
    sys.exit(main())
