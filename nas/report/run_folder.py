"""Reads the folder of a run, finished or not. I/O."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from codegen.model.graph import Graph
from codegen.model.read_tflite import read_tflite
from firmware.errors import StaleError
from firmware.files import sha256_of_file
from firmware.targets import Target, known_targets, load_target
from nas.network.description import Shape
from nas.search.answers import Answers
from nas.search.config import SearchConfig
from nas.search.recorded_run import read_recorded
from nas.search.run_record import RECORD, Effort, FinalRecord, StartRecord
from nas.search.trials import Trial, with_interval
from nas.spaces.axes import AxesRecord


@dataclass(frozen=True, slots=True)
class Start:
    """The request and the host of a run.

    Attributes:
        target: The chip; None if only its name is known and the SDK has no such target.
        command: The words of the command line; empty if not known.
        versions: Versions of packages by name.
        host: Facts of the machine; empty if they are not known.
        memory_bytes: Memory limit of all processes together; None if not known.
        worker_bytes: Memory limit of a worker; None if not known.
        config: The recorded settings.
        images: Number of images in each part.
        skipped_images: Names of damaged images that were skipped.
        axes: Dimensions of the search space in which the path of the search is drawn.
    """

    target: Target | None
    command: tuple[str, ...]
    versions: dict[str, str]
    host: dict[str, Any]
    memory_bytes: int | None
    worker_bytes: int | None
    config: dict[str, Any]
    images: dict[str, int]
    skipped_images: tuple[str, ...]
    axes: AxesRecord


@dataclass(frozen=True, slots=True)
class Final:
    """The final training and conversion. Values that earlier versions did not record are None.

    Attributes:
        winner: Its trial.
        shape: Height, width and channels of its input.
        accuracies: Validation accuracy after each epoch.
        losses: Mean training loss in each epoch.
        int8_valid_accuracy: Validation accuracy of the int8 model.
        calibration_images: Images that gave the ranges of the activations.
        test_images: Number of test images.
        float_right: Test images that the float model classifies correctly.
        int8_right: Test images that the int8 model classifies correctly.
        answers: Predictions of both models for the test images.
        training: Time and memory of the final training.
        conversion: Time and memory of the conversion.
        model_bytes: Size of the .tflite.
        model_sha256: SHA-256 of the .tflite.
        golden_sha256: SHA-256 of the golden file.
        graph: The graph of the .tflite; None if the file is missing.
    """

    winner: Trial
    shape: Shape
    accuracies: tuple[float, ...]
    losses: tuple[float, ...] | None
    int8_valid_accuracy: float | None
    calibration_images: int | None
    test_images: int
    float_right: int
    int8_right: int
    answers: Answers | None
    training: Effort | None
    conversion: Effort | None
    model_bytes: int
    model_sha256: str
    golden_sha256: str
    graph: Graph | None


@dataclass(frozen=True, slots=True)
class Run:
    """A run.

    Attributes:
        name: Name of its folder.
        trials: In the order of the search; if it is unfinished, in the order in which they ended.
        search_seconds: Wall-clock time of the search so far, in all its sessions; None if an
            earlier version did not record it.
        final: None if the run is not finished.
        others: Trainings that are in the folder, but that this search did not need, such as those
            of a search with other limits. Empty if the latency is limited: theirs is not known.
    """

    name: str
    config: SearchConfig
    start: Start
    trials: tuple[Trial, ...]
    search_seconds: float | None
    final: Final | None
    others: tuple[Trial, ...] = ()


def read_run(folder: Path) -> Run:
    """Read a run, finished or not.

    Raises:
        ConfigError: The folder contains no run, or the run is damaged.
        StaleError: The model differs from the one that the run recorded.
    """
    recorded = read_recorded(folder)
    record, final = recorded.record, recorded.final
    return Run(
        recorded.name,
        record.config,
        _start(record, recorded.config),
        tuple(with_interval(trial, record.judging_images) for trial in recorded.trials),
        recorded.search_seconds,
        None if final is None else _with_graph(folder, _final(final)),
        () if record.config.limits.latency_us is not None else recorded.others,
    )


def _start(record: StartRecord, config: dict[str, Any]) -> Start:
    machine, name = record.machine, record.config.target
    return Start(
        target=record.target or _known_target(name),
        command=record.command,
        versions=record.versions,
        host=record.host,
        memory_bytes=machine.memory_bytes,
        worker_bytes=machine.worker_bytes,
        config=config,
        images=record.images,
        skipped_images=record.skipped_images,
        axes=record.axes,
    )


def _known_target(name: str) -> Target | None:
    return load_target(name) if name in known_targets() else None


def _final(record: FinalRecord) -> Final:
    images = record.images["test"]
    return Final(
        winner=with_interval(record.winner, record.judging_images),
        shape=record.input,
        accuracies=record.final_accuracies,
        losses=record.final_losses,
        int8_valid_accuracy=record.int8_valid_accuracy,
        calibration_images=record.calibration_images,
        test_images=images,
        float_right=round(record.float_test_accuracy * images),
        int8_right=round(record.int8_test_accuracy * images),
        answers=record.test_answers,
        training=record.final_training,
        conversion=record.conversion,
        model_bytes=record.model_bytes,
        model_sha256=record.model_sha256,
        golden_sha256=record.golden_sha256,
        graph=None,
    )


def _with_graph(folder: Path, final: Final) -> Final:
    model = folder / "model.tflite"
    if not model.is_file():
        return final
    if sha256_of_file(model) != final.model_sha256:
        raise StaleError(
            f"{str(model)!r} is not the model that {RECORD} beside it records; start the same "
            "'nas run' again"
        )
    return replace(final, graph=read_tflite(model))
