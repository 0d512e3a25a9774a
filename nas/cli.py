"""`nas`: searches networks, estimates them, records what they must answer."""

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from codegen.graph import Graph
from codegen.read_tflite import read_tflite
from firmware.command_line import parse
from firmware.command_line import run as run_command
from firmware.errors import ConfigError
from firmware.files import cache_folder, sha256_of_file, write_json, write_text
from firmware.printable import printable
from firmware.progress import Progress, duration, parse_duration
from firmware.targets import Target, load_target
from nas.config import SearchConfig
from nas.converters import predict_bytes
from nas.cost import Limits
from nas.data.cli import add_data
from nas.data_source import find_data
from nas.dataset import Dataset, prepare_dataset
from nas.estimator.calibration import calibrate, read_measurements
from nas.estimator.memory_map import memory_map_svg
from nas.estimator.network import estimate
from nas.estimator.report import calibration_text, estimate_text
from nas.estimator.speed import read_speed_model, shipped_speed_model
from nas.host_memory import parse_host_memory
from nas.input_size import AUTO, first_side, input_sides
from nas.make_golden import make_golden
from nas.options import make_parser
from nas.pace import Pace, make_pace
from nas.provenance import Origin
from nas.report.cli import add_report
from nas.report.terminal import run_text
from nas.run import Listener, Machine, run
from nas.space import Candidate, parse_candidate, parse_shape
from nas.spaces import find_converter, find_space
from nas.trials import Trial
from nas.worker import Worker


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code."""
    warnings.filterwarnings("ignore", module=r"PIL\.")  # of damaged images, which we name
    words = tuple(sys.argv[1:] if argv is None else argv)
    arguments = parse(
        make_parser(_run, _estimate, _calibrate, _golden, add_data, add_report), words
    )
    arguments.words = words
    return run_command("nas", arguments.command, arguments)


def _run(arguments: argparse.Namespace) -> None:
    target = load_target(arguments.target)
    limits, pace = _timed(arguments, target, _limits(arguments, target))
    machine = _machine(arguments)
    origin = Origin(("nas", *arguments.words), target)
    progress = Progress("nas")
    datasets = _datasets(arguments, progress)
    dataset = datasets[first_side(tuple(datasets))]
    config = SearchConfig(
        dataset_key=dataset.key,
        shape=dataset.shape,
        classes=dataset.classes,
        space=arguments.space,
        converter=arguments.converter,
        strategy=arguments.strategy,
        target=target.name,
        runtime=arguments.runtime,
        limits=limits,
        epochs=arguments.epochs,
        final_epochs=arguments.final_epochs,
        seed=arguments.seed,
        recipe=arguments.recipe,
        augmentation=arguments.augment or ("mirror" if dataset.shape[2] == 3 else "shift"),
        sides=tuple(datasets) if arguments.input == AUTO else (),
        pace=pace,
    )
    try:
        record = run(config, datasets, arguments.out, _Narrator(progress), machine, origin)
    finally:
        progress.clear()
    print(json.dumps(record, indent=2) if arguments.json else run_text(record))
    print(f"nas: wrote {arguments.out}/model.tflite, golden.npz, run.json", file=sys.stderr)


def _machine(arguments: argparse.Namespace) -> Machine:
    workers = arguments.workers or os.cpu_count() or 1
    if workers < 1:
        raise ConfigError(f"--workers is {workers}, expected at least 1")
    return Machine(
        workers,
        parse_host_memory(arguments.host_memory),
        arguments.scheduler,
        parse_duration(arguments.max_time) if arguments.max_time else None,
    )


def _datasets(arguments: argparse.Namespace, progress: Progress) -> dict[int, Dataset]:
    """The images at every input of the search, by its side; 0 if it is given."""
    source = find_data(arguments.data)
    if arguments.input == AUTO:
        channels = source.default_shape[2]
        shapes = {side: (side, side, channels) for side in input_sides(source)}
    else:
        shapes = {0: parse_shape(arguments.input) if arguments.input else source.default_shape}
    datasets = {
        side: prepare_dataset(
            source,
            shape,
            arguments.skip_broken,
            cache_folder(),
            lambda done, total: progress.update(f"decoding image {done:,} of {total:,}"),
        )
        for side, shape in shapes.items()
    }
    any_of_them = next(iter(datasets.values()))
    counts = ", ".join(f"{count:,} to {part}" for part, count in any_of_them.counts.items())
    sizes = " or ".join("x".join(map(str, shape)) for shape in shapes.values())
    progress.note(f"{len(any_of_them.classes)} classes, images of {sizes}: {counts}")
    for name in any_of_them.skipped:
        progress.note(f"skipped {printable(name)}: it could not be read")
    return datasets


def _limits(arguments: argparse.Namespace, target: Target) -> Limits:
    ram_left = target.ram_bytes - target.stack_bytes
    return Limits(
        macc=target.macc_limit if arguments.macc is None else arguments.macc,
        flash_bytes=target.flash_bytes if arguments.flash is None else arguments.flash,
        ram_bytes=ram_left if arguments.ram is None else arguments.ram,
    )


def _timed(
    arguments: argparse.Namespace, target: Target, limits: Limits
) -> tuple[Limits, Pace | None]:
    """The limits with the one of time, and what foretells it."""
    if not arguments.latency and not arguments.measured_latency:
        return limits, None
    if not (arguments.latency and arguments.measured_latency):
        raise ConfigError(
            "--latency and --measured-latency go together: a limit, and a file of 'nas calibrate' "
            "that foretells what keeps it"
        )
    model = read_speed_model(arguments.measured_latency)
    pace = make_pace(model, target.core, target.core_hz, arguments.runtime)
    return replace(limits, latency_us=round(1e6 * parse_duration(arguments.latency))), pace


class _Narrator(Listener):
    """Tells on stderr what a run does."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._first_s = time.monotonic()
        self._work: str = ""
        self._work_first_s = 0.0
        self._work_first_epoch = 0

    def trial_ended(self, trial: Trial) -> None:
        result = trial.reason
        if trial.accuracy is not None:
            megabytes = trial.peak_anonymous_bytes / 1e6
            result = f"{trial.accuracy:.4f} in {duration(trial.seconds)}, {megabytes:.0f} MB"
        self._progress.note(f"{trial.candidate} {trial.status}: {result}")

    def trial_progressed(self, candidate: Candidate, event: dict[str, Any]) -> None:
        self._epoch(f"training {candidate}", event)

    def winner_progressed(self, event: dict[str, Any]) -> None:
        if "stage" in event:
            self._progress.note(event["stage"])
        else:
            self._epoch("training the winner", event)

    def _epoch(self, work: str, event: dict[str, Any]) -> None:
        """Time left is that of this training: how many trials will follow is not known."""
        now_s = time.monotonic()
        if work != self._work:
            self._work, self._work_first_s = work, now_s
            self._work_first_epoch = event["epoch"]
        left = ""
        done = event["epoch"] - self._work_first_epoch
        if done > 0:
            epoch_s = (now_s - self._work_first_s) / done
            left = f", {duration(epoch_s * (event['epochs'] - event['epoch']))} left"
        elapsed = duration(now_s - self._first_s)
        self._progress.update(
            f"{work}: epoch {event['epoch']} of {event['epochs']}, accuracy "
            f"{event['accuracy']:.4f}{left} ({elapsed} so far)"
        )


