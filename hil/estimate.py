"""Reads the values that `nas estimate --json` predicted for a model."""

from dataclasses import dataclass
from pathlib import Path

from firmware.errors import StaleError
from firmware.printable import brief
from firmware.records.estimate import ESTIMATE_SCHEMA, EstimateRecord
from firmware.records.reader import Kind, read_json
from hil.project import Project

_KIND = Kind(
    "is not an estimate", "make it with 'nas estimate MODEL.tflite --json'", ESTIMATE_SCHEMA
)


@dataclass(frozen=True, slots=True)
class PredictedValues:
    """The predicted values that a board can confirm; None where the estimate has no value.

    Attributes:
        unit: Unit of `ticks`: `cycles` or `instructions`.
        ticks: Ticks of one inference.
        lowest_ms: Shortest predicted time.
        highest_ms: Longest predicted time.
        stack_bytes: Peak of the stack.
        flash_bytes: Flash of the whole firmware.
        ram_bytes: RAM of the whole firmware, including the stack.
    """

    unit: str | None
    ticks: int | None
    lowest_ms: float | None
    highest_ms: float | None
    stack_bytes: int | None
    flash_bytes: int | None
    ram_bytes: int | None


def read_estimate(path: Path, project: Project) -> PredictedValues:
    """Read an estimate of the project's model under the project's runtime.

    Raises:
        ConfigError: The file is not an estimate.
        StaleError: The estimate is for another model, runtime or target.
    """
    record = read_json(path, EstimateRecord, _KIND)
    found = (record.model_sha256, record.runtime, record.target)
    expected = (project.model_sha256, project.runtime, project.target.name)
    if found != expected:
        raise StaleError(
            f"{str(path)!r} is an estimate of model {found[0][:12]} with the {found[1]} "
            f"runtime on {brief(found[2], 60)}; the project has {expected[0][:12]}, {expected[1]}, "
            f"{expected[2]}"
        )
    time, flash = record.time, record.flash
    return PredictedValues(
        unit=None if time is None else time.unit,
        ticks=None if time is None else time.ticks,
        lowest_ms=None if time is None else time.lowest_ms,
        highest_ms=None if time is None else time.highest_ms,
        stack_bytes=record.ram.stack_peak_bytes,
        flash_bytes=None if flash is None else flash.linked_bytes,
        ram_bytes=record.ram.linked_bytes,
    )
