"""The measurement of `hil run`, as far as report and calibration read it. Pure."""

from dataclasses import dataclass, field
from typing import Literal

from firmware.records.values import Count, NotNegative, Scalar, Sha256

MEASUREMENT_SCHEMA = 2


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """One check: a predicted and a measured value.

    Attributes:
        quantity: What is compared, with its unit.
        promised: The predicted value, as text.
        measured: The measured value, as text.
        holds: Whether the check passed; None without a predicted value.
    """

    quantity: str
    promised: str
    measured: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One kernel call: its operators and its ticks."""

    kernel: str | None = None
    work: dict[str, Count] = field(default_factory=dict)
    cycles: Count | None = None
    instructions: Count | None = None


@dataclass(frozen=True, slots=True)
class WindowsRecord:
    """The confidence interval of the time: half its width, as a fraction of the time."""

    half_width_fraction: NotNegative | None = None


@dataclass(frozen=True, slots=True)
class TimingRecord:
    """How the time was measured."""

    windows: WindowsRecord | None = None


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """Code bytes in flash, without the model: the runtime's own, and the shared parts."""

    runtime_bytes: Count
    application_bytes: Count
    toolchain_bytes: Count


@dataclass(frozen=True, slots=True)
class AgreementRecord:
    """Comparison of the outputs with those of another runtime, without a golden file.

    Attributes:
        runtime: The other runtime.
        samples: Number of inputs compared.
        identical_fraction: Fraction of the inputs with identical outputs.
        max_lsb: Largest difference of two output values.
    """

    runtime: str
    samples: Count
    identical_fraction: NotNegative
    max_lsb: NotNegative


@dataclass(frozen=True, slots=True)
class MeasurementRecord:
    """measurement.json, or its part for a further runtime.

    Attributes:
        cycles: Cycles of one inference on a board; None on the virtual board.
        instructions: Instructions of one inference on the virtual board.
        code_parts: Code bytes by origin; None if the linker wrote no map.
        outputs_beside: Comparison with another runtime; None if there was none.
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
    code_parts: CodeRecord | None = None
    outputs_beside: AgreementRecord | None = None
    provenance: dict[str, Scalar | list[Scalar]] = field(default_factory=dict)
    beside: tuple["MeasurementRecord", ...] = ()

    @property
    def unit(self) -> Literal["cycles", "instructions"]:
        """Unit of the ticks: cycles of a board, or instructions of the virtual board."""
        return "instructions" if self.cycles is None else "cycles"
