"""A run: search, train the winner, convert it to int8, write the records. I/O."""

import time
from collections.abc import Mapping
from dataclasses import fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from firmware.errors import ConfigError, DivergedError
from firmware.files import sha256_of_file, write_json
from firmware.records.conversion import to_record
from nas.data.dataset import Dataset
from nas.data.splits import Split
from nas.estimator.pace import Pace
from nas.host.machine import Machine
from nas.host.memory_plan import MIB
from nas.host.pool import Pool, WorkerPool
from nas.host.worker import CONVERSION, TRAINING, Outcome, Worker
from nas.quantization.golden import SAMPLES, SEED
from nas.quantization.make_golden import make_golden
from nas.search.answers import count_answers
from nas.search.config import SearchConfig
from nas.search.explore import Host, Prices, explore, training_extremes
from nas.search.listener import Listener
from nas.search.provenance import Origin, describe_host, versions
from nas.search.run_record import RECORD, RUN_SCHEMA, START, Effort, FinalRecord, StartRecord
from nas.search.trial_store import STORE, TrialStore
from nas.search.trials import Trial
from nas.spaces import Candidate, find_space
from nas.spaces.converters import TENSORFLOW
from nas.trainer.library import load_library
from nas.trainer.program import LANES
from nas.training.memory import winner_bytes

CHECKPOINT = "winner.npz"
RESULTS = (START, RECORD, CHECKPOINT, "model.tflite", "golden.npz")
"""The files that a run writes beside its trials."""


def run(
    config: SearchConfig,
    datasets: Mapping[int, Dataset],
    out: Path,
    listener: Listener,
    machine: Machine,
    origin: Origin = Origin(),  # noqa: B008 (frozen)
    pace: Pace | None = None,
) -> dict[str, Any]:
    """Run a search in a folder, or resume it; returns the content of run.json.

    Args:
        config: The settings that determine the result.
        datasets: The images by the side of the input; 0 is the side of a search with one input.
        out: Folder of the run.
        listener: Receives the progress.
        machine: How much of the host the run may use.
        origin: The command and the chip, for the record.
        pace: What predicts the latency, the one of `config.pace`; None if latency is not limited.

    Raises:
        BuildError: The trainer could not be compiled.
        ConfigError: The folder contains another search, or the converter is not installed.
        DivergedError: The numbers of the winner's training are no longer finite.
        HostMemoryError: There is not enough memory for one training.
        InfeasibleError: No candidate fits.
        WorkerError: Training or conversion failed.
    """
    _check_converter(config)
    _check_out(out)
    with TrialStore(out, config) as store:
        if store.notice:
            listener.noted(store.notice)
        start = _start(config, datasets, machine, origin)
        write_json(out / START, to_record(start))
        base_bytes, threads = _probe(machine, listener), machine.workers
        prices = Prices(pace)
        machine, largest_bytes = _planned(config, datasets, machine, base_bytes, listener, prices)
        start = replace(start, machine=machine, worker_base_bytes=base_bytes)
        write_json(out / START, to_record(start))
        listener.started(machine)
        with _make_pool(machine, listener) as pool:
            host = replace(_host(pool, base_bytes, datasets, machine, largest_bytes), prices=prices)
            winner, trials = explore(
                config, host, store, listener.trial_ended, listener.trial_progressed
            )
            found = _search_fields(config, trials, winner, store.seconds)
            dataset = datasets[winner.candidate.side]
            arguments = _winner_arguments(config, host, winner.candidate, dataset, out)
            arguments["threads"] = threads
        training, conversion = _finish(config, arguments, out, listener, machine)
        found |= _final_fields(dataset, out, training, conversion)
        begun = {own.name: getattr(start, own.name) for own in fields(start)}
        record: dict[str, Any] = to_record(FinalRecord(**begun, **found))
        write_json(out / RECORD, record)
    return record


def _winner_arguments(
    config: SearchConfig, host: Host, winner: Candidate, dataset: Dataset, out: Path
) -> dict[str, Any]:
    """The arguments of the tasks that train the winner and convert it."""
    return {
        "dataset": str(dataset.folder),
        "space": config.space,
        "candidate": winner.as_record(),
        "recipe": _final_recipe(config, host, winner),
        "checkpoint": str(out / CHECKPOINT),
    }


def _check_out(out: Path) -> None:
    """Check that files with our names belong to a run; without trials, they are the user's."""
    found = [name for name in RESULTS if (out / name).exists()]
    if found and not (out / STORE).exists():
        raise ConfigError(
            f"{str(out)!r} is not the folder of a run, but contains {', '.join(found)}; choose "
            "another --out"
        )


def _check_converter(config: SearchConfig) -> None:
    if config.converter == TENSORFLOW and find_spec("tensorflow") is None:
        raise ConfigError(
            "the converter 'tensorflow' is not installed: pip install 'mcu-nas[tensorflow]', or "
            "search a space with our own converter, such as folded"
        )


def _finish(
    config: SearchConfig,
    arguments: dict[str, Any],
    out: Path,
    listener: Listener,
    machine: Machine,
) -> tuple[Outcome, Outcome]:
    """Train the winner and convert it; returns both outcomes."""
    tell = listener.winner_progressed
    with Worker(memory_bytes=machine.alone_bytes) as worker:
        training = worker.run("nas.training.tasks:train_winner", arguments, tell)
        if isinstance(training.error, DivergedError):
            rate = arguments["recipe"]["learning_rate"]
            raise DivergedError(
                f"the winner's {training.error} with a learning rate of {rate:g}; the same command "
                f"with --learning-rate {rate / 5:g} keeps the search and trains the winner again"
            )
        training.unwrap()
    preload = CONVERSION if config.converter == TENSORFLOW else TRAINING
    with Worker(preload, machine.alone_bytes) as worker:
        model = out / "model.tflite"
        wanted = arguments | {"model": str(model), "converter": config.converter}
        conversion = worker.run("nas.quantization.tasks:convert_winner", wanted, tell)
        conversion.unwrap()
        make_golden(model, out / "golden.npz", SAMPLES, SEED, config.rounding, worker)
    return training, conversion


