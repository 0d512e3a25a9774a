"""Target descriptions: facts about a chip that stages agree on. Reads package data."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.errors import ConfigError

_FOLDER = Path(__file__).parent
MACC_PER_COREMARK = 10_000
"""Multiply-accumulates per inference allowed for one CoreMark: the method's rule of thumb."""


@dataclass(frozen=True, slots=True)
class Target:
    """A chip as the search, the generator and the bench need to know it.

    Attributes:
        name: Name on the command line.
        description: Chip, core and board in one line.
        environment: PlatformIO board and environment.
        cpu_flags: Compiler and linker flags that select the core and its FPU.
        ram_origin: Address of the first byte of RAM.
        ram_bytes: RAM in one piece from `ram_origin`.
        flash_origin: Address of the first byte of flash.
        flash_bytes: Flash in one piece from `flash_origin`.
        core_hz: Core clock that the board support sets up.
        coremark: CoreMark score at that clock.
        stack_bytes: Stack that the bench application reserves.
    """

    name: str
    description: str
    environment: str
    cpu_flags: tuple[str, ...]
    ram_origin: int
    ram_bytes: int
    flash_origin: int
    flash_bytes: int
    core_hz: int
    coremark: int
    stack_bytes: int

    @property
    def macc_limit(self) -> int:
        """MACs per inference that the method allows this chip."""
        return self.coremark * MACC_PER_COREMARK


def known_targets() -> tuple[str, ...]:
    """Names of the targets that the SDK ships, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def load_target(name: str) -> Target:
    """Read the description of a target.

    Raises:
        ConfigError: There is no such target.
    """
    if name not in known_targets():
        raise ConfigError(f"unknown target {name!r}; known targets: {', '.join(known_targets())}")
    return _parse(tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8")))


def _parse(table: dict[str, Any]) -> Target:
    return Target(
        name=table["name"],
        description=table["description"],
        environment=table["environment"],
        cpu_flags=tuple(table["cpu_flags"]),
        **table["memory"],
        **table["clock"],
        **table["firmware"],
    )
