"""Target descriptions: facts about a chip that stages agree on. Reads package data."""

import itertools
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
        core: The core's name, such as `cortex-m4`.
        ram_origin: Address of the first byte of RAM.
        ram_bytes: RAM in one piece from `ram_origin`.
        flash_origin: Address of the first byte of flash.
        flash_bytes: Flash in one piece from `flash_origin`.
        core_hz: Core clock that the board support sets up.
        coremark: CoreMark score at that clock.
        stack_bytes: Stack that the application reserves.
        environment: PlatformIO board and environment; empty if projects cannot be generated.
        cpu_flags: Compiler and linker flags that select the core and its FPU.
        device_id: DEV_ID of its debug unit, which the ROM bootloader tells too.
        sector_bytes: Sizes of the flash sectors, from the first on.
        probe_target: What pyOCD calls it.
    """

    name: str
    description: str
    core: str
    ram_origin: int
    ram_bytes: int
    flash_origin: int
    flash_bytes: int
    core_hz: int
    coremark: int
    stack_bytes: int
    environment: str = ""
    cpu_flags: tuple[str, ...] = ()
    device_id: int = 0
    sector_bytes: tuple[int, ...] = ()
    probe_target: str = ""

    @property
    def macc_limit(self) -> int:
        """MACs per inference that the method allows this chip."""
        return self.coremark * MACC_PER_COREMARK

    def sectors_of(self, address: int, count: int) -> list[int]:
        """Numbers of the flash sectors that hold these bytes."""
        starts = itertools.accumulate(self.sector_bytes, initial=self.flash_origin)
        return [
            number
            for number, (start, size) in enumerate(zip(starts, self.sector_bytes, strict=False))
            if start < address + count and address < start + size
        ]

    @property
    def has_board(self) -> bool:
        """Whether projects can be generated for it, not only estimates."""
        return bool(self.environment)


def known_targets() -> tuple[str, ...]:
    """Names of the targets that the SDK ships, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def board_targets() -> tuple[str, ...]:
    """Names of the targets for which projects can be generated, sorted."""
    return tuple(name for name in known_targets() if load_target(name).has_board)


def load_target(name_or_path: str) -> Target:
    """Read the description of a target that the SDK ships, or a TOML file of the same form.

    Raises:
        ConfigError: There is no such target, or the file lacks a fact.
    """
    is_file = name_or_path.endswith(".toml")
    if not is_file and name_or_path not in known_targets():
        raise ConfigError(
            f"unknown target {name_or_path!r}; known targets: {', '.join(known_targets())}; a "
            "file of your own must end in .toml"
        )
    path = Path(name_or_path) if is_file else _FOLDER / f"{name_or_path}.toml"
    try:
        return _parse(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"could not read {str(path)!r}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{str(path)!r} is no target: {error}; see the one of the stm32f412 for the form"
        ) from error


def load_board_target(name_or_path: str) -> Target:
    """Read the description of a target for which projects can be generated.

    Raises:
        ConfigError: There is no such target, or it is for estimates alone.
    """
    target = load_target(name_or_path)
    if not target.has_board:
        raise ConfigError(
            f"{target.name} is a target for estimates alone; projects can be generated for: "
            f"{', '.join(board_targets())}"
        )
    return target


def _parse(table: dict[str, Any]) -> Target:
    numbers = {**table["memory"], **table["clock"], **table["firmware"]}
    for name, value in numbers.items():
        if not isinstance(value, int) or value < 0:
            raise ValueError(f"{name} is {value!r}, expected a whole number")
    words = {name: table[name] for name in ("name", "description", "core")}
    for name, value in words.items():
        if not isinstance(value, str):
            raise TypeError(f"{name} is {value!r}, expected text")
    board = table.get("board", {})
    lists = {name: tuple(board.get(name, ())) for name in ("cpu_flags", "sector_bytes")}
    return Target(**words, **numbers, **(board | lists))
