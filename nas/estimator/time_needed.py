"""Calculates the time of one inference from a speed model. Pure."""

from dataclasses import dataclass

from codegen.costs.convolution_work import Work
from codegen.costs.speed import Error, SpeedModel, predict_all
from firmware.cores import load_core

CYCLES_PER_INSTRUCTION = {"cortex-m4": (1.0, 2.0)}
"""Cycles per instruction by core, from and to, running from flash with an accelerator.

On a Cortex-M4, no instruction takes less than one cycle; a load takes two unless it follows
another, a taken branch two to four (Arm, Cortex-M4 Technical Reference Manual, section 3.3.1).
Kernels consist of single-cycle arithmetic for more than half.
"""


@dataclass(frozen=True, slots=True)
class Time:
    """The time of one inference.

    Attributes:
        unit: `instructions` or `cycles`.
        ticks: Time in that unit; None if a kernel was not measured.
        error: Errors for whole networks that the model was not fitted on.
        lowest_ms: Milliseconds at the target's clock. With cycles, both ends are the prediction
            less and plus `worst_fraction`, None if that is unknown; with instructions, it is a
            range and not a prediction, None if the core has none.
        highest_ms: See `lowest_ms`.
        middle_ms: The prediction; only with cycles.
        is_calibrated: Whether the milliseconds come from a measured board.
        source: What the model was fitted on.
    """

    unit: str
    ticks: int | None
    error: Error | None
    lowest_ms: float | None
    highest_ms: float | None
    is_calibrated: bool
    source: str
    middle_ms: float | None = None


def estimate_time(
    model: SpeedModel, calls: list[tuple[str, Work]], core_hz: int
) -> tuple[Time, list[tuple[int | None, float | None]]]:
    """The time of an inference; and of each kernel call, its ticks and their median error."""
    single, total = predict_all(model, calls)
    one_ms = None if total is None else 1000 * total / core_hz
    lowest, highest = _range_ms(model, one_ms)
    time = Time(
        unit=model.unit,
        ticks=None if total is None else round(total),
        error=model.error,
        lowest_ms=lowest,
        highest_ms=highest,
        is_calibrated=model.unit == "cycles" and not model.is_modelled,
        source=model.source,
        middle_ms=one_ms if model.unit == "cycles" else None,
    )
    by_call: list[tuple[int | None, float | None]] = []
    for (kernel, _), value in zip(calls, single, strict=True):
        known = model.kernels.get(kernel)
        error = known.error.median if known and known.error else None
        by_call.append((None if value is None else round(value), error))
    return time, by_call


def worst_fraction(model: SpeedModel) -> float | None:
    """The worst error of the cycles of a network; None if it is unknown.

    That of modelled cycles is the error against the cycle model, and the error of that model.
    """
    if model.error is None:
        return None
    if not model.is_modelled:
        return model.error.worst
    errors = load_core(model.core).known_timing().errors
    return (1 + model.error.worst) * (1 + errors.worst_fraction) - 1


def _range_ms(model: SpeedModel, one_ms: float | None) -> tuple[float | None, float | None]:
    span = CYCLES_PER_INSTRUCTION.get(model.core)
    if model.unit == "cycles":
        worst = worst_fraction(model)
        span = None if worst is None else (1 - worst, 1 + worst)
    if one_ms is None or span is None:
        return None, None
    return max(0.0, one_ms * span[0]), one_ms * span[1]
