"""Timing of processor cores: facts that the cycle model uses. Reads package data."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from firmware.errors import ConfigError
from firmware.records.reader import Kind, convert, read_toml

_FOLDER = Path(__file__).parent
_KIND = Kind("is not the timing of a core", "see the one of the cortex-m4 for the form")


@dataclass(frozen=True, slots=True)
class ModelErrors:
    """How far the cycle model was from cycles that were published for a chip with this core.

    Attributes:
        calls: Number of compared calls.
        median_fraction: Median of the sizes of the relative errors.
        worst_fraction: Largest of them.
    """

    calls: Annotated[int, Meta(ge=1)]
    median_fraction: Annotated[float, Meta(ge=0)]
    worst_fraction: Annotated[float, Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class Core:
    """A core whose timing is known.

    Attributes:
        timing: Cycles and sizes by name.
        errors: Of the cycle model.
    """

    timing: dict[str, int]
    errors: ModelErrors


def timed_cores() -> tuple[str, ...]:
    """Names of the cores whose timing is known, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def load_core(core: str) -> Core:
    """The timing of a core.

    Raises:
        ConfigError: The timing of this core is not known.
    """
    if core not in timed_cores():
        raise ConfigError(
            f"the timing of a {core} is not known; known cores: {', '.join(timed_cores())}"
        )
    path = _FOLDER / f"{core}.toml"
    tables = read_toml(path, _KIND)
    errors = convert(tables.pop("errors", None), ModelErrors, path, _KIND)
    facts = convert(tables, dict[str, dict[str, int]], path, _KIND)
    timing = {name: value for table in facts.values() for name, value in table.items()}
    return Core(timing, errors)
