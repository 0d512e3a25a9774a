"""The records of a run: search.json and run.json. Reads these files.

A field with a default was not in the files of earlier versions.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

from msgspec import Meta

from firmware.records.reader import Kind, convert, read_json_values
from firmware.records.values import Count, Fraction, NotNegative, Positive, Scalar, Sha256
from firmware.targets import Target
from firmware.targets.earlier import with_parts
from nas.data.proportion import wilson_interval
from nas.host.machine import Machine
from nas.search.answers import Answers
from nas.search.config import SearchConfig
from nas.search.fold_count import judging_images
from nas.search.trials import Trial
from nas.spaces.axes import AxesRecord

RUN_SCHEMA = 2
RECORD = "run.json"
"""Written at the end of a run."""
START = "search.json"
"""Written at the start of a run."""
_KIND = Kind("is damaged", "start the same 'nas run' again")


@dataclass(frozen=True, slots=True)
class Effort:
    """Time and peak memory of a task."""

    seconds: NotNegative
    peak_anonymous_bytes: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRecord:
    """search.json: the request, and the host. run.json contains these fields too.

    Attributes:
        config: The settings that determine the result.
        command: The command line; empty if the run was started from Python.
        target: The chip as its description was; None if only its name is known.
        versions: Versions of Python and of packages.
        host: Facts of the machine.
        machine: How much of the host the run may use.
        worker_base_bytes: Anonymous memory of a worker before it trains; None before it is known.
        images: Number of images in each part.
        skipped_images: Names of broken images.
        axes: Dimensions of the search space in which a report draws the path of the search.
        data: The images: an absolute path, or `digits`; empty if it is not known.
        skip_broken: Whether damaged images were skipped.
        dataset_keys: SHA-256 of the decoded images by the side of the input; empty if unknown.
        teacher: Absolute folder of the run that taught the winner; empty for none.
        picked_from: Name of the run of which `nas pick` took the candidate; empty for a search.
    """

    schema: Annotated[int, Meta(ge=1, le=RUN_SCHEMA)] = 1
    config: SearchConfig
    command: tuple[str, ...] = ()
    target: Target | None = None
    versions: dict[str, str]
    host: dict[str, Scalar] = field(default_factory=dict)
    machine: Machine = field(default_factory=Machine)
    worker_base_bytes: Count | None = None
    images: dict[str, Count]
    skipped_images: tuple[str, ...]
    axes: AxesRecord = field(default_factory=AxesRecord)
    data: str = ""
    skip_broken: bool = False
    dataset_keys: dict[str, Sha256] = field(default_factory=dict)
    picked_from: str = ""
    teacher: str = ""

    def __post_init__(self) -> None:
        if not self.config.classes:
            raise ValueError("config.classes: expected a class")

    @property
    def judging_images(self) -> int:
        """Images on which the accuracy of a candidate is measured; 0 if that is not known."""
        return judging_images(self.images, self.config.folds)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalRecord(StartRecord):
    """run.json: a finished run.

    Attributes:
        trials: In the order of the search.
        winner: One of them.
        input: Height, width and channels of its input.
        search_seconds: Wall-clock time of the search, in all its sessions.
        final_accuracies: On the validation images, after each epoch of the final training.
        final_losses: Mean loss on the training images, in each of these epochs.
        final_training: Time and memory of the final training.
        conversion: Time and memory of the conversion to int8.
        valid_accuracy: The best of `final_accuracies`.
        int8_valid_accuracy: Of the int8 model.
        calibration_images: Images from which the ranges of the activations were taken.
        float_test_accuracy: On the test images.
        int8_test_accuracy: On the test images.
        test_answers: Classes that both models give for the test images.
        intervals: Ends of the 95 % intervals of the accuracies, by the names of their fields.
        model_bytes: Size of the .tflite.
    """

    trials: tuple[Trial, ...]
    winner: Trial
    input: tuple[Positive, Positive, Positive]
    search_seconds: NotNegative | None = None
    final_accuracies: Annotated[tuple[Fraction, ...], Meta(min_length=1)]
    final_losses: tuple[float, ...] | None = None
    final_training: Effort | None = None
    conversion: Effort | None = None
    valid_accuracy: Fraction = field(init=False, default=0.0)
    int8_valid_accuracy: Fraction | None = None
    calibration_images: Count | None = None
    float_test_accuracy: Fraction
    int8_test_accuracy: Fraction
    test_answers: Answers | None = None
    intervals: dict[str, tuple[Fraction, Fraction]] = field(init=False, default_factory=dict)
    model_bytes: Count
    model_sha256: Sha256
    golden_sha256: Sha256

    def __post_init__(self) -> None:
        StartRecord.__post_init__(self)
        object.__setattr__(self, "valid_accuracy", max(self.final_accuracies))
        if not self.images.get("test"):
            raise ValueError("images.test: expected 1 or more")
        object.__setattr__(self, "intervals", self._intervals())
        if self.final_losses is not None and len(self.final_losses) != len(self.final_accuracies):
            raise ValueError("final_losses: expected as many as final_accuracies")
        if self.test_answers is None:
            return
        for name in ("in_float", "in_int8"):
            rows, count = getattr(self.test_answers, name), len(self.config.classes)
            if [len(row) for row in rows] != [count] * count:
                raise ValueError(f"test_answers.{name}: expected {count} rows of {count}")

    def _intervals(self) -> dict[str, tuple[float, float]]:
        names = ("valid_accuracy", "int8_valid_accuracy", *_TEST)
        accuracies = {name: getattr(self, name) for name in names}
        images = {name: self.images.get("test" if name in _TEST else "valid", 0) for name in names}
        return {
            name: wilson_interval(own, images[name])
            for name, own in accuracies.items()
            if own is not None and images[name]
        }


_TEST = ("float_test_accuracy", "int8_test_accuracy")
_Form = TypeVar("_Form", bound=StartRecord)


def read_record(path: Path, form: type[_Form]) -> tuple[_Form, dict[str, Any]]:
    """A record of a run, and its configuration as it stands in the file.

    Raises:
        RecordError: It cannot be read, or is damaged.
    """
    values = read_json_values(path, _KIND)
    if "target" in values:
        values["target"] = with_parts(values["target"])
    record = convert(values, form, path, _KIND)
    return record, values["config"]
