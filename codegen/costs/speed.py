"""Predicts the time of a network as a sum over the parts of its kernels. Reads model files.

A speed model has a price for each part of each kernel (`codegen/costs/work.py` counts the parts):
in cycles of a board, in instructions of the virtual board, or in cycles that the cycle model counts
there. It also has the errors for networks that it was not fitted on.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from codegen.costs.convolution_work import Work
from codegen.costs.tables import cycle_table, instruction_table
from firmware.chips import ChipTiming
from firmware.records.reader import Kind, convert, parse_json, read_json_values
from firmware.records.values import Count, NotNegative
from firmware.targets import Target

SCHEMA = 1
_KIND = Kind("is not a speed model", "make one with 'nas calibrate'", SCHEMA)


@dataclass(frozen=True, slots=True)
class Error:
    """Relative errors of predictions for measurements that were not used for fitting.

    Attributes:
        median: Their median.
        worst: The largest error.
        count: Number of measurements.
    """

    median: NotNegative
    worst: NotNegative
    count: Count


@dataclass(frozen=True, slots=True)
class KernelPrices:
    """The prices of the parts of a kernel.

    Attributes:
        prices: Price of each part; a part without a price is free.
        error: Errors of single calls; None if there are too few to hold any out.
    """

    prices: dict[str, NotNegative]
    error: Error | None


@dataclass(frozen=True, slots=True)
class SpeedModel:
    """The prices of all measured kernels.

    Attributes:
        unit: `instructions` or `cycles`.
        runtime: The measured runtime.
        core: The core, such as `cortex-m4`.
        source: Description of the measurements.
        kernels: Prices by the name of the kernel.
        error: Errors of whole networks; None if there are too few to hold any out.
        timing: Memories for which the cycles were modelled; None if nothing was modelled.
        compiler: Of the firmware whose cycles were modelled.
    """

    unit: Literal["instructions", "cycles"]
    runtime: str
    core: str
    source: str
    kernels: dict[str, KernelPrices] = field(default_factory=dict)
    error: Error | None = None
    timing: ChipTiming | None = None
    compiler: str = ""

    @property
    def is_modelled(self) -> bool:
        """Whether its cycles were modelled, not measured on a board."""
        return self.timing is not None

    def predict(self, kernel: str, work: Mapping[str, int]) -> float | None:
        """The time of a call in `unit`; None for a kernel that was not measured."""
        known = self.kernels.get(kernel)
        return None if known is None else price(known.prices, work)

    def as_record(self) -> dict[str, Any]:
        """The model as JSON values."""
        return {"schema": SCHEMA, **asdict(self)}


def price(prices: Mapping[str, float], work: Mapping[str, int]) -> float:
    """The sum over all parts of a kernel."""
    return sum(prices.get(part, 0.0) * count for part, count in work.items())


def predict_all(
    model: SpeedModel, calls: list[tuple[str, Work]]
) -> tuple[list[float | None], float | None]:
    """The time of each kernel call, and their sum; None if a kernel was not measured."""
    single = [model.predict(kernel, work) for kernel, work in calls]
    known = [value for value in single if value is not None]
    return single, sum(known) if len(known) == len(single) else None


def read_speed_model(path: Path) -> SpeedModel:
    """Read a file that `nas calibrate` wrote.

    Raises:
        ConfigError: The file is missing, is not a speed model, or has modelled cycles.
    """
    model = convert(read_json_values(path, _KIND), SpeedModel, path, _KIND)
    if model.is_modelled:
        raise _KIND.refusal(path, "its cycles are modelled, and such prices come with the SDK")
    return model


def shipped_speed_model(runtime: str, core: str) -> SpeedModel | None:
    """The instruction model that comes with the SDK for a runtime and a core, if there is one.

    `benchmarks.speed_models` fits it on the virtual board, and the prices in modelled cycles.
    """
    model = _shipped(instruction_table(runtime, core))
    return model if model is not None and model.core == core else None


def modelled_speed_model(runtime: str, target: Target) -> SpeedModel | None:
    """The prices in modelled cycles that come with the SDK, for a runtime on a target.

    None if no cycles were modelled for its core with memories of the same timing.
    """
    model = _shipped(cycle_table(runtime, target.core))
    if model is None or (model.core, model.timing) != (target.core, target.timing):
        return None
    return model


@cache
def _shipped(name: str) -> SpeedModel | None:
    file, path = files("codegen").joinpath(name), Path(name)
    if not file.is_file():
        return None
    return convert(parse_json(file.read_bytes(), path, _KIND), SpeedModel, path, _KIND)
