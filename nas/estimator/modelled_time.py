"""Predicts the cycles that the cycle model would count for a network on its target. Pure.

These cycles are modelled twice: prices of kernels stand for the cycle model of the virtual board,
and that model stands for the chip. Both errors are told.
"""

from dataclasses import dataclass

from codegen.costs.convolution_work import Work
from codegen.costs.speed import Error, modelled_speed_model
from firmware.cores import ModelErrors, load_core
from firmware.targets import Target
from nas.estimator.time_needed import estimate_time


@dataclass(frozen=True, slots=True)
class ModelledTime:
    """The modelled time of one inference.

    Attributes:
        cycles: Of one inference; None if a kernel has no prices.
        middle_ms: The same at the target's clock.
        lowest_ms: The same less the worst of both errors.
        highest_ms: The same and the worst of both errors.
        error: Of the prices against the cycle model, for networks they were not fitted on.
        model_error: Of the cycle model against cycles that were measured on chips.
        source: What the prices were fitted on.
        compiler: Of that firmware.
    """

    cycles: int | None
    middle_ms: float | None
    lowest_ms: float | None
    highest_ms: float | None
    error: Error | None
    model_error: ModelErrors
    source: str
    compiler: str


def estimate_modelled_time(
    target: Target, calls: list[tuple[str, Work]], runtime: str = "static"
) -> tuple[ModelledTime | None, list[int | None]]:
    """The modelled time of an inference, and the cycles of each of its kernel calls.

    None if no cycles were modelled for the core and the memories of the target.
    """
    prices = modelled_speed_model(runtime, target)
    if prices is None:
        return None, [None] * len(calls)
    time, by_call = estimate_time(prices, calls, target.core_hz)
    modelled = ModelledTime(
        cycles=time.ticks,
        middle_ms=time.middle_ms,
        lowest_ms=time.lowest_ms,
        highest_ms=time.highest_ms,
        error=time.error,
        model_error=load_core(prices.core).known_timing().errors,
        source=prices.source,
        compiler=prices.compiler,
    )
    return modelled, [cycles for cycles, _ in by_call]
