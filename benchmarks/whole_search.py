"""Whole runs over several seeds: accuracy, seconds and memory of ours and of the published loop.

    python -m benchmarks.whole_search --data PATH --work DIR [--methods published ours folded …]

All run under equal limits, on the same subset of the training images (drawn with the seed), with
the same trainer; they differ in strategy, space, input and recipe of the final training. Runs lie
in a folder, so that an interrupted benchmark goes on.
"""

import argparse
import json
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firmware.files import cache_folder, new_folder, write_json
from nas.data.data_source import find_data
from nas.data.dataset import Dataset, open_dataset, prepare_dataset
from nas.data.input_size import first_side, input_sides
from nas.data.splits import Split
from nas.estimator.cost import Limits
from nas.host.machine import Machine
from nas.network.input_shape import parse_shape
from nas.search.config import SearchConfig
from nas.search.listener import Listener
from nas.search.run import run

LIMITS = Limits(macc=3_400_000, flash_bytes=256 << 10, ram_bytes=64 << 10)


@dataclass(frozen=True, slots=True)
class Method:
    """What is compared."""

    name: str
    strategy: str
    recipe: str
    augmentation: str
    space: str = "paper"
    is_input_free: bool = False


METHODS = {
    method.name: method
    for method in (
        Method("published", "paper", "paper", "none"),
        Method("ours", "bracket", "augmented", "mirror"),
        Method("folded", "bracket", "augmented", "mirror", "folded"),
        Method("separable", "bracket", "augmented", "mirror", "separable"),
        Method("folded-auto", "bracket", "augmented", "mirror", "folded", True),
        Method("separable-auto", "bracket", "augmented", "mirror", "separable", True),
    )
}


def main() -> int:
    """Run the comparison; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--data", required=True, metavar="PATH", help="images, as for 'nas run'")
    add("--work", required=True, type=Path, metavar="DIR", help="runs")
    add("--seeds", type=int, default=7, metavar="N", help="(%(default)s)")
    add("--images", type=int, default=3000, metavar="N", help="0 for all (%(default)s)")
    add("--input", default="50x50x3", metavar="HxWxC", help="(%(default)s)")
    add("--methods", nargs="+", choices=METHODS, default=["published", "ours"], help="to compare")
    add("--final-epochs", type=int, default=60, metavar="N", help="(%(default)s)")
    add("--workers", type=int, default=2, metavar="N", help="(%(default)s)")
    add("--json", type=Path, metavar="FILE", help="also write the figures")
    arguments = parser.parse_args()
    source = find_data(arguments.data)
    shape = parse_shape(arguments.input)
    given = {0: prepare_dataset(source, shape, False, cache_folder(), lambda *_: None)}
    free = {}
    if any(METHODS[name].is_input_free for name in arguments.methods):
        free = {
            side: prepare_dataset(
                source, (side, side, shape[2]), False, cache_folder(), lambda *_: None
            )
            for side in input_sides(source)
        }
    figures: dict[str, list[dict[str, Any]]] = {name: [] for name in arguments.methods}
    for seed in range(arguments.seeds):
        for name, own in figures.items():
            method = METHODS[name]
            datasets = {
                side: subset(dataset, arguments.images, seed, arguments.work)
                for side, dataset in (free if method.is_input_free else given).items()
            }
            own.append(measure(method, datasets, seed, arguments))
            print(line(name, seed, own[-1]), flush=True)
    for name, own in figures.items():
        print(summary(name, own))
    if arguments.json:
        write_json(arguments.json, figures)
    return 0


def subset(dataset: Dataset, count: int, seed: int, work: Path) -> Dataset:
    """The dataset with so many of its training images."""
    if not count:
        return dataset
    folder = work / f"images-{dataset.shape[0]}-{count}-{seed}"
    if not folder.exists():
        chosen = np.sort(np.random.default_rng(seed).permutation(dataset.counts["train"])[:count])
        with new_folder(folder) as incoming:
            for path in dataset.folder.iterdir():
                if not path.name.startswith("train_"):
                    (incoming / path.name).symlink_to(path)
            np.save(incoming / "train_images.npy", dataset.images(Split.TRAIN)[chosen])
            np.save(incoming / "train_labels.npy", dataset.labels(Split.TRAIN)[chosen])
            record = json.loads((dataset.folder / "dataset.json").read_text())
            record["key"] += f"-{count}-{seed}"
            record["counts"]["train"] = count
            (incoming / "dataset.json").unlink()
            write_json(incoming / "dataset.json", record)
    return open_dataset(folder)


class _Clock(Listener):
    """When the search ended and the final training began."""

    def __init__(self) -> None:
        self.search_ended: float | None = None

    def winner_progressed(self, event: dict[str, Any]) -> None:  # noqa: ARG002 (of the base)
        if self.search_ended is None:
            self.search_ended = time.monotonic()


def measure(
    method: Method, datasets: dict[int, Dataset], seed: int, arguments: argparse.Namespace
) -> dict[str, Any]:
    """One run; the figures of a run that is there already are read."""
    out = arguments.work / f"{method.name}-{arguments.images}-{seed}"
    kept = out / "figures.json"
    if kept.exists():
        figures: dict[str, Any] = json.loads(kept.read_text())
        return figures
    dataset = datasets[first_side(tuple(datasets))]
    config = SearchConfig(
        dataset_key=dataset.key,
        shape=dataset.shape,
        classes=dataset.classes,
        space=method.space,
        strategy=method.strategy,
        target="stm32f412",
        runtime="static",
        limits=LIMITS,
        epochs=3,
        final_epochs=arguments.final_epochs,
        seed=seed,
        recipe=method.recipe,
        augmentation=method.augmentation,
        sides=tuple(datasets) if method.is_input_free else (),
    )
    clock, first = _Clock(), time.monotonic()
    record = run(config, datasets, out, clock, Machine(arguments.workers))
    figures = {
        "winner": [record["winner"]["candidate"]["k"], record["winner"]["candidate"]["c"]],
        "input": record["input"],
        "cost": record["winner"]["cost"],
        "evaluations": sum(trial["accuracy"] is not None for trial in record["trials"]),
        "search_seconds": (clock.search_ended or first) - first,
        "seconds": time.monotonic() - first,
        "float_test_accuracy": record["float_test_accuracy"],
        "int8_test_accuracy": record["int8_test_accuracy"],
    }
    write_json(kept, figures)
    return figures


def line(name: str, seed: int, figures: dict[str, Any]) -> str:
    """One run as text."""
    k, c = figures["winner"]
    return (
        f"{name:<14} seed {seed}: k,c = {k},{c} at {figures['input'][0]} after "
        f"{figures['evaluations']} evaluations in "
        f"{figures['search_seconds']:.0f} s; int8 test accuracy "
        f"{figures['int8_test_accuracy']:.4f} after {figures['seconds']:.0f} s in all"
    )


def summary(name: str, runs: list[dict[str, Any]]) -> str:
    """Mean and spread over the seeds."""
    accuracies = [own["int8_test_accuracy"] for own in runs]
    spread = statistics.stdev(accuracies) if len(accuracies) > 1 else 0.0
    return (
        f"{name:<14} {len(runs)} seeds: int8 test accuracy {statistics.mean(accuracies):.4f} ± "
        f"{spread:.4f}, worst {min(accuracies):.4f}; "
        f"{statistics.mean(own['evaluations'] for own in runs):.1f} evaluations, search "
        f"{statistics.mean(own['search_seconds'] for own in runs):.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
