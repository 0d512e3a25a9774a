"""The forms of search.json and run.json, of this version and of earlier ones. Reads these files.

What earlier versions did not record has a default here.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

from msgspec import Meta

from firmware.records.reader import Kind, convert, read_json_values
from firmware.records.values import Count, Fraction, NotNegative, Positive, Scalar, Sha256
from firmware.targets import Target
from nas.report.axes import AxesRecord
from nas.search.answers import Answers
from nas.search.config import SearchConfig
from nas.search.trials import Trial

_KIND = Kind("is damaged", "start the same 'nas run' again")


@dataclass(frozen=True, slots=True)
class Effort:
    """What a task took of the host."""

    seconds: NotNegative
    peak_anonymous_bytes: Count


@dataclass(frozen=True, slots=True)
class MachineRecord:
    """How much of the host the run could take."""

    memory_bytes: Positive | None = None
    worker_bytes: Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRecord:
    """What was asked for, and where: what search.json holds, and run.json too."""

    config: SearchConfig
    versions: dict[str, str]
    images: dict[str, Count]
    skipped_images: tuple[str, ...]
    target: Target | None = None
    command: tuple[str, ...] = ()
    host: dict[str, Scalar] = field(default_factory=dict)
    machine: MachineRecord = field(default_factory=MachineRecord)
    axes: AxesRecord = field(default_factory=AxesRecord)

    def __post_init__(self) -> None:
        if not self.config.classes:
            raise ValueError("config.classes: expected a class")


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalRecord(StartRecord):
    """What run.json holds."""

    trials: tuple[Trial, ...]
    winner: Trial
    input: tuple[Positive, Positive, Positive]
    final_accuracies: Annotated[tuple[Fraction, ...], Meta(min_length=1)]
    float_test_accuracy: Fraction
    int8_test_accuracy: Fraction
    model_bytes: Count
    model_sha256: Sha256
    golden_sha256: Sha256
    search_seconds: NotNegative | None = None
    final_losses: tuple[float, ...] | None = None
    int8_valid_accuracy: Fraction | None = None
    calibration_images: Count | None = None
    test_answers: Answers | None = None
    final_training: Effort | None = None
    conversion: Effort | None = None

    def __post_init__(self) -> None:
        StartRecord.__post_init__(self)
        if not self.images.get("test"):
            raise ValueError("images.test: expected 1 or more")
        if self.final_losses is not None and len(self.final_losses) != len(self.final_accuracies):
            raise ValueError("final_losses: expected as many as final_accuracies")
        if self.test_answers is None:
            return
        for name in ("in_float", "in_int8"):
            rows, count = getattr(self.test_answers, name), len(self.config.classes)
            if [len(row) for row in rows] != [count] * count:
                raise ValueError(f"test_answers.{name}: expected {count} rows of {count}")


_Form = TypeVar("_Form", bound=StartRecord)


def read_record(path: Path, form: type[_Form]) -> tuple[_Form, dict[str, Any]]:
    """A record of a run, and its configuration word for word.

    Raises:
        RecordError: It cannot be read, or is damaged.
    """
    values = read_json_values(path, _KIND)
    record = convert(_with_whole_pace(values), form, path, _KIND)
    return record, values["config"]


def _with_whole_pace(values: dict[str, Any]) -> dict[str, Any]:
    """Of the model that made a limit of time its source is recorded, not its prices."""
    config = values.get("config")
    pace = config.get("pace") if isinstance(config, dict) else None
    if not isinstance(config, dict) or not isinstance(pace, dict):
        return values
    model = {"unit": "cycles", "runtime": config.get("runtime"), "core": ""}
    whole = {"model": model | {"source": pace.get("source")}, "core_hz": pace.get("core_hz")}
    return values | {"config": config | {"pace": whole}}
