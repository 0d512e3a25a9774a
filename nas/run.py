"""One run: search, train the winner, convert it, record what happened. I/O."""

import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from firmware.errors import ConfigError
from firmware.files import sha256_of_file, write_json
from nas.config import SearchConfig
from nas.converters import TENSORFLOW
from nas.dataset import Dataset
from nas.golden import SAMPLES, SEED
from nas.host_memory import PARENT_BYTES, training_bytes
from nas.layers import LANES
from nas.make_golden import make_golden
from nas.pool import Pool, WorkerPool
from nas.search import Host, run_search
from nas.space import Candidate
from nas.spaces import find_space
from nas.trials import Trial, TrialStore
from nas.worker import CONVERSION, TRAINING, Worker

RECORD = "run.json"
SCHEMA = 1
_PACKAGES = ("mcu-nas", "ai-edge-litert", "numpy", "pillow")
_TENSORFLOW_PACKAGES = ("tensorflow", "keras")


class Listener:
    """What a run tells while it works; override what is of interest."""

    def trial_ended(self, trial: Trial) -> None:
        """A candidate was judged, now or in an earlier run."""

    def trial_progressed(self, candidate: Candidate, event: dict[str, Any]) -> None:
        """An epoch of a candidate ended: `epoch`, `epochs`, `accuracy`."""

    def winner_progressed(self, event: dict[str, Any]) -> None:
        """An epoch of the winner ended: `epoch`, `epochs`, `accuracy`; or a `stage` began."""


@dataclass(frozen=True, slots=True)
class Machine:
    """How much of the host a run may take.

    The number of workers does not change the result; less memory and less time may: what would
    take too much is not trained, and a search that is cut short takes the best so far.

    Attributes:
        workers: Processes that train side by side.
        memory_bytes: Anonymous memory of all processes; None if it is not limited.
        scheduler: Address of a Dask scheduler whose cluster trains; empty for this machine.
        search_s: Seconds after which the search takes the best so far; None for no limit.
    """

    workers: int = 1
    memory_bytes: int | None = None
    scheduler: str = ""
    search_s: float | None = None

    @property
    def worker_bytes(self) -> int | None:
        """What each worker may take."""
        if self.memory_bytes is None:
            return None
        return max(0, self.memory_bytes - PARENT_BYTES) // self.workers


def run(
    config: SearchConfig,
    datasets: Mapping[int, Dataset],
    out: Path,
    listener: Listener,
    machine: Machine,
) -> dict[str, Any]:
    """Run a search in a folder, or go on with it; gives what run.json holds.

    Args:
        config: The search.
        datasets: Its images by the side of the input; 0 is the side of a search with one input.
        out: Folder of the run.
        listener: Is told of progress.
        machine: What the run may take of the host.

    Raises:
        ConfigError: The folder holds another search, or the converter is not installed.
        InfeasibleError: No candidate fits.
        WorkerError: Training or conversion failed.
    """
    if config.converter == TENSORFLOW and find_spec("tensorflow") is None:
        raise ConfigError(
            "the converter 'tensorflow' is not installed: pip install 'mcu-nas[tensorflow]', or "
            "search a space with a converter of our own, such as folded"
        )
    with TrialStore(out, config) as store:
        with _make_pool(machine) as pool:
            host = _host(pool, datasets, machine)
            winner, trials = run_search(
                config, host, store, listener.trial_ended, listener.trial_progressed
            )
            dataset = datasets[winner.candidate.side]
            arguments = {
                "dataset": str(dataset.folder),
                "space": config.space,
                "candidate": [winner.candidate.k, winner.candidate.c],
                "recipe": _final_recipe(config, host, winner.candidate),
                "checkpoint": str(out / "winner.npz"),
                "threads": machine.workers,
            }
        tell = listener.winner_progressed
        with Worker(memory_bytes=machine.worker_bytes) as worker:
            training = worker.call("nas.train_tasks:train_winner", arguments, tell)
        with Worker(CONVERSION if config.converter == TENSORFLOW else TRAINING) as worker:
            arguments |= {"model": str(out / "model.tflite"), "converter": config.converter}
            training |= worker.call("nas.convert_tasks:convert_winner", arguments, tell)
            make_golden(out / "model.tflite", out / "golden.npz", SAMPLES, SEED, worker)
        record = _record(config, dataset, out, trials, winner, training)
        write_json(out / RECORD, record)
    return record


def _make_pool(machine: Machine) -> Pool:
    if machine.scheduler:
        from nas.dask_pool import DaskPool

        return DaskPool(machine.scheduler, machine.worker_bytes)
    workers = [Worker(memory_bytes=machine.worker_bytes) for _ in range(machine.workers)]
    return WorkerPool(workers)


def _host(pool: Pool, datasets: Mapping[int, Dataset], machine: Machine) -> Host:
    """The host with what a worker takes before it trains, which is measured once."""
    base_bytes = pool.call("nas.train_tasks:probe", {})["anonymous_bytes"]
    images = max(dataset.counts["train"] for dataset in datasets.values())
    deadline_s = None if machine.search_s is None else time.monotonic() + machine.search_s
    folders = {side: str(dataset.folder) for side, dataset in datasets.items()}
    return Host(pool, folders, images, machine.worker_bytes, base_bytes, deadline_s)


def _final_recipe(config: SearchConfig, host: Host, winner: Candidate) -> dict[str, Any]:
    """The recipe; the whole batch goes through the network together, or what the memory holds."""
    shape, recipe = config.input_of(winner), config.final_recipe(winner)
    layers = find_space(config.space).layers(winner, shape, len(config.classes))
    part: int = recipe["batch_size"]
    while host.worker_bytes is not None and part > LANES:
        needed = training_bytes(layers, shape, part, host.images, host.base_bytes)
        if needed <= host.worker_bytes:
            break
        part //= 2
    return recipe | {"part": part}


def _record(
    config: SearchConfig,
    dataset: Dataset,
    out: Path,
    trials: list[Trial],
    winner: Trial,
    training: dict[str, Any],
) -> dict[str, Any]:
    model = out / "model.tflite"
    packages = [*_PACKAGES, *(_TENSORFLOW_PACKAGES if config.converter == TENSORFLOW else ())]
    return {
        "schema": SCHEMA,
        "config": config.as_record(),
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in packages},
        "images": dataset.counts,
        "skipped_images": list(dataset.skipped),
        "trials": [trial.as_record() for trial in trials],
        "winner": winner.as_record(),
        "input": list(config.input_of(winner.candidate)),
        "final_accuracies": training["accuracies"],
        "valid_accuracy": max(training["accuracies"]),
        "int8_valid_accuracy": training["int8_valid_accuracy"],
        "calibration_images": training["calibration_images"],
        "float_test_accuracy": training["test_accuracy"],
        "int8_test_accuracy": training["int8_test_accuracy"],
        "model_bytes": model.stat().st_size,
        "model_sha256": sha256_of_file(model),
        "golden_sha256": sha256_of_file(out / "golden.npz"),
    }
