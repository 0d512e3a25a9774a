"""The published Table I, reproduced: the published search under each host's memory, on your data.

    python -m benchmarks.paper --resources-only [--json FILE]
    python -m benchmarks.paper --data PATH --work DIR [--images 3000] [--seeds 3] [--json FILE]

The first counts RAM, Flash and MACC of the published winners and compares them with the table; it
fails if RAM or Flash differ by more than 1 %, or MACC at all. The second runs the published climb
over the published space, recipe and input, with the limits of an STM32L412KB, within the memory of
each published host. Its accuracies are of your data: only on Visual Wake Words ('nas data vww') may
they be compared with the published ones.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.whole_search import subset
from firmware.files import cache_folder, write_json
from firmware.progress import duration
from firmware.targets import load_target
from firmware.text_table import table
from nas.data.data_source import find_data
from nas.data.dataset import Dataset, prepare_dataset
from nas.data.proportion import wilson_interval
from nas.estimator.cost import Limits
from nas.host.host_memory import parse_host_memory
from nas.host.machine import Machine
from nas.report.published import (
    HOST_ROWS,
    PUBLISHED_NETWORKS,
    SHAPE,
    TEST_IMAGES,
    HostRow,
    PublishedNetwork,
    published_needs,
)
from nas.search.config import SearchConfig
from nas.search.listener import Listener
from nas.search.run import run
from nas.spaces import Candidate

TARGET = "stm32l412kb"
"""Its limits just admit the largest published winner; the publications' own are not at hand."""
TOLERANCE = 0.01
"""Of RAM and Flash."""
MIB = 1 << 20


def main() -> int:
    """Run the benchmark; gives the exit code."""
    arguments = _parse()
    if arguments.resources_only:
        record = resources()
        print(resources_text(record))
        done = all(row["agrees"] for row in record["rows"])
    else:
        record = searches(arguments)
        print(searches_text(record))
        done = True
    if arguments.json:
        write_json(arguments.json, record)
    return 0 if done else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    hosts = [row.host for row in HOST_ROWS]
    add("--resources-only", action="store_true", help="count and compare, search nothing")
    add("--data", metavar="PATH", help="images, as for 'nas run'")
    add("--work", type=Path, metavar="DIR", help="runs; an interrupted benchmark goes on there")
    add("--hosts", nargs="+", choices=hosts, default=hosts, help="(all)")
    add("--images", type=int, default=0, metavar="N", help="to train and validate, 0 for all (0)")
    add("--seeds", type=int, default=1, metavar="N", help="searches on each host (%(default)s)")
    add("--final-epochs", type=int, default=100, metavar="N", help="(%(default)s)")
    add("--workers", type=int, default=os.cpu_count(), metavar="N", help="(%(default)s)")
    add("--json", type=Path, metavar="FILE", help="also write the figures")
    arguments = parser.parse_args()
    if not arguments.resources_only and not (arguments.data and arguments.work):
        parser.error("name --data and --work, or pass --resources-only")
    return arguments


def resources() -> dict[str, Any]:
    """What each published network needs, counted here, beside the published figures."""
    hosts = {row.winner: row.host for row in HOST_ROWS}
    return {"rows": [_compared(row, hosts.get(row.candidate, "")) for row in PUBLISHED_NETWORKS]}


def _compared(row: PublishedNetwork, host: str) -> dict[str, Any]:
    ours = published_needs(row.candidate)
    ram, flash = ours.ram_kib / row.ram_kib - 1, ours.flash_kib / row.flash_kib - 1
    return {
        "host": host,
        "candidate": [row.candidate["k"], row.candidate["c"]],
        "ours": asdict(ours),
        "published": {"ram_kib": row.ram_kib, "flash_kib": row.flash_kib, "macc": row.macc},
        "ram_error": round(ram, 5),
        "flash_error": round(flash, 5),
        "agrees": max(abs(ram), abs(flash)) <= TOLERANCE and ours.macc == row.macc,
    }


def resources_text(record: dict[str, Any]) -> str:
    """The comparison as a table, ours before the published figure."""
    rows = []
    for row in record["rows"]:
        ours, published = row["ours"], row["published"]
        rows.append(
            (
                row["host"] or "–",
                "{},{}".format(*row["candidate"]),
                f"{ours['ram_kib']:.2f} / {published['ram_kib']:.2f}",
                f"{row['ram_error']:+.2%}",
                f"{ours['flash_kib']:.2f} / {published['flash_kib']:.2f}",
                f"{row['flash_error']:+.2%}",
                f"{ours['macc']:,} / {published['macc']:,}",
                "yes" if row["agrees"] else "NO",
            )
        )
    return table(("host", "k,c", "RAM KiB", "", "Flash KiB", "", "MACC", "agrees"), rows)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of images with its 95 % interval.

    Attributes:
        fraction: The share.
        lowest: What the share of all such images is at least.
        highest: What it is at most.
    """

    fraction: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"{self.fraction:.1%} ({self.lowest:.1%} to {self.highest:.1%})"


def wilson(fraction: float, count: int) -> Share:
    """A share of so many images, with its 95 % interval by Wilson's score."""
    return Share(fraction, *wilson_interval(fraction, count))


