"""Targets: what networks are searched and firmware is made for. Reads package data.

A target is a chip with its core, and the board that carries it. A chip alone can be estimated.
"""

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from firmware.boards import BOARDS, BoardRecord, known_boards, load_board
from firmware.boards.serial_port import SerialPort
from firmware.chips import CHIPS, Chip, ChipTiming, known_chips, load_chip
from firmware.cores import Core, load_core
from firmware.errors import ConfigError
from firmware.printable import brief
from firmware.records.reader import Kind, read_toml

DEFAULT_TARGET = "stm32f412"
"""Of the commands that need none to be named."""
MACC_PER_COREMARK = 10_000
"""Multiply-accumulates per inference allowed for one CoreMark: the method's rule of thumb."""
_KIND = Kind("is neither a board nor a chip", "a board has a 'chip', a chip has a 'core'")


@dataclass(frozen=True, slots=True)
class Target:
    """A chip, and its board. The facts that all stages use are also here, under short names.

    Attributes:
        processor: The chip's core.
        chip: The chip.
        board: None if projects cannot be generated.
        folder: Where the board's own C files are; empty if it has none.
    """

    processor: Core
    chip: Chip
    board: BoardRecord | None = None
    folder: str = ""

    @property
    def name(self) -> str:
        """Name of the chip."""
        return self.chip.name

    @property
    def description(self) -> str:
        """Chip, core and board in one line."""
        return self.chip.description + (f" ({self.board.description})" if self.board else "")

    @property
    def core(self) -> str:
        """Name of the core, such as `cortex-m4`."""
        return self.processor.name

    @property
    def cpu_flags(self) -> tuple[str, ...]:
        """Compiler and linker flags that select the core and its FPU."""
        return self.processor.cpu_flags

    @property
    def ram_origin(self) -> int:
        """Address of the first byte of RAM."""
        return self.chip.ram_origin

    @property
    def ram_bytes(self) -> int:
        """Contiguous RAM from `ram_origin`."""
        return self.chip.ram_bytes

    @property
    def flash_origin(self) -> int:
        """Address of the first byte of flash."""
        return self.chip.flash_origin

    @property
    def flash_bytes(self) -> int:
        """Contiguous flash from `flash_origin`."""
        return self.chip.flash_bytes

    @property
    def core_hz(self) -> int:
        """Core clock."""
        return self.chip.core_hz

    @property
    def wait_states(self) -> int:
        """Wait states of the flash at that clock."""
        return self.chip.wait_states

    @property
    def stack_bytes(self) -> int:
        """Stack that the application reserves."""
        return self.chip.stack_bytes

    @property
    def device_id(self) -> int:
        """DEV_ID of the chip's debug unit."""
        return self.chip.device_id

    @property
    def family(self) -> str:
        """Folder of the chip's code in `firmware/board/`."""
        return self.chip.family

    @property
    def timing(self) -> ChipTiming | None:
        """Timing of the memories; None if that is not known."""
        return self.chip.timing

    @property
    def macc_limit(self) -> int:
        """The MACC limit of the published method for this chip."""
        return self.chip.coremark * MACC_PER_COREMARK

    def sectors_of(self, address: int, count: int) -> list[int]:
        """Numbers of the flash sectors that hold these bytes."""
        return self.chip.sectors_of(address, count)

    @property
    def board_folders(self) -> tuple[str, ...]:
        """Folders of firmware/board whose sources are in its firmware, the most general first."""
        return tuple(filter(None, ("cortex_m", "" if self.machine else "stm32", self.family)))

    @property
    def has_board(self) -> bool:
        """Whether projects can be generated for it, not only estimates."""
        return self.board is not None

    @property
    def known_board(self) -> BoardRecord:
        """Its board.

        Raises:
            ConfigError: It has none.
        """
        if self.board is None:
            raise ConfigError(
                f"{self.name} is a target for estimates only; projects can be generated for: "
                f"{', '.join(board_targets())}"
            )
        return self.board

    @property
    def environment(self) -> str:
        """PlatformIO's name of the board. Raises as `known_board` does."""
        return self.known_board.environment

    @property
    def serial(self) -> SerialPort | None:
        """The serial port of the board. Raises as `known_board` does."""
        return self.known_board.serial

    @property
    def machine(self) -> str:
        """QEMU's name of the board, if it exists only there; else empty."""
        return self.board.machine if self.board else ""

    @property
    def probe_target(self) -> str:
        """PyOCD's name of the chip. Raises as `known_board` does."""
        return self.known_board.probe_target

    def with_chip(self, **facts: object) -> "Target":
        """The same target with other facts of its chip."""
        return replace(self, chip=replace(self.chip, **facts))  # type: ignore[arg-type]


