"""A run: search, train the winner, convert it to int8, write the records. I/O."""

import time
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from firmware.errors import ConfigError
from firmware.files import write_json
from firmware.records.conversion import to_record
from nas.data.dataset import Dataset
from nas.data.fold_images import open_folds
from nas.estimator.pace import Pace
from nas.host.machine import Machine
from nas.host.memory_plan import MIB
from nas.host.pool import Pool
from nas.search.config import SearchConfig
from nas.search.explore import Host, Prices, explore, training_extremes
from nas.search.final import (
    RESULTS,
    FinalMemory,
    check_converter,
    final_arguments,
    final_fields,
    finish,
    make_pool,
    probe,
)
from nas.search.final_length import with_final_epochs
from nas.search.fold_count import fold_note, judging_images
from nas.search.listener import Listener
from nas.search.provenance import Origin, describe_host, versions
from nas.search.run_record import RECORD, RUN_SCHEMA, START, FinalRecord, StartRecord
from nas.search.teacher import Teacher, ask_teacher
from nas.search.trial_store import STORE, TrialStore
from nas.search.trials import Trial, with_interval
from nas.spaces import find_space
from nas.spaces.converters import TENSORFLOW


def run(
    config: SearchConfig,
    datasets: Mapping[int, Dataset],
    out: Path,
    listener: Listener,
    machine: Machine,
    origin: Origin = Origin(),  # noqa: B008 (frozen)
    pace: Pace | None = None,
    teacher: Teacher | None = None,
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
        teacher: What teaches the winner, trained on one of the datasets; None for nothing.

    Raises:
        BuildError: The trainer could not be compiled.
        ConfigError: The folder contains another search, or the converter is not installed.
        DataError: The folds of the images could not be written.
        DivergedError: The numbers of the winner's training are no longer finite.
        HostMemoryError: There is not enough memory for one training.
        InfeasibleError: No candidate fits.
        WorkerError: Training or conversion failed.
    """
    check_converter(config)
    _check_out(out)
    with TrialStore(out, config) as store:
        if store.notice:
            listener.noted(store.notice)
        start = _start(config, datasets, machine, origin, teacher)
        write_json(out / START, to_record(start))
        _prepare_folds(config, datasets, listener)
        alone = replace(machine, workers=1).planned()
        base_bytes, threads = probe(alone, listener), machine.workers
        logits = _logits(teacher, datasets, base_bytes, alone, listener)
        prices = Prices(pace)
        machine, largest_bytes = _planned(config, datasets, machine, base_bytes, listener, prices)
        start = replace(start, machine=machine, worker_base_bytes=base_bytes)
        write_json(out / START, to_record(start))
        listener.started(machine)
        with make_pool(machine, listener) as pool:
            host = _host(config, pool, base_bytes, datasets, machine, largest_bytes, prices)
            winner, trials = explore(
                config, host, store, listener.trial_ended, listener.trial_progressed
            )
            found = _search_fields(start, trials, winner, store.seconds)
            config = with_final_epochs(config, trials, winner.candidate, machine.search_s)
            picked, memory = winner.candidate, _final_memory(host, datasets)
            dataset = datasets[picked.side]
            arguments = final_arguments(config, memory, picked, dataset, out, threads, logits)
        training, conversion = finish(config, arguments, out, listener, machine)
        found |= final_fields(dataset, out, training, conversion)
        return _write_record(replace(start, config=config), found, out)


def _check_out(out: Path) -> None:
    """Check that files with our names belong to a run; without trials, they are the user's."""
    found = [name for name in RESULTS if (out / name).exists()]
    if found and not (out / STORE).exists():
        raise ConfigError(
            f"{str(out)!r} is not the folder of a run, but contains {', '.join(found)}; choose "
            "another --out"
        )


def _logits(
    teacher: Teacher | None,
    datasets: Mapping[int, Dataset],
    base_bytes: int,
    machine: Machine,
    listener: Listener,
) -> Path | None:
    """The file of what a teacher says of the training images."""
    if teacher is None:
        return None
    dataset = next(own for own in datasets.values() if own.key == teacher.images_key)
    return ask_teacher(teacher, dataset, base_bytes, machine, listener)


def _planned(
    config: SearchConfig,
    datasets: Mapping[int, Dataset],
    machine: Machine,
    base_bytes: int,
    listener: Listener,
    prices: Prices,
) -> tuple[Machine, int]:
    """The machine with as many workers as its memory allows, and the largest training in bytes."""
    images = _most_images(config, datasets)
    least, largest = training_extremes(config, images, base_bytes, prices)
    planned = machine.planned(least, largest)
    if planned.workers < machine.workers:
        listener.noted(
            f"{planned.workers} of {machine.workers} workers: the largest training needs "
            f"{largest / MIB:.0f} MiB of the host's memory"
        )
    return planned, largest


def _most_images(config: SearchConfig, datasets: Mapping[int, Dataset]) -> int:
    """The number of training images, for which memory is planned."""
    parts = ("train",) if config.folds == 1 else ("train", "valid")
    return max(sum(own.counts[part] for part in parts) for own in datasets.values())


def _prepare_folds(
    config: SearchConfig, datasets: Mapping[int, Dataset], listener: Listener
) -> None:
    """Tell how many images judge; write them in the order of their folds, if there are any."""
    counts = next(iter(datasets.values())).counts
    listener.judged_on(judging_images(counts, config.folds))
    note = fold_note(counts, config.folds)
    if note:
        listener.noted(note)
    if config.folds > 1:
        for dataset in datasets.values():
            open_folds(dataset, config.folds)


def _host(
    config: SearchConfig,
    pool: Pool,
    base_bytes: int,
    datasets: Mapping[int, Dataset],
    machine: Machine,
    largest_bytes: int,
    prices: Prices,
) -> Host:
    """The host for a search.

    A training may take no more than `largest_bytes`, even if a worker has more, so that the number
    of workers does not change which candidates are trained.
    """
    images = _most_images(config, datasets)
    deadline_s = None if machine.search_s is None else time.monotonic() + machine.search_s
    folders = {side: str(dataset.folder) for side, dataset in datasets.items()}
    limit = machine.worker_bytes
    worker_bytes = None if limit is None else min(limit, largest_bytes)
    alone = machine.alone_bytes
    return Host(pool, folders, images, worker_bytes, base_bytes, deadline_s, alone, prices)


def _final_memory(host: Host, datasets: Mapping[int, Dataset]) -> FinalMemory:
    images = max(dataset.counts["train"] for dataset in datasets.values())
    return FinalMemory(images, host.base_bytes, host.alone_bytes)


def _start(
    config: SearchConfig,
    datasets: Mapping[int, Dataset],
    machine: Machine,
    origin: Origin,
    teacher: Teacher | None,
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
        data=origin.data,
        skip_broken=origin.skip_broken,
        teacher="" if teacher is None else str(teacher.folder.absolute()),
        dataset_keys={str(side): own.key for side, own in datasets.items()},
    )


def _write_record(start: StartRecord, found: dict[str, Any], out: Path) -> dict[str, Any]:
    """Write run.json; returns its content."""
    begun = {own.name: getattr(start, own.name) for own in fields(start)}
    record: dict[str, Any] = to_record(FinalRecord(**begun, **found))
    write_json(out / RECORD, record)
    return record


def _search_fields(
    start: StartRecord, trials: list[Trial], winner: Trial, search_seconds: float | None
) -> dict[str, Any]:
    """The fields of run.json about the search."""
    count = start.judging_images
    return {
        "trials": tuple(with_interval(trial, count) for trial in trials),
        "winner": with_interval(winner, count),
        "input": start.config.input_of(winner.candidate),
        "search_seconds": search_seconds,
    }
