"""What a board answered, from the file that `hil run` wrote. Reads a file.

Only the fields named here are read; others may be there.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.errors import ConfigError, StaleError

UNITS = ("instructions", "cycles")


@dataclass(frozen=True, slots=True)
class Check:
    """One promise, and what became of it.

    Attributes:
        quantity: What is compared, with its unit.
        promised: As text.
        measured: As text.
        holds: None where nothing was promised.
    """

    quantity: str
    promised: str
    measured: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Measured:
    """One runtime on a board.

    Attributes:
        board: `virtual`, or the board's name or port.
        runtime: What ran the model.
        verdict: `confirmed` or `refuted`.
        checks: What the verdict consists of.
        firmware_sha256: Of the ELF; empty if it is not told.
        unit: One of `UNITS`.
        ticks: Of one inference, in that unit; None if it is not told.
        milliseconds: Of one inference; None where ticks are no time.
        half_width_fraction: Of the 95 % interval of the time; None if it is not told.
        step_ticks: Of each kernel call of one inference, in order; empty if they are not told.
        provenance: Facts of the board and the build, by name; empty if they are not told.
    """

    board: str
    runtime: str
    verdict: str
    checks: tuple[Check, ...]
    firmware_sha256: str
    unit: str
    ticks: int | None
    milliseconds: float | None
    half_width_fraction: float | None
    step_ticks: tuple[int, ...]
    provenance: dict[str, str]


def read_measurement(path: Path, model_sha256: str) -> tuple[Measured, ...]:
    """What was measured of a model, for each runtime that the firmware held.

    Raises:
        ConfigError: The file cannot be read, or is no measurement.
        StaleError: Another model was measured.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        measured_sha256 = str(record["model_sha256"])
        several = tuple(_parse(own) for own in (record, *record.get("beside", ())))
    except OSError as error:
        raise ConfigError(f"could not read {str(path)!r}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{str(path)!r} is no measurement: {error!r}; make one with 'hil run'"
        ) from error
    if measured_sha256 != model_sha256:
        raise StaleError(
            f"{str(path)!r} measured model {measured_sha256[:12]}, the run's is "
            f"{model_sha256[:12]}; generate the project again and measure it with 'hil run'"
        )
    return several


def of_runtime(several: tuple[Measured, ...], runtime: str) -> Measured | None:
    """The one of a runtime; None if it was not measured."""
    return next((own for own in several if own.runtime == runtime), None)


def _parse(record: dict[str, Any]) -> Measured:
    unit = "cycles" if record.get("cycles") is not None else "instructions"
    ticks, latency_ms = record.get(unit), record.get("latency_ms")
    windows = record.get("timing", {}).get("windows") or {}
    half_width = windows.get("half_width_fraction")
    steps = [step.get(unit) for step in record.get("steps", ())]
    return Measured(
        board=str(record["board"]),
        runtime=str(record["runtime"]),
        verdict=str(record["verdict"]),
        checks=tuple(_check(own) for own in record["checks"]),
        firmware_sha256=str(record.get("firmware_sha256", "")),
        unit=unit,
        ticks=None if ticks is None else int(ticks),
        milliseconds=None if latency_ms is None else float(latency_ms),
        half_width_fraction=None if half_width is None else float(half_width),
        step_ticks=() if None in steps else tuple(map(int, steps)),
        provenance={
            str(name): ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            for name, value in record.get("provenance", {}).items()
            if value is not None
        },
    )


def _check(record: dict[str, Any]) -> Check:
    holds = record["holds"]
    return Check(
        str(record["quantity"]),
        str(record["promised"]),
        str(record["measured"]),
        None if holds is None else bool(holds),
    )
