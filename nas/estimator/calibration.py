"""Fits a speed model to measurements. Pure, except for reading measurement files.

Each kernel is fitted separately, by least squares on relative errors with no price below zero. If
there are fewer measurements than twice the number of parts, the prices of a given model are scaled
by one factor instead. The errors are those of networks that were held out.
"""

import statistics
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from codegen.costs.convolution_work import Work
from codegen.costs.speed import Error, KernelPrices, SpeedModel, price
from firmware.errors import ConfigError
from firmware.printable import brief
from firmware.records.measurement import MeasurementRecord
from firmware.records.reader import Kind, read_json

_KIND = Kind(
    "is not a measurement of kernel calls",
    "generate the project again and measure it with 'hil run'",
)
FOLDS = 5
SMALL_TICKS = 200
"""Smallest denominator of a relative error, because errors of very short calls do not matter."""


@dataclass(frozen=True, slots=True)
class MeasuredCall:
    """A measured kernel call."""

    network: str
    kernel: str
    work: Work
    ticks: float


@dataclass(frozen=True, slots=True)
class MeasuredCalls:
    """Measured kernel calls of several networks, in one unit on one core."""

    unit: Literal["cycles", "instructions"]
    runtime: str
    core: str
    board: str
    calls: tuple[MeasuredCall, ...]

    @property
    def networks(self) -> list[str]:
        """The networks without repetition, in order."""
        return list(dict.fromkeys(call.network for call in self.calls))


def read_measurements(paths: Iterable[Path], core: str) -> MeasuredCalls:
    """The kernel calls in files that `hil run` wrote.

    Raises:
        ConfigError: A file cannot be read, contains no kernel calls, or has another unit, runtime
            or board than the others.
    """
    several = tuple(paths)
    records = [read_json(path, MeasurementRecord, _KIND) for path in several]
    kinds = {(record.unit, record.runtime, record.board) for record in records}
    if len(kinds) != 1:
        shown = brief("; ".join(map(", ".join, sorted(kinds))), 300)
        raise ConfigError(f"the measurements have different units, runtimes or boards: {shown}")
    unit, runtime, board = kinds.pop()
    calls = [
        call for path, record in zip(several, records, strict=True) for call in _calls(path, record)
    ]
    return MeasuredCalls(unit, runtime, core, board, tuple(calls))


def _calls(path: Path, record: MeasurementRecord) -> list[MeasuredCall]:
    """The kernel calls of one network."""
    calls = []
    for number, step in enumerate(record.steps):
        ticks = getattr(step, record.unit)
        if step.kernel is None or ticks is None:
            raise _KIND.refusal(path, f"steps[{number}]: expected a kernel and its {record.unit}")
        calls.append(MeasuredCall(record.model_sha256, step.kernel, step.work, float(ticks)))
    if not calls:
        raise _KIND.refusal(path, "it contains no kernel calls")
    return calls


def calibrate(
    measured: MeasuredCalls,
    start: SpeedModel | None = None,
    counted: Collection[str] | None = None,
) -> SpeedModel:
    """Fit a speed model, and determine its errors by cross-validation over networks.

    Args:
        measured: The kernel calls.
        start: Prices to scale if there are few measurements, such as those in instructions.
        counted: Networks that count in the error of whole networks; by default all.
    """
    networks = measured.networks
    model = _fit(measured, measured.calls, start)
    predicted: list[tuple[MeasuredCall, float | None]] = []
    for fold in range(min(FOLDS, len(networks)) if len(networks) > 1 else 0):
        held_out = set(networks[fold::FOLDS])
        rest = [call for call in measured.calls if call.network not in held_out]
        fitted = _fit(measured, rest, start)
        predicted += [
            (call, fitted.predict(call.kernel, call.work))
            for call in measured.calls
            if call.network in held_out
        ]
    kernels = {
        name: replace(kernel, error=_error_of_calls(predicted, name))
        for name, kernel in model.kernels.items()
    }
    whole = [own for own in predicted if counted is None or own[0].network in counted]
    return replace(model, kernels=kernels, error=_error_of_networks(whole))


