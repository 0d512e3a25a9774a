"""Training images per second: the published pipeline and ours, side by side.

    python -m benchmarks.throughput --data person_crops96.zip [--rounds 3] [--json FILE]

Each round runs the published pipeline on all cores, then ours on all cores, one worker for each;
medians of the rounds are printed, for several candidates, beside what the processor could do.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from firmware.files import cache_folder, write_json
from nas.data.data_source import find_data
from nas.data.dataset import open_dataset, prepare_dataset
from nas.host.process_memory import anonymous_bytes
from nas.network.shapes import count_macs
from nas.search.config import SEARCH_BATCH, SEARCH_LEARNING_RATE
from nas.spaces import Candidate, find_space
from nas.trainer.library import load_library
from nas.training.epochs import Trainer, TrainingRecipe

SHAPE = (50, 50, 3)
FLOP_PER_MAC = 6
"""Forward, gradients of inputs, gradients of weights: a multiplication and an addition each."""


def main() -> int:
    """Run the comparison; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--data", required=True, type=Path, metavar="ZIP", help="images in train/CLASS folders")
    add("--candidates", nargs="+", default=["4,4", "8,4"], metavar="K,C", help="(%(default)s)")
    add("--rounds", type=int, default=3, metavar="N", help="(%(default)s)")
    add("--epochs", type=int, default=1, metavar="N", help="in each round (%(default)s)")
    add("--gflops", type=float, metavar="N", help="what all cores can do, for the last column")
    add("--json", type=Path, metavar="FILE", help="also write the figures")
    arguments = parser.parse_args()
    load_library(lambda stage: print(stage, file=sys.stderr))
    dataset = prepare_dataset(
        find_data(str(arguments.data)), SHAPE, False, cache_folder(), lambda *_: None
    )
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(arguments.data) as archive:
            members = [name for name in archive.namelist() if name.startswith("train/")]
            archive.extractall(folder, members)
        for text in arguments.candidates:
            candidate = find_space("paper").parse(text)
            rounds = [
                (
                    published(Path(folder) / "train", candidate, arguments.epochs),
                    ours(str(dataset.folder), candidate, arguments.epochs),
                )
                for _ in range(arguments.rounds)
            ]
            figures[text] = summary(rounds)
            print(line(text, figures[text], arguments.gflops), flush=True)
    if arguments.json:
        write_json(arguments.json, figures)
    return 0


def published(folder: Path, candidate: Candidate, epochs: int) -> dict[str, Any]:
    """Images per second of the published pipeline, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.published_pipeline", str(folder)]
    command += [str(candidate["k"]), str(candidate["c"]), str(epochs)]
    completed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=3600)
    result: dict[str, Any] = json.loads(completed.stdout.splitlines()[-1])
    return result


def ours(folder: str, candidate: Candidate, epochs: int) -> dict[str, Any]:
    """Images per second of all workers together, one for each core."""
    workers = os.cpu_count() or 1
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(_ready, range(workers)))
        first = time.monotonic()
        jobs = [pool.submit(_train, folder, candidate, epochs, seed) for seed in range(workers)]
        results = [job.result() for job in jobs]
        seconds = time.monotonic() - first
    return {
        "images_per_second": sum(count for count, _ in results) / seconds,
        "seconds": seconds,
        "anonymous_bytes": sum(size for _, size in results),
    }


def _ready(_: int) -> None:
    """Start a process of the pool."""
    time.sleep(0.1)


def _train(folder: str, candidate: Candidate, epochs: int, seed: int) -> tuple[int, int]:
    dataset = open_dataset(Path(folder))
    recipe = TrainingRecipe(epochs, SEARCH_BATCH, SEARCH_LEARNING_RATE, seed)
    network = find_space("paper").network(candidate, dataset.shape, len(dataset.classes))
    with Trainer(network, dataset, recipe) as trainer:
        for epoch in range(epochs):
            trainer.train_epoch(epoch)
        return dataset.counts["train"] * epochs, anonymous_bytes(os.getpid())


def summary(rounds: list[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, Any]:
    """Medians of the rounds, and of the ratios in each."""
    return {
        "published": statistics.median(a["images_per_second"] for a, _ in rounds),
        "ours": statistics.median(b["images_per_second"] for _, b in rounds),
        "ratio": statistics.median(
            b["images_per_second"] / a["images_per_second"] for a, b in rounds
        ),
        "published_bytes": max(a["anonymous_bytes"] for a, _ in rounds),
        "our_bytes": max(b["anonymous_bytes"] for _, b in rounds),
    }


def line(candidate: str, figures: dict[str, Any], gflops: float | None) -> str:
    """One candidate as text."""
    macc = count_macs(find_space("paper").network(find_space("paper").parse(candidate), SHAPE, 2))
    text = (
        f"{candidate}: published {figures['published']:,.0f} images/s and "
        f"{figures['published_bytes'] / 1e6:.0f} MB, ours {figures['ours']:,.0f} images/s and "
        f"{figures['our_bytes'] / 1e6:.0f} MB, {figures['ratio']:.1f} times"
    )
    if gflops:
        limit = gflops * 1e9 / (FLOP_PER_MAC * macc)
        text += f"; {100 * figures['ours'] / limit:.0f} % of {limit:,.0f} images/s"
    return text


if __name__ == "__main__":
    sys.exit(main())