def _make_pool(machine: Machine, listener: Listener) -> Pool:
    if machine.scheduler:
        from nas.host.dask_pool import DaskPool

        return DaskPool(machine.scheduler, machine.worker_bytes, listener.preparing)
    workers = [Worker(memory_bytes=machine.worker_bytes) for _ in range(machine.workers)]
    return WorkerPool(workers)


def _probe(machine: Machine, listener: Listener) -> int:
    """Anonymous memory of a worker before it trains; also compiles the trainer if needed."""
    alone = replace(machine, workers=1).planned()
    with _make_pool(alone, listener) as pool:
        probed = pool.call(
            "nas.training.tasks:probe", {}, lambda event: listener.preparing(event["stage"])
        )
    # This process needs the trainer to predict memory; the workers may be on other machines.
    load_library(listener.preparing)
    base_bytes: int = probed["anonymous_bytes"]
    return base_bytes


def _planned(
    config: SearchConfig,
    datasets: Mapping[int, Dataset],
    machine: Machine,
    base_bytes: int,
    listener: Listener,
    prices: Prices,
) -> tuple[Machine, int]:
    """The machine with as many workers as its memory allows, and the largest training in bytes."""
    least, largest = training_extremes(config, _most_images(datasets), base_bytes, prices)
    planned = machine.planned(least, largest)
    if planned.workers < machine.workers:
        listener.noted(
            f"{planned.workers} of {machine.workers} workers: the largest training needs "
            f"{largest / MIB:.0f} MiB of the host's memory"
        )
    return planned, largest


def _most_images(datasets: Mapping[int, Dataset]) -> int:
    return max(dataset.counts["train"] for dataset in datasets.values())


def _host(
    pool: Pool,
    base_bytes: int,
    datasets: Mapping[int, Dataset],
    machine: Machine,
    largest_bytes: int,
) -> Host:
    """The host for a search.

    A training may take no more than `largest_bytes`, even if a worker has more, so that the number
    of workers does not change which candidates are trained.
    """
    images = _most_images(datasets)
    deadline_s = None if machine.search_s is None else time.monotonic() + machine.search_s
    folders = {side: str(dataset.folder) for side, dataset in datasets.items()}
    limit = machine.worker_bytes
    worker_bytes = None if limit is None else min(limit, largest_bytes)
    return Host(pool, folders, images, worker_bytes, base_bytes, deadline_s, machine.alone_bytes)


def _final_recipe(config: SearchConfig, host: Host, winner: Candidate) -> dict[str, Any]:
    """The winner's hyperparameters, with the largest part of a batch that the memory allows."""
    shape, recipe = config.input_of(winner), config.final_recipe(winner)
    network = find_space(config.space).network(winner, shape, len(config.classes))
    part: int = recipe["batch_size"]
    while host.alone_bytes is not None and part > LANES:
        needed = winner_bytes(network, part, host.images, host.base_bytes)
        if needed <= host.alone_bytes:
            break
        part //= 2
    return recipe | {"part": part}


def _start(
    config: SearchConfig, datasets: Mapping[int, Dataset], machine: Machine, origin: Origin
) -> StartRecord:
    """The request, and the host."""
    dataset = next(iter(datasets.values()))
    return StartRecord(
        schema=RUN_SCHEMA,
        config=config,
        command=origin.command,
        target=origin.target,
        versions=versions(has_tensorflow=config.converter == TENSORFLOW),
        host=describe_host(),
        machine=machine,
        images=dataset.counts,
        skipped_images=tuple(dataset.skipped),
        axes=find_space(config.space).axes,
    )


def _search_fields(
    config: SearchConfig, trials: list[Trial], winner: Trial, search_seconds: float | None
) -> dict[str, Any]:
    """The fields of run.json about the search."""
    return {
        "trials": tuple(trials),
        "winner": winner,
        "input": config.input_of(winner.candidate),
        "search_seconds": search_seconds,
    }


def _final_fields(
    dataset: Dataset, out: Path, training: Outcome, conversion: Outcome
) -> dict[str, Any]:
    """The fields of run.json about the final training, the conversion and the test images."""
    model, trained, converted = out / "model.tflite", training.unwrap(), conversion.unwrap()
    labels, classes = dataset.labels(Split.TEST), len(dataset.classes)
    answers = count_answers(labels, trained["answers"], converted["int8_answers"], classes)
    return {
        "final_accuracies": tuple(trained["accuracies"]),
        "final_losses": tuple(trained["losses"]),
        "final_training": Effort(training.seconds, training.peak_anonymous_bytes),
        "conversion": Effort(conversion.seconds, conversion.peak_anonymous_bytes),
        "int8_valid_accuracy": converted["int8_valid_accuracy"],
        "calibration_images": converted["calibration_images"],
        "float_test_accuracy": answers.float_right / answers.images,
        "int8_test_accuracy": answers.int8_right / answers.images,
        "test_answers": answers,
        "model_bytes": model.stat().st_size,
        "model_sha256": sha256_of_file(model),
        "golden_sha256": sha256_of_file(out / "golden.npz"),
    }
