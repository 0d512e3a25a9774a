"""Trains another network of a run, within other limits, without searching again. I/O."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from codegen.costs.speed import read_speed_model
from firmware.errors import ConfigError, HostMemoryError, StaleError
from firmware.files import write_json
from firmware.progress import parse_duration
from firmware.records.conversion import to_record
from firmware.targets import load_target
from nas.estimator.cost import Limits
from nas.estimator.pace import Pace, make_modelled_pace, make_pace, modelled_note
from nas.host.machine import Machine
from nas.host.memory_plan import MIB
from nas.search.api import machine_of
from nas.search.choice import fitting, priced_trials
from nas.search.config import SearchConfig
from nas.search.final import (
    RESULTS,
    FinalMemory,
    check_converter,
    final_arguments,
    final_fields,
    finish,
    probe,
)
from nas.search.final_length import parse_epochs, with_final_epochs
from nas.search.folder_lock import lock_folder
from nas.search.images_of_run import images_of_run
from nas.search.listener import Listener
from nas.search.pick_request import PickRequest
from nas.search.provenance import describe_host, versions
from nas.search.recorded_run import RecordedRun, read_recorded
from nas.search.run_record import RECORD, RUN_SCHEMA, START, FinalRecord, StartRecord, read_record
from nas.search.teacher import (
    Teacher,
    ask_teacher,
    check_space,
    check_teacher,
    find_teacher,
    keys_of,
)
from nas.search.trial_store import STORE
from nas.search.trials import Trial, with_interval
from nas.spaces import Candidate
from nas.spaces.converters import TENSORFLOW


def run_pick(
    request: PickRequest, listener: Listener | None = None, command: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Train the most accurate network of a run that fits other limits, and convert it to int8.

    Nothing is searched: only networks that the run trained are considered, also those of an
    unfinished run. The same call resumes an interrupted training in its folder.

    Args:
        request: The settings. `model.tflite`, `golden.npz` and `run.json` are written to its
            folder, as by `run_search`.
        listener: Receives the progress.
        command: The command line, for the record.

    Returns:
        The content of run.json.

    Raises:
        ConfigError: An option is invalid, the folder of the result is another one's, or the run
            cannot be read.
        DataError: The images cannot be used.
        HostMemoryError: There is not enough memory for the training.
        InfeasibleError: No trained network fits.
        StaleError: The images or the search space are not those of the run.
        WorkerError: Training or conversion failed.
    """
    told, recorded = listener or Listener(), read_recorded(request.run)
    _check_out(request)
    config, pace = _settings(request, recorded)
    check_space(config)
    teacher = _teacher(request, recorded)
    if teacher is not None:
        config = replace(config, teacher_sha256=teacher.record.model_sha256)
    check_converter(config)
    if config.pace is not None and config.pace.is_modelled:
        told.noted(modelled_note(config.pace))
    machine = machine_of(request.workers, request.host_memory)
    machine.planned()  # too little memory is an error before anything else
    trials = priced_trials(recorded, config, pace)
    candidates = fitting(trials, config, recorded.name)
    if recorded.final is None:
        count = len({own.candidate for own in trials if own.accuracy is not None})
        told.noted(f"{recorded.name} is not finished: picks from {count} networks trained so far")
    with lock_folder(request.out):
        return _train(
            request, recorded, config, machine, trials, candidates, teacher, told, command
        )


def _train(
    request: PickRequest,
    recorded: RecordedRun,
    config: SearchConfig,
    machine: Machine,
    trials: tuple[Trial, ...],
    candidates: tuple[Candidate, ...],
    teacher: Teacher | None,
    told: Listener,
    command: tuple[str, ...],
) -> dict[str, Any]:
    """Train the first candidate for which there is memory, and write the records."""
    out, alone = request.out, replace(machine, workers=1).planned()
    machine = replace(alone, workers=machine.workers)
    start = _start(recorded, config, machine, teacher, command)
    write_json(out / START, to_record(start))
    base_bytes = probe(alone, told)
    memory = FinalMemory(start.images["train"], base_bytes, alone.alone_bytes)
    picked = _first_within(memory, config, candidates)
    if picked != candidates[0]:
        told.noted(f"the host has not enough memory to train {candidates[0].described}")
    config = with_final_epochs(config, trials, picked, None)
    dataset = images_of_run(recorded.record, picked.side, request.data, told, machine.memory_bytes)
    start = replace(start, worker_base_bytes=base_bytes, config=config)
    write_json(out / START, to_record(start))
    told.data_ready({picked.side: dataset})
    told.started(machine)
    told.noted(f"picked {picked.described}")
    logits = _logits(teacher, request, recorded, base_bytes, alone, told)
    arguments = final_arguments(config, memory, picked, dataset, out, machine.workers, logits)
    training, conversion = finish(config, arguments, out, told, machine)
    found = _results(recorded, config, trials, picked)
    found |= final_fields(dataset, out, training, conversion)
    begun = {own.name: getattr(start, own.name) for own in fields(start)}
    record: dict[str, Any] = to_record(FinalRecord(**begun, **found))
    write_json(out / RECORD, record)
    return record


