"""Trains a network with the final recipe, converts it to int8, and tests it. I/O."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from firmware.errors import ConfigError, DivergedError
from firmware.files import sha256_of_file
from nas.data.dataset import Dataset
from nas.data.splits import Split
from nas.host.machine import Machine
from nas.host.pool import Pool, WorkerPool
from nas.host.worker import CONVERSION, TRAINING, Outcome, Worker
from nas.quantization.golden import SAMPLES, SEED
from nas.quantization.make_golden import make_golden
from nas.search.answers import count_answers
from nas.search.config import SearchConfig
from nas.search.listener import Listener
from nas.search.network_bounds import network_of
from nas.search.run_record import RECORD, START, Effort
from nas.spaces import Candidate
from nas.spaces.converters import TENSORFLOW
from nas.trainer.library import load_library
from nas.trainer.program import LANES
from nas.training.memory import winner_bytes

CHECKPOINT, MODEL, GOLDEN = "winner.npz", "model.tflite", "golden.npz"
RESULTS = (START, RECORD, CHECKPOINT, MODEL, GOLDEN)
"""The files that a run writes beside its trials."""


@dataclass(frozen=True, slots=True)
class FinalMemory:
    """The host memory of a final training.

    Attributes:
        images: Number of training images.
        base_bytes: Anonymous memory of a worker before it trains.
        limit_bytes: Limit of the anonymous memory of a task that runs alone; None for no limit.
    """

    images: int
    base_bytes: int
    limit_bytes: int | None

    def needed(self, config: SearchConfig, candidate: Candidate, part: int = LANES) -> int:
        """Bytes for the final training of a candidate with this many images at a time."""
        network = network_of(config, candidate)
        return winner_bytes(network, part, self.images, self.base_bytes, config.averages_weights)

    def allows(self, config: SearchConfig, candidate: Candidate, part: int = LANES) -> bool:
        """Whether there is enough memory for it."""
        return self.limit_bytes is None or self.needed(config, candidate, part) <= self.limit_bytes


def check_converter(config: SearchConfig) -> None:
    """Check that the converter is installed.

    Raises:
        ConfigError: It is not.
    """
    if config.converter == TENSORFLOW and find_spec("tensorflow") is None:
        raise ConfigError(
            "the converter 'tensorflow' is not installed: pip install 'mcu-nas[tensorflow]', or "
            "search a space with our own converter, such as folded"
        )


def make_pool(machine: Machine, listener: Listener) -> Pool:
    """The workers of a machine, or of its cluster."""
    if machine.scheduler:
        from nas.host.dask_pool import DaskPool

        return DaskPool(machine.scheduler, machine.worker_bytes, listener.preparing)
    workers = [Worker(memory_bytes=machine.worker_bytes) for _ in range(machine.workers)]
    return WorkerPool(workers)


def probe(machine: Machine, listener: Listener) -> int:
    """Anonymous memory of a worker before it trains; also compiles the trainer if needed."""
    with make_pool(machine, listener) as pool:
        probed = pool.call(
            "nas.training.tasks:probe", {}, lambda event: listener.preparing(event["stage"])
        )
    # This process needs the trainer to predict memory; the workers may be on other machines.
    load_library(listener.preparing)
    base_bytes: int = probed["anonymous_bytes"]
    return base_bytes


def final_arguments(
    config: SearchConfig,
    memory: FinalMemory,
    candidate: Candidate,
    dataset: Dataset,
    out: Path,
    threads: int,
    logits: Path | None = None,
) -> dict[str, Any]:
    """The arguments of the tasks that train a candidate for good and convert it.

    `logits` is the file of what the teacher says, if the settings name one.
    """
    return {
        "dataset": str(dataset.folder),
        "space": config.space,
        "candidate": candidate.as_record(),
        "recipe": _recipe(config, memory, candidate),
        "checkpoint": str(out / CHECKPOINT),
        "threads": threads,
        "logits": str(logits or ""),
    }


def _recipe(config: SearchConfig, memory: FinalMemory, candidate: Candidate) -> dict[str, Any]:
    """The hyperparameters, with the largest part of a batch that the memory allows."""
    recipe = config.final_recipe(candidate)
    part: int = recipe["batch_size"]
    while part > LANES and not memory.allows(config, candidate, part):
        part //= 2
    return recipe | {"part": part}


def finish(
    config: SearchConfig,
    arguments: dict[str, Any],
    out: Path,
    listener: Listener,
    machine: Machine,
) -> tuple[Outcome, Outcome]:
    """Train a candidate and convert it; returns both outcomes. Resumes an interrupted training.

    Args:
        config: The settings.
        arguments: The `final_arguments`.
        out: Folder of the results.
        listener: Receives the progress.
        machine: How much of the host it may use.

    Raises:
        DivergedError: The numbers of the training are no longer finite.
        WorkerError: Training or conversion failed.
    """
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
        wanted = arguments | {"model": str(out / MODEL), "converter": config.converter}
        conversion = worker.run("nas.quantization.tasks:convert_winner", wanted, tell)
        conversion.unwrap()
        make_golden(out / MODEL, out / GOLDEN, SAMPLES, SEED, config.rounding, worker)
    return training, conversion


def final_fields(
    dataset: Dataset, out: Path, training: Outcome, conversion: Outcome
) -> dict[str, Any]:
    """The fields of run.json about the final training, the conversion and the test images."""
    trained, converted = training.unwrap(), conversion.unwrap()
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
        "model_bytes": (out / MODEL).stat().st_size,
        "model_sha256": sha256_of_file(out / MODEL),
        "golden_sha256": sha256_of_file(out / GOLDEN),
    }