def known_targets() -> tuple[str, ...]:
    """Names of the chips and boards that the SDK ships, sorted."""
    return tuple(sorted({*known_chips(), *known_boards()}))


def board_targets() -> tuple[str, ...]:
    """Names of the targets for which projects can be generated, sorted."""
    return tuple(sorted(_boards_by_name()))


@cache
def _boards_by_name() -> dict[str, BoardRecord]:
    """The SDK's boards by their names, and by the name of a chip that exactly one of them has."""
    boards = {name: load_board(name) for name in known_boards()}
    count = Counter(own.chip for own in boards.values())
    return boards | {own.chip: own for own in boards.values() if count[own.chip] == 1}


def load_target(name_or_path: str) -> Target:
    """Read the descriptions of a target: of a chip, or of a board and its chip.

    A chip that is named and that exactly one board of the SDK has means that board, too.

    Args:
        name_or_path: Name of a chip or board of the SDK, or the TOML file of one.

    Raises:
        ConfigError: There is no such target, or a file lacks a fact.
    """
    if name_or_path.endswith(".toml"):
        return _from_file(Path(name_or_path))
    if name_or_path in board_targets():
        return _of_board(BOARDS.find(_boards_by_name()[name_or_path].name))
    if name_or_path not in known_chips():
        raise ConfigError(
            f"unknown target {brief(repr(name_or_path), 60)}; known targets: "
            f"{', '.join(known_targets())}; a file of your own must end in .toml"
        )
    return _of_chip(CHIPS.find(name_or_path))


def load_board_target(name_or_path: str) -> Target:
    """Read the descriptions of a target for which projects can be generated.

    Raises:
        ConfigError: There is no such target, or it is for estimates only.
    """
    target = load_target(name_or_path)
    _ = target.known_board
    return target


def real_targets() -> tuple[str, ...]:
    """Names of the targets whose boards exist outside QEMU, and get firmware; sorted."""
    return tuple(sorted(name for name, own in _boards_by_name().items() if not own.machine))


def load_real_target(name_or_path: str) -> Target:
    """Read the descriptions of a target whose board exists outside QEMU.

    Raises:
        ConfigError: There is no such target, or none to attach or to flash.
    """
    target = load_board_target(name_or_path)
    check_real(target)
    return target


def check_real(target: Target) -> None:
    """Raise an error if the board of a target exists only in QEMU.

    Raises:
        ConfigError: There is none to attach or to flash.
    """
    if target.machine:
        raise ConfigError(
            f"{target.name} is a board of QEMU, which runs its firmware with 'hil run --board "
            f"virtual' alone; boards that are flashed: {', '.join(real_targets())}"
        )


def _from_file(path: Path) -> Target:
    table = read_toml(path, _KIND)
    if "chip" in table:
        return _of_board(path)
    if "core" in table:
        return _of_chip(path)
    raise _KIND.refusal(path, "field chip or core is missing")


def _of_chip(path: Path) -> Target:
    chip = load_chip(str(path))
    return Target(load_core(chip.core, path.parent), chip)


def _of_board(path: Path) -> Target:
    board = load_board(str(path))
    place = CHIPS.find(board.chip, path.parent)
    folder = str(path.parent / board.sources) if board.sources else ""
    return replace(_of_chip(place), board=board, folder=folder)
