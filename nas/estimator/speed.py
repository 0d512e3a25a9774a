"""How long a network takes, as a sum over the parts of its kernels. Reads model files.

A speed model gives each part of each kernel (`codegen/work.py` counts them) a price, in cycles of
a board or in instructions of the virtual one, and says how far it was off for networks that it was
not fitted on.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from codegen.work import Work
from firmware.errors import ConfigError

SCHEMA = 1
UNITS = ("instructions", "cycles")
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

    median: float
    worst: float
    count: int


@dataclass(frozen=True, slots=True)
class KernelPrices:
    """What the parts of one kernel cost.

    Attributes:
        prices: By part; a part without a price costs nothing.
        error: Of single calls; None if they are too few to hold any out.
    """

    prices: dict[str, float]
    error: Error | None


@dataclass(frozen=True, slots=True)
class SpeedModel:
    """Prices of all kernels that were measured.

    Attributes:
        unit: One of `UNITS`.
        runtime: The runtime that was measured.
        core: The core that it holds for, such as `cortex-m4`.
        source: What was measured, in words.
        kernels: By the kernel's name.
        error: Of whole networks; None if they are too few to hold any out.
    """

    unit: str
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
    try:
        return _parse(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"could not read {str(path)!r}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{str(path)!r} is no speed model: {error!r}; make one with 'nas calibrate'"
        ) from error


@cache
def shipped_speed_model(runtime: str, core: str) -> SpeedModel | None:
    """The instruction model that comes with the SDK for a runtime and a core, if there is one."""
    if runtime not in SHIPPED:
        return None
    text = files("nas.estimator").joinpath(SHIPPED[runtime]).read_text(encoding="utf-8")
    model = _parse(json.loads(text))
    return model if model.core == core else None


def _parse(record: dict[str, Any]) -> SpeedModel:
    if record["schema"] != SCHEMA or record["unit"] not in UNITS:
        raise ValueError(f"schema {record['schema']!r} and unit {record['unit']!r}")
    return SpeedModel(
        unit=record["unit"],
        runtime=str(record["runtime"]),
        core=str(record["core"]),
        source=str(record["source"]),
        kernels={
            str(name): KernelPrices(
                {str(part): float(value) for part, value in kernel["prices"].items()},
                _parse_error(kernel["error"]),
            )
            for name, kernel in record["kernels"].items()
        },
        error=_parse_error(record["error"]),
    )


def _parse_error(record: dict[str, Any] | None) -> Error | None:
    if record is None:
        return None
    return Error(float(record["median"]), float(record["worst"]), int(record["count"]))
