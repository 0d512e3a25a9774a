"""What `hil run` measured, as far as the report and the calibration read it. Pure."""

from dataclasses import dataclass, field
from typing import Literal

from firmware.records.values import Count, NotNegative, Scalar, Sha256

MEASUREMENT_SCHEMA = 2


@dataclass(frozen=True, slots=True)
class CheckRecord:
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
class StepRecord:
    """One kernel call: what it did, and the ticks that it took."""

    kernel: str | None = None
    work: dict[str, Count] = field(default_factory=dict)
    cycles: Count | None = None
    instructions: Count | None = None


@dataclass(frozen=True, slots=True)
class WindowsRecord:
    """The interval of the time: half its width, as a part of it."""

    half_width_fraction: NotNegative | None = None


@dataclass(frozen=True, slots=True)
class TimingRecord:
    """How the time was measured."""

    windows: WindowsRecord | None = None


@dataclass(frozen=True, slots=True)
class MeasurementRecord:
    """measurement.json, or what it says of one runtime more.

    Attributes:
        cycles: Of one inference on a board; None on the virtual one.
        instructions: Of one inference on the virtual board.
        beside: The same of the other runtimes in the firmware.
    """

    board: str
    runtime: str
    model_sha256: Sha256
    verdict: str
    checks: tuple[CheckRecord, ...]
    schema: Literal[1, 2] = 1
    firmware_sha256: str = ""
    cycles: Count | None = None
    instructions: Count | None = None
    latency_ms: NotNegative | None = None
    timing: TimingRecord = field(default_factory=TimingRecord)
    steps: tuple[StepRecord, ...] = ()
    provenance: dict[str, Scalar | list[Scalar]] = field(default_factory=dict)
    beside: tuple["MeasurementRecord", ...] = ()

    @property
    def unit(self) -> Literal["cycles", "instructions"]:
        """Of the ticks: a board's cycles, or the virtual board's instructions."""
        return "instructions" if self.cycles is None else "cycles"