def _estimate(arguments: argparse.Namespace) -> int:
    target = load_target(arguments.target)
    limits = _limits(arguments, target)
    if (arguments.model is None) == (arguments.candidate is None):
        raise ConfigError("name either a MODEL.tflite, a run, or a --candidate, such as 6,4")
    name, graph, model_bytes, model_sha256 = (
        _candidate(arguments) if arguments.model is None else _model(arguments.model)
    )
    prices = read_speed_model(arguments.latency_model) if arguments.latency_model else None
    result = estimate(name, graph, model_bytes, target, limits, arguments.runtime, prices)
    if arguments.map:
        write_text(arguments.map, memory_map_svg(result))
    record = result.as_record() | {"model_sha256": model_sha256}
    print(json.dumps(record, indent=2) if arguments.json else estimate_text(result))
    return 1 if arguments.fail_over and not result.fits else 0


def _model(path: Path) -> tuple[str, Graph, int, str | None]:
    model = path / "model.tflite" if path.is_dir() else path
    graph = read_tflite(model)
    return str(path.name or path), graph, model.stat().st_size, sha256_of_file(model)


def _candidate(arguments: argparse.Namespace) -> tuple[str, Graph, int, str | None]:
    candidate = parse_candidate(arguments.candidate)
    shape = parse_shape(arguments.input)
    if arguments.classes < 2:
        raise ConfigError(f"--classes is {arguments.classes}, expected at least 2")
    graph = find_space(arguments.space).lower(candidate, shape, arguments.classes)
    name = f"{arguments.space} {candidate} for {arguments.input} and {arguments.classes} classes"
    model_bytes = predict_bytes(graph, find_converter(arguments.space, ""))
    return name, graph, model_bytes, None


def _calibrate(arguments: argparse.Namespace) -> None:
    target = load_target(arguments.target)
    measured = read_measurements(arguments.measurements, target.core)
    model = calibrate(measured, shipped_speed_model(measured.runtime, target.core))
    write_json(arguments.out, model.as_record())
    print(json.dumps(model.as_record(), indent=2) if arguments.json else calibration_text(model))
    print(f"nas: wrote {arguments.out}", file=sys.stderr)


def _golden(arguments: argparse.Namespace) -> None:
    progress = Progress("nas")
    with Worker() as worker:
        make_golden(
            arguments.model,
            arguments.out,
            arguments.samples,
            arguments.seed,
            worker,
            lambda event: progress.update(f"{event['done']} of {event['all']} inputs"),
        )
    progress.clear()
    record = {
        "golden": str(arguments.out),
        "model_sha256": sha256_of_file(arguments.model),
        "samples": arguments.samples,
        "seed": arguments.seed,
    }
    text = f"{arguments.out}: {arguments.samples} inputs and their outputs"
    print(json.dumps(record, indent=2) if arguments.json else text)
