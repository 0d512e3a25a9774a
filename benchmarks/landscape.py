"""Trains every feasible candidate of a space several times: the landscape that a search sees.

    python -m benchmarks.landscape --data PATH --out FILE.json [--space paper] [--seeds 3]

What is trained already, in FILE.json, is not trained again. `benchmarks.strategies` replays it.
"""

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from firmware.errors import ConfigError
from firmware.files import cache_folder, write_json
from firmware.targets import load_target
from nas.data.data_source import find_data
from nas.data.dataset import open_dataset, prepare_dataset
from nas.data.splits import Split
from nas.estimator.cost import Limits, exceeded, measure_cost
from nas.network.description import Shape
from nas.network.input_shape import parse_shape
from nas.network.shapes import count_macs
from nas.search.config import SEARCH_BATCH, SEARCH_LEARNING_RATE
from nas.spaces import Candidate, find_converter, find_space, known_spaces
from nas.spaces.cells import cell_limit
from nas.trainer.library import load_library
from nas.training.epochs import Trainer, TrainingRecipe

EPOCHS = 3
SAVE_EVERY = 5


def main() -> int:
    """Train what is missing; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--data", required=True, metavar="PATH", help="images, as for 'nas run'")
    add("--out", required=True, type=Path, metavar="FILE", help="the landscape")
    add("--space", default="paper", choices=known_spaces(), help="search space (%(default)s)")
    add("--input", default="50x50x3", metavar="HxWxC", help="input (%(default)s)")
    add("--seeds", type=int, default=3, metavar="N", help="trainings of each (%(default)s)")
    add("--target", default="stm32f412", help="chip (%(default)s)")
    arguments = parser.parse_args()
    load_library(lambda stage: print(stage, file=sys.stderr))
    shape = parse_shape(arguments.input)
    source = find_data(arguments.data)
    dataset = prepare_dataset(source, shape, False, cache_folder(), lambda *_: None)
    target = load_target(arguments.target)
    limits = Limits(target.macc_limit, target.flash_bytes, target.ram_bytes - target.stack_bytes)
    candidates = feasible(arguments.space, shape, len(dataset.classes), limits)
    known = _known(arguments.out)
    jobs = [
        (str(dataset.folder), arguments.space, candidate, seed)
        for candidate in candidates
        for seed in range(arguments.seeds)
        if f"{candidate} {seed}" not in known
    ]
    print(f"{len(candidates)} candidates, {len(jobs)} trainings to do", file=sys.stderr)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for done, future in enumerate(as_completed(pool.submit(_train, *job) for job in jobs), 1):
            name, accuracies = future.result()
            known[name] = accuracies
            if done % SAVE_EVERY == 0 or done == len(jobs):
                _save(arguments, dataset.counts, candidates, known, limits)
                print(f"{done} of {len(jobs)}: {name} {max(accuracies):.4f}", file=sys.stderr)
    return 0


def feasible(space: str, shape: Shape, classes: int, limits: Limits) -> list[Candidate]:
    """Every candidate that fits, by k and c; wider ones cost more, so each c ends somewhere."""
    found = []
    for c in range(cell_limit(shape) + 1):
        k = 1
        while _fits(space, Candidate(k=k, c=c), shape, classes, limits):
            found.append(Candidate(k=k, c=c))
            k += 1
    return sorted(found)


def _fits(space: str, candidate: Candidate, shape: Shape, classes: int, limits: Limits) -> bool:
    try:
        network = find_space(space).network(candidate, shape, classes)
    except ConfigError:
        return False
    if count_macs(network) > limits.macc:
        return False
    return not exceeded(measure_cost(network, "static", find_converter(space, "")), limits)


def _train(folder: str, space: str, candidate: Candidate, seed: int) -> tuple[str, list[float]]:
    dataset = open_dataset(Path(folder))
    recipe = TrainingRecipe(EPOCHS, SEARCH_BATCH, SEARCH_LEARNING_RATE, seed)
    accuracies = []
    network = find_space(space).network(candidate, dataset.shape, len(dataset.classes))
    with Trainer(network, dataset, recipe) as trainer:
        for epoch in range(EPOCHS):
            trainer.train_epoch(epoch)
            accuracies.append(round(trainer.accuracy(Split.VALID), 5))
    return f"{candidate} {seed}", accuracies


def _known(path: Path) -> dict[str, list[float]]:
    if not path.exists():
        return {}
    trials: dict[str, list[float]] = json.loads(path.read_text())["trials"]
    return trials


def _save(
    arguments: argparse.Namespace,
    images: dict[str, int],
    candidates: list[Candidate],
    known: dict[str, list[float]],
    limits: Limits,
) -> None:
    record: dict[str, Any] = {
        "data": Path(arguments.data).name,
        "images": images,
        "input": arguments.input,
        "space": arguments.space,
        "epochs": EPOCHS,
        "seeds": arguments.seeds,
        "limits": {
            "macc": limits.macc,
            "flash_bytes": limits.flash_bytes,
            "ram_bytes": limits.ram_bytes,
        },
        "candidates": [str(candidate) for candidate in candidates],
        "trials": dict(sorted(known.items())),
    }
    write_json(arguments.out, record)


if __name__ == "__main__":
    sys.exit(main())
