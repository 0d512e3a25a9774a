"""Target descriptions: facts about a chip that all stages use. Reads package data."""

import itertools
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from firmware.errors import ConfigError
from firmware.printable import brief
from firmware.records.reader import Kind, convert, read_toml
from firmware.targets.serial_port import SerialPort

_FOLDER = Path(__file__).parent
MACC_PER_COREMARK = 10_000
"""Multiply-accumulates per inference allowed for one CoreMark: the method's rule of thumb."""
_KIND = Kind("is not a target", "see the one of the stm32f412 for the form")
_TABLES = ("memory", "clock", "firmware", "board")
_Address = Annotated[int, Meta(ge=0, lt=2**32)]
_Count = Annotated[int, Meta(ge=0, lt=2**32)]
_Size = Annotated[int, Meta(ge=1, le=2**32)]


@dataclass(frozen=True, slots=True)
class ChipTiming:
    """What the memories of a chip add to the time of its core.

    Attributes:
        wait_states: Of the flash, at the target's clock.
        flash_line_bytes: Bytes that the flash reads at once.
        prefetches: Whether the next line of instructions is read in advance.
        instruction_lines: Lines of the cache for instructions.
        data_lines: Lines of the cache for data in flash.
        memory_origins: First addresses of the memories; loads from different ones do not overlap.
    """

    wait_states: _Count
    flash_line_bytes: _Size
    prefetches: bool
    instruction_lines: _Count
    data_lines: _Count
    memory_origins: tuple[_Address, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """The facts about a chip that the search, the generator and the bench need.

    Attributes:
        name: Name on the command line.
        description: Chip, core and board in one line.
        core: The core's name, such as `cortex-m4`.
        ram_origin: Address of the first byte of RAM.
        ram_bytes: Contiguous RAM from `ram_origin`.
        flash_origin: Address of the first byte of flash.
        flash_bytes: Contiguous flash from `flash_origin`.
        core_hz: Core clock that the board support sets up.
        coremark: CoreMark score at that clock.
        wait_states: Of the flash at that clock.
        stack_bytes: Stack that the application reserves.
        environment: PlatformIO board and environment; empty if projects cannot be generated.
        cpu_flags: Compiler and linker flags that select the core and its FPU.
        family: Folder of its board support in `firmware/board/`.
        serial: The serial port of the board; None if projects cannot be generated.
        device_id: DEV_ID of its debug unit, which the ROM bootloader also reports.
        sector_bytes: Sizes of the flash sectors, in order.
        probe_target: Its name in pyOCD.
        timing: Of its memories; None if that is not known.
    """

    name: str
    description: str
    core: str
    ram_origin: _Address
    ram_bytes: _Size
    flash_origin: _Address
    flash_bytes: _Size
    core_hz: _Size
    coremark: _Size
    stack_bytes: _Size
    wait_states: _Count = 0
    environment: str = ""
    cpu_flags: tuple[str, ...] = ()
    family: str = ""
    serial: SerialPort | None = None
    device_id: _Address = 0
    sector_bytes: tuple[_Size, ...] = ()
    probe_target: str = ""
    timing: ChipTiming | None = None

    @property
    def macc_limit(self) -> int:
        """The MACC limit of the published method for this chip."""
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
    """Read the description of a target of the SDK, or a TOML file in the same form.

    Raises:
        ConfigError: There is no such target, or the file lacks a fact.
    """
    is_file = name_or_path.endswith(".toml")
    if not is_file and name_or_path not in known_targets():
        raise ConfigError(
            f"unknown target {brief(repr(name_or_path), 60)}; known targets: "
            f"{', '.join(known_targets())}; a file of your own must end in .toml"
        )
    path = Path(name_or_path) if is_file else _FOLDER / f"{name_or_path}.toml"
    return _parse(read_toml(path, _KIND), path)


def load_board_target(name_or_path: str) -> Target:
    """Read the description of a target for which projects can be generated.

    Raises:
        ConfigError: There is no such target, or it is for estimates only.
    """
    target = load_target(name_or_path)
    if not target.has_board:
        raise ConfigError(
            f"{target.name} is a target for estimates only; projects can be generated for: "
            f"{', '.join(board_targets())}"
        )
    return target


def _parse(table: dict[str, Any], path: Path) -> Target:
    """Join the facts of all tables; each may appear only once. Wait states are also timing."""
    facts = {name: value for name, value in table.items() if name not in _TABLES}
    for part in _TABLES:
        own = table.get(part, {})
        if not isinstance(own, dict):
            raise _KIND.refusal(path, f"expected a table [{part}]")
        facts |= own
    known = {field.name for field in fields(Target)}
    if unknown := sorted(facts.keys() - known):
        raise _KIND.refusal(path, f"unknown {brief(unknown[0], 60)!r}")
    if isinstance(timing := facts.get("timing"), dict) and "wait_states" in facts:
        facts["timing"] = {"wait_states": facts["wait_states"]} | timing
    return convert(facts, Target, path, _KIND)