def _check_out(request: PickRequest) -> None:
    """Check that the results replace neither files of the user nor the winner of a search."""
    out = request.out
    if out.resolve() == request.run.resolve():
        raise ConfigError(
            f"--out {str(out)!r} is the run itself, whose winner would be replaced; choose another"
        )
    found = [name for name in (STORE, *RESULTS) if (out / name).exists()]
    if found and not _is_pick(out):
        raise ConfigError(
            f"{str(out)!r} contains {', '.join(found)}, which 'nas pick' did not write; choose "
            "another --out"
        )


def _is_pick(out: Path) -> bool:
    try:
        return bool(read_record(out / START, StartRecord)[0].picked_from)
    except ConfigError:
        return False


def _settings(request: PickRequest, recorded: RecordedRun) -> tuple[SearchConfig, Pace | None]:
    """The settings of the run with the limits of the request; what predicts the latency, if new."""
    config = recorded.record.config
    before = config.limits
    limits = replace(
        before,
        ram_bytes=before.ram_bytes if request.ram is None else request.ram,
        flash_bytes=before.flash_bytes if request.flash is None else request.flash,
        macc=before.macc if request.macc is None else request.macc,
    )
    if request.latency:
        limits = replace(limits, latency_us=round(1e6 * parse_duration(request.latency)))
    if limits.latency_us is None and request.measured_latency is not None:
        raise ConfigError("--measured-latency needs --latency: the run does not limit the latency")
    pace = _pace(request, recorded, limits)
    wanted, rate = request.final_epochs, request.learning_rate
    return replace(
        config,
        limits=limits,
        pace=config.pace if pace is None else pace.record,
        final_epochs=config.final_epochs if wanted is None else parse_epochs(wanted),
        learning_rate=config.learning_rate if rate is None else rate,
    ), pace


def _pace(request: PickRequest, recorded: RecordedRun, limits: Limits) -> Pace | None:
    """What predicts the latency; None if the run has it already, or the latency is not limited."""
    config = recorded.record.config
    if request.measured_latency is None and (limits.latency_us is None or config.pace is not None):
        return None
    target = recorded.record.target or load_target(config.target)
    if request.measured_latency is None:
        return make_modelled_pace(target, config.runtime)
    model = read_speed_model(request.measured_latency)
    return make_pace(model, target.core, target.core_hz, config.runtime)


def _teacher(request: PickRequest, recorded: RecordedRun) -> Teacher | None:
    """What teaches the network: the teacher of the request, else that of the run."""
    record, config = recorded.record, recorded.record.config
    if request.teacher is None and not record.teacher:
        return None
    teacher = find_teacher(request.teacher or Path(record.teacher), request.out)
    if request.teacher is None and teacher.record.model_sha256 != config.teacher_sha256:
        raise StaleError(
            f"the teacher of {recorded.name}, {record.teacher!r}, has been trained again since; "
            "name a teacher with --teacher"
        )
    check_teacher(teacher, config, keys_of(record).values(), request.out)
    return teacher


def _logits(
    teacher: Teacher | None,
    request: PickRequest,
    recorded: RecordedRun,
    base_bytes: int,
    machine: Machine,
    told: Listener,
) -> Path | None:
    """The file of what a teacher says of the training images."""
    if teacher is None:
        return None
    record = recorded.record
    side = next(side for side, key in keys_of(record).items() if key == teacher.images_key)
    dataset = images_of_run(record, side, request.data, told, machine.memory_bytes)
    return ask_teacher(teacher, dataset, base_bytes, machine, told)


def _first_within(
    memory: FinalMemory, config: SearchConfig, candidates: tuple[Candidate, ...]
) -> Candidate:
    """The first candidate whose final training the host's memory allows."""
    for candidate in candidates:
        if memory.allows(config, candidate):
            return candidate
    least = min(memory.needed(config, candidate) for candidate in candidates)
    raise HostMemoryError(
        f"the final training needs {least / MIB:.1f} MiB of the host's memory, the limit is "
        f"{(memory.limit_bytes or 0) / MIB:.1f} MiB; raise --host-memory"
    )


def _start(
    recorded: RecordedRun,
    config: SearchConfig,
    machine: Machine,
    teacher: Teacher | None,
    command: tuple[str, ...],
) -> StartRecord:
    """The record of the run with the settings, the command and the host of the pick."""
    begun = {own.name: getattr(recorded.record, own.name) for own in fields(StartRecord)}
    changed = {
        "schema": RUN_SCHEMA,
        "config": config,
        "command": command,
        "versions": versions(has_tensorflow=config.converter == TENSORFLOW),
        "host": describe_host(),
        "machine": machine,
        "worker_base_bytes": None,
        "picked_from": recorded.name,
        "teacher": "" if teacher is None else str(teacher.folder.absolute()),
    }
    return StartRecord(**begun | changed)


def _results(
    recorded: RecordedRun, config: SearchConfig, trials: tuple[Trial, ...], picked: Candidate
) -> dict[str, Any]:
    """The fields of run.json about the search."""
    trained = (own for own in trials if own.candidate == picked and own.accuracy is not None)
    images = recorded.record.judging_images
    return {
        "trials": tuple(with_interval(trial, images) for trial in trials),
        "winner": with_interval(next(trained), images),
        "input": config.input_of(picked),
        "search_seconds": recorded.search_seconds,
    }
