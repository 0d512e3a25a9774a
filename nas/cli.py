"""`nas`: searches networks, estimates them, records what they must answer."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from codegen.read_tflite import read_tflite
from firmware.command_line import run as run_command
from firmware.errors import ConfigError
from firmware.files import sha256_of_file
from firmware.progress import Progress, duration
from firmware.targets import Target, load_target
from nas.config import SearchConfig
from nas.cost import Limits
from nas.data_source import find_data
from nas.dataset import Dataset, cache_folder, prepare_dataset
from nas.estimate import Estimate, estimate
from nas.make_golden import make_golden
from nas.model_size import predict_model_bytes
from nas.options import make_parser
from nas.report import estimate_text, run_text
from nas.run import Listener, run
from nas.space import Candidate, parse_candidate, parse_shape
from nas.spaces import find_space
from nas.trials import Trial
from nas.worker import Worker


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code."""
    arguments = make_parser(_run, _estimate, _golden).parse_args(argv)
    return run_command("nas", arguments.command, arguments)


def _run(arguments: argparse.Namespace) -> None:
    target = load_target(arguments.target)
    limits = _limits(arguments, target)
    progress = Progress("nas")
    dataset = _dataset(arguments, progress)
    config = SearchConfig(
        dataset_key=dataset.key,
        shape=dataset.shape,
        classes=dataset.classes,
        space=arguments.space,
        strategy=arguments.strategy,
        target=target.name,
        runtime=arguments.runtime,
        limits=limits,
        epochs=arguments.epochs,
        final_epochs=arguments.final_epochs,
        seed=arguments.seed,
    )
    try:
        record = run(config, dataset, arguments.out, _Narrator(progress))
    finally:
        progress.clear()
    print(json.dumps(record, indent=2) if arguments.json else run_text(record))
    print(f"nas: wrote {arguments.out}/model.tflite, golden.npz, run.json", file=sys.stderr)


def _dataset(arguments: argparse.Namespace, progress: Progress) -> Dataset:
    shape = parse_shape(arguments.input) if arguments.input else None
    source = find_data(arguments.data)
    dataset = prepare_dataset(
        source,
        shape or source.default_shape,
        arguments.skip_broken,
        cache_folder(),
        lambda done, total: progress.update(f"decoding image {done:,} of {total:,}"),
    )
    counts = ", ".join(f"{count:,} to {part}" for part, count in dataset.counts.items())
    size = "x".join(map(str, dataset.shape))
    progress.note(f"{len(dataset.classes)} classes, images of {size}: {counts}")
    for name in dataset.skipped:
        progress.note(f"skipped {name}: it could not be read")
    return dataset


def _limits(arguments: argparse.Namespace, target: Target) -> Limits:
    ram_left = target.ram_bytes - target.stack_bytes
    return Limits(
        macc=target.macc_limit if arguments.macc is None else arguments.macc,
        flash_bytes=target.flash_bytes if arguments.flash is None else arguments.flash,
        ram_bytes=ram_left if arguments.ram is None else arguments.ram,
    )


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


def _estimate(arguments: argparse.Namespace) -> None:
    target = load_target(arguments.target)
    limits = _limits(arguments, target)
    if (arguments.model is None) == (arguments.candidate is None):
        raise ConfigError("name either a MODEL.tflite or a --candidate, such as 6,4")
    result = (
        _estimate_candidate(arguments, target, limits)
        if arguments.model is None
        else _estimate_model(arguments, target, limits)
    )
    record = result.as_record()
    print(json.dumps(record, indent=2) if arguments.json else estimate_text(result))


def _estimate_model(arguments: argparse.Namespace, target: Target, limits: Limits) -> Estimate:
    graph = read_tflite(arguments.model)
    model_bytes = arguments.model.stat().st_size
    return estimate(arguments.model.name, graph, model_bytes, target, limits, arguments.runtime)


def _estimate_candidate(arguments: argparse.Namespace, target: Target, limits: Limits) -> Estimate:
    candidate = parse_candidate(arguments.candidate)
    shape = parse_shape(arguments.input)
    if arguments.classes < 2:
        raise ConfigError(f"--classes is {arguments.classes}, expected at least 2")
    graph = find_space(arguments.space).lower(candidate, shape, arguments.classes)
    name = f"{arguments.space} {candidate} for {arguments.input} and {arguments.classes} classes"
    model_bytes = predict_model_bytes(graph)
    return estimate(name, graph, model_bytes, target, limits, arguments.runtime)


def _golden(arguments: argparse.Namespace) -> None:
    progress = Progress("nas")
    progress.update("starting TensorFlow")
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
