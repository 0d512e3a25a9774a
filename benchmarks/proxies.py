"""Compares short trainings of candidates: how they rank networks, and how they scatter over seeds.

    python -m benchmarks.proxies --data PATH --out FILE.json [--input 32x32x3] [--images 8000]

The templates of the space 'residual', each as wide as the limits allow, are trained by each proxy
with several seeds, and once for longer with the recipe of the final training. Printed are, for each
proxy, the rank correlation of single trainings with the longer ones, the standard deviation over
seeds, and that between candidates. What is trained already, in FILE.json, is not trained again.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from scipy.stats import spearmanr

from benchmarks.whole_search import subset
from firmware.errors import ConfigError
from firmware.files import cache_folder, write_json
from firmware.targets import load_target
from nas.data.data_source import find_data
from nas.data.dataset import open_dataset, prepare_dataset
from nas.data.splits import Split
from nas.estimator.cost import fits, measure_cost
from nas.estimator.limits import limits_of
from nas.network.description import Shape
from nas.network.input_shape import parse_shape
from nas.search.bounds import Bounds
from nas.search.config import RECIPES
from nas.spaces import Candidate, find_space
from nas.trainer.library import load_library
from nas.training.epochs import Trainer, TrainingRecipe

SPACE = find_space("residual")
PROXIES: dict[str, dict[str, Any]] = {
    "constant 1e-3, batch 16": {"batch_size": 16, "learning_rate": 1e-3},
    "cosine 5e-3, batch 32": {"batch_size": 32, "learning_rate": 5e-3, "schedule": "cosine"},
}
LONGER = "longer"


def main() -> int:
    """Train what is missing and print the table; gives the exit code."""
    arguments = _parse()
    load_library(lambda stage: print(stage, file=sys.stderr))
    shape = parse_shape(arguments.input)
    source = find_data(arguments.data)
    whole = prepare_dataset(source, shape, False, cache_folder(), lambda *_: None)
    candidates = choose(shape, len(whole.classes), arguments.macc)
    record: dict[str, Any] = {"trainings": {}}
    if arguments.out.exists():
        record = json.loads(arguments.out.read_text())
    record |= {"data": Path(arguments.data).name, "images": arguments.images}
    record |= {"macc": arguments.macc, "longer_epochs": arguments.longer}
    record |= {"candidates": [str(own) for own in candidates]}
    done = record["trainings"]
    jobs = [job for job in _jobs(candidates, arguments) if "|".join(job[:3]) not in done]
    print(f"{len(candidates)} candidates, {len(jobs)} trainings to do", file=sys.stderr)
    with tempfile.TemporaryDirectory() as work, ProcessPoolExecutor(arguments.workers) as pool:
        folder = str(subset(whole, arguments.images, 0, Path(work)).folder)
        futures = {pool.submit(_train, folder, *job): job for job in jobs}
        for future in as_completed(futures):
            done["|".join(futures[future][:3])] = future.result()
            write_json(arguments.out, record)
    print(table(record))
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--data", required=True, metavar="PATH", help="images, as for 'nas run'")
    add("--out", required=True, type=Path, metavar="FILE", help="the figures")
    add("--input", default="32x32x3", metavar="HxWxC", help="(%(default)s)")
    add("--images", type=int, default=8000, metavar="N", help="0 for all (%(default)s)")
    add("--macc", type=int, default=1_000_000, metavar="N", help="limit (%(default)s)")
    add("--epochs", type=int, default=3, metavar="N", help="of a proxy (%(default)s)")
    add("--longer", type=int, default=12, metavar="N", help="epochs to compare with (%(default)s)")
    add("--seeds", type=int, default=3, metavar="N", help="(%(default)s)")
    add("--workers", type=int, default=1, metavar="N", help="(%(default)s)")
    return parser.parse_args()


def choose(shape: Shape, classes: int, macc: int) -> list[Candidate]:
    """The widest of each template within the limits of the STM32F412 and so many MACs."""
    limits, _ = limits_of(load_target("stm32f412"), "static", macc=macc)

    def is_within(candidate: Candidate) -> bool:
        try:
            network = SPACE.network(candidate, shape, classes)
        except ConfigError:
            return False
        return fits(measure_cost(network, "static", "own", None, limits), limits)

    bounds = Bounds(SPACE, is_within, {0: shape})
    widest = [bounds.widest(own) for own in SPACE.templates(shape)]
    return [own for own in widest if own is not None]


def _jobs(
    candidates: Iterable[Candidate], arguments: argparse.Namespace
) -> list[tuple[str, str, str, int]]:
    """Proxy, candidate, seed and epochs of each training."""
    jobs = []
    for own in candidates:
        for seed in range(arguments.seeds):
            jobs += [(name, str(own), str(seed), arguments.epochs) for name in PROXIES]
        jobs.append((LONGER, str(own), "0", arguments.longer))
    return jobs


def _train(folder: str, proxy: str, candidate: str, seed: str, epochs: int) -> dict[str, Any]:
    dataset = open_dataset(Path(folder))
    settings = PROXIES.get(proxy) or RECIPES["augmented"] | {"flip": 0.5, "shift": 3}
    recipe = TrainingRecipe(epochs=epochs, seed=int(seed), **settings)
    network = SPACE.network(SPACE.parse(candidate), dataset.shape, len(dataset.classes))
    accuracies = []
    with Trainer(network, dataset, recipe) as trainer:
        for epoch in range(epochs):
            trainer.train_epoch(epoch)
            if recipe.schedule == "constant" or epoch == epochs - 1:
                accuracies.append(round(trainer.accuracy(Split.VALID), 5))
    print(proxy, candidate[:30], seed, accuracies, file=sys.stderr, flush=True)
    return {"accuracies": accuracies}


def table(record: dict[str, Any]) -> str:
    """The figures of each proxy as a Markdown table."""
    trainings, names = record["trainings"], record["candidates"]
    best = {tuple(key.split("|")): max(own["accuracies"]) for key, own in trainings.items()}
    longer = [best[LONGER, name, "0"] for name in names]
    rows = [
        "| proxy | rank correlation | scatter | spread | mean |",
        "|---|---|---|---|---|",
    ]
    for proxy in PROXIES:
        seeds = sorted({key[2] for key in best if key[0] == proxy})
        by_seed = [[best[proxy, name, seed] for name in names] for seed in seeds]
        ranks = mean(float(spearmanr(own, longer).statistic) for own in by_seed)
        scatter = mean(stdev(own) ** 2 for own in zip(*by_seed, strict=True)) ** 0.5
        spread = stdev(map(mean, zip(*by_seed, strict=True)))
        rows.append(
            f"| {proxy} | {ranks:.2f} | {100 * scatter:.2f} pp | {100 * spread:.2f} pp "
            f"| {100 * mean(map(mean, by_seed)):.1f} % |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