def _fit(
    measured: MeasuredCalls, calls: Sequence[MeasuredCall], start: SpeedModel | None
) -> SpeedModel:
    by_kernel: dict[str, list[MeasuredCall]] = defaultdict(list)
    for call in calls:
        by_kernel[call.kernel].append(call)
    known = start.kernels if start is not None else {}
    prices = {
        kernel: _prices(own, known[kernel].prices if kernel in known else None)
        for kernel, own in by_kernel.items()
    }
    ratio = _ratio(
        (call.ticks, price(known[call.kernel].prices, call.work))
        for call in calls
        if call.kernel in known
    )
    for kernel in known.keys() - prices.keys():
        prices[kernel] = {part: ratio * own for part, own in known[kernel].prices.items()}
    count = len({call.network for call in calls})
    return SpeedModel(
        unit=measured.unit,
        runtime=measured.runtime,
        core=measured.core,
        source=f"{len(calls)} kernel calls of {count} networks on the {measured.board} board",
        kernels={kernel: KernelPrices(own, None) for kernel, own in sorted(prices.items())},
    )


def _prices(calls: Sequence[MeasuredCall], start: dict[str, float] | None) -> dict[str, float]:
    parts = sorted({part for call in calls for part in call.work})
    if start is not None and len(calls) < 2 * len(parts):
        ratio = _ratio((call.ticks, price(start, call.work)) for call in calls)
        return {part: ratio * own for part, own in start.items()}
    counts = np.array([[call.work.get(part, 0) for part in parts] for call in calls], float)
    ticks = np.array([call.ticks for call in calls])
    weights = 1 / (ticks + SMALL_TICKS)
    solved = _least_squares(counts * weights[:, None], ticks * weights)
    return {part: float(f"{own:.6g}") for part, own in zip(parts, solved, strict=True) if own > 0}


def _least_squares(matrix: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The least-squares solution without negative elements, which are removed one by one.

    A small ridge term keeps columns with little influence near zero.
    """
    scale = np.maximum(np.linalg.norm(matrix, axis=0), 1e-12)
    scaled = matrix / scale
    kept = list(range(matrix.shape[1]))
    while kept:
        ridge = 1e-4 * np.eye(len(kept))
        rows = np.vstack([scaled[:, kept], ridge])
        solution = np.linalg.lstsq(rows, np.append(wanted, np.zeros(len(kept))), rcond=None)[0]
        if solution.min() >= 0:
            result = np.zeros(matrix.shape[1])
            result[kept] = solution / scale[kept]
            return result
        del kept[int(solution.argmin())]
    return np.zeros(matrix.shape[1])


def _ratio(pairs: Iterable[tuple[float, float]]) -> float:
    """The sum of the measured ticks over the sum of the predicted ticks."""
    all_ticks = all_prices = 0.0
    for ticks, predicted in pairs:
        all_ticks += ticks
        all_prices += predicted
    return all_ticks / all_prices if all_prices > 0 else 1.0


def _error_of_calls(
    predicted: list[tuple[MeasuredCall, float | None]], kernel: str
) -> Error | None:
    errors = [
        abs(value - call.ticks) / max(call.ticks, SMALL_TICKS)
        for call, value in predicted
        if call.kernel == kernel and value is not None
    ]
    return _error(errors)


def _error_of_networks(predicted: list[tuple[MeasuredCall, float | None]]) -> Error | None:
    totals: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for call, value in predicted:
        totals[call.network][0] += call.ticks
        totals[call.network][1] += value or 0.0
    return _error([abs(value - ticks) / max(ticks, 1.0) for ticks, value in totals.values()])


def _error(errors: list[float]) -> Error | None:
    if not errors:
        return None
    median, worst = statistics.median(errors), max(errors)
    return Error(float(f"{median:.4g}"), float(f"{worst:.4g}"), len(errors))
