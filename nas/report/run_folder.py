"""What a run's folder holds, finished or not. Reads files."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from codegen.graph import Graph
from codegen.read_tflite import read_tflite
from firmware.errors import ConfigError, StaleError
from firmware.files import sha256_of_file
from firmware.targets import Target, load_target
from nas.answers import Answers, Confusion
from nas.config import SearchConfig
from nas.cost import Limits
from nas.estimator.speed import SpeedModel
from nas.pace import Pace
from nas.run import RECORD, START
from nas.space import Shape
from nas.trials import Trial, read_trials, trial_of_record

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Effort:
    """What a task took of the host."""

    seconds: float
    peak_anonymous_bytes: int


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
        final: None if the run is not finished.
    """

    name: str
    config: SearchConfig
    start: Start
    trials: tuple[Trial, ...]
    final: Final | None


def read_run(folder: Path) -> Run:
    """Read a run, or what there is of one that is not finished.

    Raises:
        ConfigError: The folder holds no run, or a damaged one.
        StaleError: The model is another one than the run recorded.
    """
    name = folder.resolve().name
    if (folder / RECORD).is_file():
        record = _read(folder / RECORD)
        config, start = _parse(folder / RECORD, record, _config_and_start)
        trials = _parse(folder / RECORD, record, _trials)
        final = _parse(folder / RECORD, record, _final)
        return Run(name, config, start, trials, _with_graph(folder, final))
    if (folder / START).is_file():
        config, start = _parse(folder / START, _read(folder / START), _config_and_start)
        return Run(name, config, start, tuple(read_trials(folder / "trials.sqlite")), None)
    if (folder / "trials.sqlite").is_file():
        raise ConfigError(
            f"{str(folder)!r} was begun by an earlier version, which did not record what was "
            "asked for; start the same 'nas run' again, it goes on where it was"
        )
    raise ConfigError(
        f"{str(folder)!r} holds no run: neither {RECORD} nor {START}; start one with 'nas run'"
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"could not read {str(path)!r}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(
            f"{str(path)!r} is damaged: {error}; start the same 'nas run' again"
        ) from error
    if not isinstance(record, dict):
        raise ConfigError(f"{str(path)!r} is damaged: it holds no object")
    return record


def _parse(
    path: Path, record: dict[str, Any], parser: Callable[[dict[str, Any]], _Value]
) -> _Value:
    try:
        return parser(record)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ConfigError(
            f"{str(path)!r} is damaged: {error!r}; start the same 'nas run' again"
        ) from error


def _config_and_start(record: dict[str, Any]) -> tuple[SearchConfig, Start]:
    asked = dict(record["config"])
    height, width, depth = asked["shape"]
    asked |= {name: tuple(asked[name]) for name in ("classes", "sides") if name in asked}
    asked |= {"shape": (height, width, depth), "limits": Limits(**asked["limits"])}
    asked["pace"] = _pace(asked.get("pace"), asked["runtime"])
    config = SearchConfig(**asked)
    machine = record.get("machine", {})
    return config, Start(
        target=_target(record.get("target"), config.target),
        command=tuple(record.get("command", ())),
        versions=dict(record["versions"]),
        host=dict(record.get("host", {})),
        memory_bytes=machine.get("memory_bytes"),
        worker_bytes=machine.get("worker_bytes"),
        config=dict(record["config"]),
        images=dict(record["images"]),
        skipped_images=tuple(record["skipped_images"]),
    )


def _pace(record: Mapping[str, Any] | None, runtime: str) -> Pace | None:
    """What a limit of time was made by: of the model its source is recorded, not its prices."""
    if record is None:
        return None
    return Pace(SpeedModel("cycles", runtime, "", record["source"]), record["core_hz"])


def _target(record: Mapping[str, Any] | None, name: str) -> Target | None:
    if record is not None:
        lists = {key: tuple(value) for key, value in record.items() if isinstance(value, list)}
        return Target(**(dict(record) | lists))
    try:
        return load_target(name)
    except ConfigError:
        return None


def _trials(record: dict[str, Any]) -> tuple[Trial, ...]:
    return tuple(trial_of_record(own) for own in record["trials"])


def _final(record: dict[str, Any]) -> Final:
    height, width, depth = record["input"]
    losses, images = record.get("final_losses"), int(record["images"]["test"])
    return Final(
        winner=trial_of_record(record["winner"]),
        shape=(height, width, depth),
        accuracies=tuple(record["final_accuracies"]),
        losses=None if losses is None else tuple(losses),
        int8_valid_accuracy=record.get("int8_valid_accuracy"),
        calibration_images=record.get("calibration_images"),
        test_images=images,
        float_right=round(record["float_test_accuracy"] * images),
        int8_right=round(record["int8_test_accuracy"] * images),
        answers=_answers(record.get("test_answers")),
        training=_effort(record.get("final_training")),
        conversion=_effort(record.get("conversion")),
        model_bytes=record["model_bytes"],
        model_sha256=record["model_sha256"],
        golden_sha256=record["golden_sha256"],
        graph=None,
    )


def _answers(record: dict[str, Any] | None) -> Answers | None:
    if record is None:
        return None
    matrices = {name: _confusion(record[name]) for name in ("in_float", "in_int8")}
    return Answers(**(record | matrices))


def _confusion(rows: list[list[int]]) -> Confusion:
    if not rows or any(len(row) != len(rows) for row in rows):
        raise ValueError("a confusion matrix is not square")
    return tuple(tuple(map(int, row)) for row in rows)


def _effort(record: dict[str, Any] | None) -> Effort | None:
    if record is None:
        return None
    return Effort(float(record["seconds"]), int(record["peak_anonymous_bytes"]))


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
