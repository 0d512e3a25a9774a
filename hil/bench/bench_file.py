"""The boards of a bench, as a TOML file tells of them. Reads and writes that file.

[board.left]
target = "stm32f412"
port = "/dev/serial/by-id/usb-STMicroelectronics_STM32_STLink_066…-if02"
flash = "swd"                # swd, uart, pio, none
probe = "066DFF…"            # serial of the probe, for swd

[board.right]
target = "stm32f412"
port = "/dev/ttyACM1"
flash = "uart"
loader_port = "/dev/ttyUSB0" # adapter at the ROM bootloader's pins; default: port
reset = "dtr"                # line that pulls NRST low when it is set; none: by hand
boot = "rts"                 # line that pulls BOOT0 high when it is set
reset_inverted = false
boot_inverted = false

[board.right.tolerance]      # parts of the foretold figure; the others stay as they are
cycles_fraction = 0.05
"""

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from firmware.errors import ConfigError, ManyBoardsError, NoBoardError
from firmware.targets import board_targets, load_target
from hil.tolerances import Tolerances

DEFAULT_FILE = "bench.toml"
FLASHERS = ("swd", "uart", "pio", "none")
LINES = ("dtr", "rts", "none")


@dataclass(frozen=True, slots=True)
class BoardEntry:
    """A board of the bench.

    Attributes:
        name: What it is called.
        target: Its chip.
        port: Serial port on which the firmware speaks: a path, or a URL that pySerial knows.
        flash: How firmware gets there, one of `FLASHERS`.
        baud: Of the firmware.
        probe: Serial number of the debug probe; empty: the only one attached.
        loader_port: Serial port of the ROM bootloader.
        loader_baud: Its rate; the bootloader measures it.
        reset: Line of the loader's port at NRST, one of `LINES`.
        boot: Line of the loader's port at BOOT0.
        reset_inverted: The line resets the chip when it is cleared.
        boot_inverted: The line selects the bootloader when it is cleared.
        is_virtual: Ticks count instructions: the board is emulated.
        tolerance: How far measurements may be from what was foretold.
    """

    name: str
    target: str
    port: str
    flash: str = "none"
    baud: int = 115_200
    probe: str = ""
    loader_port: str = ""
    loader_baud: int = 115_200
    reset: str = "dtr"
    boot: str = "rts"
    reset_inverted: bool = False
    boot_inverted: bool = False
    is_virtual: bool = False
    tolerance: Tolerances = field(default_factory=Tolerances)

    @property
    def idle_lines(self) -> dict[str, bool]:
        """How the lines of the loader's port are while the firmware runs."""
        lines = ((self.reset, self.reset_inverted), (self.boot, self.boot_inverted))
        return {line: is_inverted for line, is_inverted in lines if line != "none"}

    @property
    def lock_name(self) -> str:
        """What names it on this machine, whatever the bench file calls it."""
        path = Path(self.port)
        return str(path.resolve()) if path.is_absolute() else self.port


def read_bench(path: Path) -> tuple[BoardEntry, ...]:
    """The boards of a bench file, in its order.

    Raises:
        ConfigError: The file cannot be read or says what no board has.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"could not read {str(path)!r}: {error.strerror}; 'hil boards init' writes one"
        ) from error
    except (ValueError, UnicodeDecodeError) as error:
        raise ConfigError(f"{str(path)!r} is no TOML file: {error}") from error
    boards = tables.get("board")
    if set(tables) != {"board"} or not isinstance(boards, dict) or not boards:
        raise ConfigError(f"{str(path)!r} must hold a table [board.NAME] for each board, only")
    return tuple(_entry(path, name, table) for name, table in boards.items())


def _entry(path: Path, name: str, table: Any) -> BoardEntry:
    place = f"{str(path)!r}, [board.{name}]"
    if not isinstance(table, dict):
        raise ConfigError(f"{place} is no table")
    tolerance = _tolerances(place, table.get("tolerance", {}))
    values = {key: value for key, value in table.items() if key != "tolerance"}
    types = get_type_hints(BoardEntry)
    known = [key for key in types if key != "name"]
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"{place}: unknown {key!r}; known: {', '.join(known)}")
        if type(value) is not types[key]:
            raise ConfigError(f"{place}: {key} = {value!r} is no {types[key].__name__}")
    for key in ("target", "port"):
        if not values.get(key):
            raise ConfigError(f"{place}: {key} is missing")
    entry = BoardEntry(name=name, tolerance=tolerance, **values)
    for key, allowed in (("flash", FLASHERS), ("reset", LINES), ("boot", LINES)):
        if getattr(entry, key) not in allowed:
            text = f"{key} = {getattr(entry, key)!r}; possible: {', '.join(allowed)}"
            raise ConfigError(f"{place}: {text}")
    if not load_target(entry.target).has_board:
        raise ConfigError(f"{place}: firmware can be built for {', '.join(board_targets())}")
    return entry


def _tolerances(place: str, table: Any) -> Tolerances:
    known = [own.name for own in fields(Tolerances)]
    if not isinstance(table, dict):
        raise ConfigError(f"{place}: tolerance is a table with {', '.join(known)}")
    for key, value in table.items():
        if key not in known:
            raise ConfigError(f"{place}: unknown tolerance {key!r}; known: {', '.join(known)}")
        if not isinstance(value, float) or not 0 <= value < 1:
            raise ConfigError(f"{place}: tolerance {key} = {value!r} is no part of 1, such as 0.1")
    return Tolerances(**table)


def choose_board(boards: tuple[BoardEntry, ...], name_or_target: str) -> BoardEntry:
    """The board of that name, or the only one with that target.

    Raises:
        NoBoardError: There is none.
        ManyBoardsError: Several have that target.
    """
    named = [board for board in boards if board.name == name_or_target]
    fitting = named or [board for board in boards if board.target == name_or_target]
    names = ", ".join(board.name for board in fitting or boards)
    if not fitting:
        raise NoBoardError(f"no board {name_or_target!r} in the bench file; it has: {names}")
    if len(fitting) > 1:
        raise ManyBoardsError(f"several boards are a {name_or_target}: choose --board of {names}")
    return fitting[0]