def searches(arguments: argparse.Namespace) -> dict[str, Any]:
    """The published search on each host's memory, seed by seed."""
    source = find_data(arguments.data)
    dataset = prepare_dataset(source, SHAPE, False, cache_folder(), lambda *_: None)
    target = load_target(TARGET)
    limits = Limits(target.macc_limit, target.flash_bytes, target.ram_bytes)
    found = []
    for seed in range(arguments.seeds):
        images = subset(dataset, arguments.images, seed, arguments.work)
        for row in HOST_ROWS:
            if row.host in arguments.hosts:
                found.append(_search(row, images, limits, seed, arguments))
                print(f"{row.host}, seed {seed}: {_line(found[-1])}", file=sys.stderr, flush=True)
    return {
        "data": Path(arguments.data).name,
        "images": images.counts,
        "target": TARGET,
        "limits": asdict(limits),
        "final_epochs": arguments.final_epochs,
        "searches": found,
    }


class _Clock(Listener):
    """When the final training began."""

    def __init__(self) -> None:
        self.search_ended: float | None = None

    def winner_progressed(self, _: dict[str, Any]) -> None:
        self.search_ended = self.search_ended or time.monotonic()


def _search(
    row: HostRow, dataset: Dataset, limits: Limits, seed: int, arguments: argparse.Namespace
) -> dict[str, Any]:
    """One run; the figures of a run that is there already are read."""
    out = arguments.work / f"{row.host}-{arguments.images}-{seed}"
    kept = out / "figures.json"
    if kept.exists():
        figures: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return figures
    config = SearchConfig(
        dataset_key=dataset.key,
        shape=SHAPE,
        classes=dataset.classes,
        space="paper",
        strategy="paper",
        target=TARGET,
        runtime="tflm",
        limits=limits,
        epochs=3,
        final_epochs=arguments.final_epochs,
        seed=seed,
        recipe="paper",
        augmentation="none",
    )
    memory_bytes = parse_host_memory(row.host)
    clock, first = _Clock(), time.monotonic()
    record = run(config, {0: dataset}, out, clock, Machine(arguments.workers, memory_bytes))
    figures = _figures(record) | {
        "host": row.host,
        "seed": seed,
        "host_memory_bytes": memory_bytes,
        "search_seconds": round((clock.search_ended or first) - first, 1),
        "seconds": round(time.monotonic() - first, 1),
    }
    write_json(kept, figures)
    return figures


def _figures(record: dict[str, Any]) -> dict[str, Any]:
    """Of a run: its winner, what it needs by the publications' count, and how good it is."""
    own = record["winner"]["candidate"]
    trained = [trial for trial in record["trials"] if trial["accuracy"] is not None]
    test_images = record["images"]["test"]
    return {
        "winner": [own["k"], own["c"]],
        "needs": asdict(published_needs(Candidate(k=own["k"], c=own["c"]))),
        "evaluations": len(trained),
        "refused_for_host_memory": sum(
            trial["status"] == "host_memory" for trial in record["trials"]
        ),
        "largest_worker_bytes": max(trial["peak_anonymous_bytes"] for trial in trained),
        "test_images": test_images,
        "int8_test_accuracy": asdict(wilson(record["int8_test_accuracy"], test_images)),
    }


def searches_text(record: dict[str, Any]) -> str:
    """The searches as a table, those of each host above its published row."""
    rows = []
    for row in HOST_ROWS:
        own = [search for search in record["searches"] if search["host"] == row.host]
        rows += [(row.host, f"ours, seed {search['seed']}", *_cells(search)) for search in own]
        if own:
            rows.append((row.host, "published", *_published_cells(row)))
    header = ("host", "", "k,c", "RAM KiB", "Flash KiB", "MACC M", "test accuracy", "search")
    return "\n".join(
        [
            table(header, rows, left=2),
            f"accuracies: ours on {record['data']}, published on Visual Wake Words",
        ]
    )


def _cells(own: dict[str, Any]) -> tuple[str, ...]:
    needs = own["needs"]
    return (
        "{},{}".format(*own["winner"]),
        f"{needs['ram_kib']:.2f}",
        f"{needs['flash_kib']:.2f}",
        f"{needs['macc'] / 1e6:.2f}",
        str(Share(**own["int8_test_accuracy"])),
        f"{duration(own['search_seconds'])}, {own['evaluations']} trainings",
    )


def _published_cells(row: HostRow) -> tuple[str, ...]:
    network = row.network
    return (
        str(row.winner),
        f"{network.ram_kib:.2f}",
        f"{network.flash_kib:.2f}",
        f"{network.macc / 1e6:.2f}",
        str(wilson(row.accuracy, TEST_IMAGES)),
        duration(row.seconds),
    )


def _line(own: dict[str, Any]) -> str:
    return (
        f"{', '.join(_cells(own))}; largest worker {own['largest_worker_bytes'] / MIB:.0f} of "
        f"{own['host_memory_bytes'] / MIB:.0f} MiB, {own['seconds']:.0f} s in all"
    )


if __name__ == "__main__":
    sys.exit(main())
