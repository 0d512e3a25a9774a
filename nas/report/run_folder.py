"""What a run's folder holds, finished or not. Reads files."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from codegen.graph import Graph
from codegen.read_tflite import read_tflite
from firmware.errors import ConfigError, StaleError
from firmware.files import sha256_of_file
from firmware.targets import Target, known_targets, load_target
from nas.network.description import Shape
from nas.search.answers import Answers
from nas.search.config import SearchConfig
from nas.search.run_record import RECORD, START, Effort, FinalRecord, StartRecord, read_record
from nas.search.trial_store import STORE, read_whole
from nas.search.trials import Trial
from nas.spaces.axes import AxesRecord


@dataclass(frozen=True, slots=True)
class Start:
    """What was asked for, and where.

    Attributes:
        target: The chip; None if only its name is known, and no chip that we ship has it.
        command: The command line, word by word; empty if it is not known.
        versions: Versions of packages by name.
        host: Facts of the machine; empty if they are not known.
        memory_bytes: What all processes could take together; None if that is not known.
        worker_bytes: What one worker could take; None if that is not known.
        config: The configuration as it was recorded.
        images: Images in each part.
        skipped_images: Names of broken images that were left out.
        axes: Dimensions of the search space by which the way of the search is drawn.
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
    """The winner, trained and converted. What earlier versions did not record is None.

    Attributes:
        winner: Its trial.
        shape: Height, width and channels of its input.
        accuracies: On the validation images, after each epoch.
        losses: Mean loss on the training images, in each epoch.
        int8_valid_accuracy: Of the int8 model on the validation images.
        calibration_images: Images from which the ranges of its activations were taken.
        test_images: Images on which both models were tested.
        float_right: Of them, those that the float model gets right.
        int8_right: Of them, those that the int8 model gets right.
        answers: What both models gave on the test images.
        training: What the final training took.
        conversion: What the conversion took.
        model_bytes: Size of the .tflite.
        model_sha256: Of the .tflite.
        golden_sha256: Of the golden file.
        graph: The network of the .tflite; None if the file is gone.
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
        name: Of its folder.
        trials: In the order of the search; of an unfinished one, in the order they ended.
        search_seconds: Wall-clock time of the search so far, in all its sessions; None if an
            earlier version did not record it.
        final: None if the run is not finished.
    """

    name: str
    config: SearchConfig
    start: Start
    trials: tuple[Trial, ...]
    search_seconds: float | None
    final: Final | None


def read_run(folder: Path) -> Run:
    """Read a run, or what there is of one that is not finished.

    Raises:
        ConfigError: The folder holds no run, or a damaged one.
        StaleError: The model is another one than the run recorded.
    """
    name = folder.resolve().name
    if (folder / RECORD).is_file():
        record, config = read_record(folder / RECORD, FinalRecord)
        start, final = _start(record, config), _with_graph(folder, _final(record))
        return Run(name, record.config, start, record.trials, record.search_seconds, final)
    if (folder / START).is_file():
        begun, config = read_record(folder / START, StartRecord)
        stored = read_whole(folder / STORE)
        start = _start(begun, config)
        return Run(name, begun.config, start, stored.trials, stored.seconds, None)
    if (folder / STORE).is_file():
        raise ConfigError(
            f"{str(folder)!r} was begun by an earlier version, which did not record what was "
            "asked for; start the same 'nas run' again, it goes on where it was"
        )
    raise ConfigError(
        f"{str(folder)!r} holds no run: neither {RECORD} nor {START}; start one with 'nas run'"
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
        winner=record.winner,
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
            f"{str(model)!r} is another model than {RECORD} beside it records; start the same "
            "'nas run' again"
        )
    return replace(final, graph=read_tflite(model))
