"""Timing of processor cores: facts that the cycle model uses. Reads package data."""

from pathlib import Path

from firmware.errors import ConfigError
from firmware.records.reader import Kind, convert, read_toml

_FOLDER = Path(__file__).parent
_KIND = Kind("is not the timing of a core", "see the one of the cortex-m4 for the form")


def timed_cores() -> tuple[str, ...]:
    """Names of the cores whose timing is known, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def core_timing(core: str) -> dict[str, int]:
    """The timing of a core: cycles and sizes by name.

    Raises:
        ConfigError: The timing of this core is not known.
    """
    if core not in timed_cores():
        raise ConfigError(
            f"the timing of a {core} is not known; known cores: {', '.join(timed_cores())}"
        )
    path = _FOLDER / f"{core}.toml"
    tables = convert(read_toml(path, _KIND), dict[str, dict[str, int]], path, _KIND)
    return {name: value for table in tables.values() for name, value in table.items()}
