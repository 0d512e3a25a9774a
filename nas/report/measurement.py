"""What a board answered, from the file that `hil run` wrote. Reads a file.

Only the fields named here are read; others may be there.
"""

from dataclasses import dataclass
from pathlib import Path

from firmware.errors import StaleError
from firmware.printable import brief
from firmware.records.measurement import CheckRecord, MeasurementRecord
from firmware.records.reader import Kind, read_json
from firmware.records.values import Scalar

_KIND = Kind("is no measurement", "make one with 'hil run'")


@dataclass(frozen=True, slots=True)
class BoardResult:
    """One runtime on a board.

    Attributes:
        board: `virtual`, or the board's name or port.
        runtime: What ran the model.
        verdict: `confirmed` or `refuted`.
        checks: What the verdict consists of.
        firmware_sha256: Of the ELF; empty if it is not told.
        unit: `cycles` or `instructions`.
        ticks: Of one inference, in that unit; None if it is not told.
        milliseconds: Of one inference; None where ticks are no time.
        half_width_fraction: Of the 95 % interval of the time; None if it is not told.
        step_ticks: Of each kernel call of one inference, in order; empty if they are not told.
        provenance: Facts of the board and the build, by name; empty if they are not told.
    """

    board: str
    runtime: str
    verdict: str
    checks: tuple[CheckRecord, ...]
    firmware_sha256: str
    unit: str
    ticks: int | None
    milliseconds: float | None
    half_width_fraction: float | None
    step_ticks: tuple[int, ...]
    provenance: dict[str, str]


def read_measurement(path: Path, model_sha256: str) -> tuple[BoardResult, ...]:
    """What was measured of a model, for each runtime that the firmware held.

    Raises:
        ConfigError: The file cannot be read, or is no measurement.
        StaleError: Another model was measured.
    """
    record = read_json(path, MeasurementRecord, _KIND)
    if record.model_sha256 != model_sha256:
        raise StaleError(
            f"{brief(repr(str(path)), 200)} measured model {record.model_sha256[:12]}, the run's "
            f"is {model_sha256[:12]}; generate the project again and measure it with 'hil run'"
        )
    return tuple(map(_measured, (record, *record.beside)))


def of_runtime(several: tuple[BoardResult, ...], runtime: str) -> BoardResult | None:
    """The one of a runtime; None if it was not measured."""
    return next((own for own in several if own.runtime == runtime), None)


def _measured(record: MeasurementRecord) -> BoardResult:
    unit, windows = record.unit, record.timing.windows
    steps = [getattr(step, unit) for step in record.steps]
    return BoardResult(
        board=record.board,
        runtime=record.runtime,
        verdict=record.verdict,
        checks=record.checks,
        firmware_sha256=record.firmware_sha256,
        unit=unit,
        ticks=record.cycles if unit == "cycles" else record.instructions,
        milliseconds=record.latency_ms,
        half_width_fraction=None if windows is None else windows.half_width_fraction,
        step_ticks=() if None in steps else tuple(steps),
        provenance={
            name: _words(value)
            for name, value in record.provenance.items()
            if value not in (None, "", [])
        },
    )


def _words(value: Scalar | list[Scalar]) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)
