"""measurement.json: `hil run` writes it, `nas report` and `nas calibrate` read it. Pure.

A field with a default was not in the files of earlier versions.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from msgspec import Meta

from firmware.records.values import Count, Fraction, NotNegative, Scalar, Sha256

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
    """One kernel call of an inference.

    Attributes:
        operators: TFLite's names of its operators.
        input: Shapes of the tensors that it reads, batch included.
        output: Shape of the tensor that it writes, batch included.
        macc: Multiply-accumulates.
        kernel: Name of the kernel; None for an operator of TFLM.
        work: How often each part of the kernel runs, by its name.
        cycles: On a board; None on the virtual board.
        instructions: On the virtual board; None on a board.
        modelled_cycles: On the virtual board, by the cycle model; None if it was not used.
        stalls: The part of `modelled_cycles` that was waiting, by its cause.
    """

    operators: tuple[str, ...] = ()
    input: tuple[tuple[Count, ...], ...] = ()
    output: tuple[Count, ...] = ()
    macc: Count | None = None
    kernel: str | None = None
    work: dict[str, Count] = field(default_factory=dict)
    cycles: Count | None = None
    instructions: Count | None = None
    modelled_cycles: Count | None = None
    stalls: dict[str, Count] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelErrorRecord:
    """Relative errors of the cycle model against published cycles of other programs."""

    median: NotNegative
    worst: NotNegative
    count: Count


@dataclass(frozen=True, slots=True)
class ModelledRecord:
    """The time of one inference by the cycle model of the virtual board.

    Attributes:
        cycles: Cycles of one inference, the median of the inputs.
        milliseconds: At `clock_hz`.
        clock_hz: Clock of the target.
        wait_states: Of the target's flash at this clock.
        stalls: The part of `cycles` that was waiting, by its cause.
        divides: Integer divisions, whose operands the model does not know.
        error: Of the model.
    """

    cycles: Count
    milliseconds: NotNegative
    clock_hz: Count
    wait_states: Count
    stalls: dict[str, Count]
    divides: Count
    error: ModelErrorRecord


@dataclass(frozen=True, slots=True)
class WindowsRecord:
    """Windows of many inferences in a row, on a board.

    Attributes:
        inferences: Number of inferences in each window.
        ticks: Ticks of one inference, for each window.
        half_width_fraction: Half of the 95 % confidence interval of the time, over the time.
    """

    inferences: Count | None = None
    ticks: tuple[NotNegative, ...] = ()
    half_width_fraction: NotNegative | None = None


@dataclass(frozen=True, slots=True)
class TimingRecord:
    """The time of one inference, in ticks.

    Attributes:
        unit: `cycles` or `instructions`.
        median: Over the inputs, each run once.
        lowest: Of them.
        highest: Of them.
        baseline: What was subtracted: the ticks of measuring an inference that does nothing.
        windows: None on the virtual board.
    """

    unit: Literal["cycles", "instructions"] | None = None
    median: Count | None = None
    lowest: Count | None = None
    highest: Count | None = None
    baseline: Count | None = None
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


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementRecord:
    """measurement.json, or its part for a further runtime; `docs/bench.md` describes the fields.

    Attributes:
        code_bytes: Code of the firmware; None if it holds several runtimes.
        code_parts: Code bytes by origin; None if the linker wrote no map.
        cycles: Cycles of one inference on a board; None on the virtual board.
        instructions: Instructions of one inference on the virtual board; None on a board.
        latency_ms: Of one inference; None on the virtual board.
        modelled: Cycles and time that the virtual board's cycle model gives; None without it.
        outputs_identical_fraction: None without a golden file.
        outputs_max_lsb: None without a golden file.
        outputs_beside: Comparison with another runtime; None if there was none.
        estimate: The predicted values of the manifest.
        beside: The same of the other runtimes in the firmware.
    """

    schema: Annotated[int, Meta(ge=1, le=MEASUREMENT_SCHEMA)] = 1
    board: str
    runtime: str
    target: str = ""
    model_name: str = ""
    model_sha256: Sha256
    firmware_sha256: str = ""
    arena_bytes: Count | None = None
    arena_used_bytes: Count | None = None
    arena_peak_bytes: Count | None = None
    stack_peak_bytes: Count | None = None
    code_bytes: Count | None = None
    code_parts: CodeRecord | None = None
    weight_bytes: Count | None = None
    flash_bytes: Count | None = None
    ram_bytes: Count | None = None
    cycles: Count | None = None
    instructions: Count | None = None
    latency_ms: NotNegative | None = None
    modelled: ModelledRecord | None = None
    timing: TimingRecord = field(default_factory=TimingRecord)
    steps: tuple[StepRecord, ...] = ()
    samples: Count = 0
    outputs_identical_fraction: Fraction | None = None
    outputs_max_lsb: NotNegative | None = None
    outputs_beside: AgreementRecord | None = None
    damaged_exchanges: Count = 0
    provenance: dict[str, Scalar | list[Scalar]] = field(default_factory=dict)
    estimate: dict[str, Any] = field(default_factory=dict)
    checks: tuple[CheckRecord, ...]
    verdict: str
    caveats: tuple[str, ...] = ()
    beside: tuple["MeasurementRecord", ...] = ()

    @property
    def unit(self) -> Literal["cycles", "instructions"]:
        """Unit of the ticks: cycles of a board, or instructions of the virtual board."""
        return "instructions" if self.cycles is None else "cycles"
