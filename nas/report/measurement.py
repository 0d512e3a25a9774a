"""Reads the results of a board from the measurement of `hil run`. I/O."""

from dataclasses import dataclass
from pathlib import Path

from firmware.errors import StaleError
from firmware.printable import brief
from firmware.records.measurement import CheckRecord, MeasurementRecord
from firmware.records.reader import Kind, read_json
from firmware.records.values import Scalar

_KIND = Kind("is not a measurement", "make one with 'hil run'")


@dataclass(frozen=True, slots=True)
class BoardResult:
    """The results of one runtime on a board.

    Attributes:
        board: `virtual`, or the board's name or port.
        runtime: `static` or `tflm`.
        verdict: `confirmed` or `refuted`.
        checks: The checks of the verdict.
        firmware_sha256: SHA-256 of the ELF; empty if not recorded.
        unit: `cycles` or `instructions`.
        ticks: Time of one inference in that unit; None if not recorded.
        milliseconds: Time of one inference; None for the virtual board.
        half_width_fraction: Half of the 95 % interval of the time, over the time; None if not
            recorded.
        step_ticks: Ticks of each kernel call, in order; empty if not recorded.
        provenance: Facts of the board and the build, by name; empty if not recorded.
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
    """The results for each runtime in the firmware.

    Raises:
        ConfigError: The file cannot be read, or is not a measurement.
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
    """The result of a runtime; None if it was not measured."""
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
