"""How long a network takes, as a sum over the parts of its kernels. Reads model files.

A speed model gives each part of each kernel (`codegen/work.py` counts them) a price, in cycles of
a board or in instructions of the virtual one, and says how far it was off for networks that it was
not fitted on.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from codegen.convolution_work import Work
from firmware.records.reader import Kind, convert, parse_json, read_json_values
from firmware.records.values import Count, NotNegative

SCHEMA = 1
_KIND = Kind("is no speed model", "make one with 'nas calibrate'", SCHEMA)
SHIPPED = {"static": "static_cortex_m4.json"}
"""Instruction models by runtime, fitted on the virtual board by `benchmarks.instruction_model`."""


@dataclass(frozen=True, slots=True)
class Error:
    """How far predictions were from measurements that they were not fitted on.

    Attributes:
        median: Of the relative errors.
        worst: The largest of them.
        count: Measurements compared.
    """

    median: NotNegative
    worst: NotNegative
    count: Count


@dataclass(frozen=True, slots=True)
class KernelPrices:
    """What the parts of one kernel cost.

    Attributes:
        prices: By part; a part without a price costs nothing.
        error: Of single calls; None if they are too few to hold any out.
    """

    prices: dict[str, NotNegative]
    error: Error | None


@dataclass(frozen=True, slots=True)
class SpeedModel:
    """Prices of all kernels that were measured.

    Attributes:
        unit: `instructions` or `cycles`.
        runtime: The runtime that was measured.
        core: The core that it holds for, such as `cortex-m4`.
        source: What was measured, in words.
        kernels: By the kernel's name.
        error: Of whole networks; None if they are too few to hold any out.
    """

    unit: Literal["instructions", "cycles"]
    runtime: str
    core: str
    source: str
    kernels: dict[str, KernelPrices] = field(default_factory=dict)
    error: Error | None = None

    def predict(self, kernel: str, work: Mapping[str, int]) -> float | None:
        """What a call takes, in `unit`; None for a kernel that was not measured."""
        known = self.kernels.get(kernel)
        return None if known is None else price(known.prices, work)

    def as_record(self) -> dict[str, Any]:
        """The model as its file holds it."""
        return {"schema": SCHEMA, **asdict(self)}


def price(prices: Mapping[str, float], work: Mapping[str, int]) -> float:
    """The sum over all parts of a kernel."""
    return sum(prices.get(part, 0.0) * count for part, count in work.items())


def predict_all(
    model: SpeedModel, calls: list[tuple[str, Work]]
) -> tuple[list[float | None], float | None]:
    """What each kernel call takes, and all together; None where a kernel was not measured."""
    single = [model.predict(kernel, work) for kernel, work in calls]
    known = [value for value in single if value is not None]
    return single, sum(known) if len(known) == len(single) else None


def read_speed_model(path: Path) -> SpeedModel:
    """Read a file that `nas calibrate` wrote.

    Raises:
        ConfigError: There is no such file, or it is something else.
    """
    return convert(read_json_values(path, _KIND), SpeedModel, path, _KIND)


@cache
def shipped_speed_model(runtime: str, core: str) -> SpeedModel | None:
    """The instruction model that comes with the SDK for a runtime and a core, if there is one."""
    if runtime not in SHIPPED:
        return None
    content = files("nas.estimator").joinpath(SHIPPED[runtime]).read_bytes()
    path = Path(SHIPPED[runtime])
    model = convert(parse_json(content, path, _KIND), SpeedModel, path, _KIND)
    return model if model.core == core else None
