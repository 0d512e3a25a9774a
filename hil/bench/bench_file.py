"""The boards of a bench, described in a TOML file. Reads that file.

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
reset = "dtr"                # line that pulls NRST low when it is set; none: manual
boot = "rts"                 # line that pulls BOOT0 high when it is set
reset_inverted = false
boot_inverted = false

[board.right.tolerance]      # fractions of the predicted value; the others keep their default
cycles_fraction = 0.05
"""

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from firmware.errors import ConfigError, ManyBoardsError, NoBoardError
from firmware.printable import brief
from firmware.records.reader import Kind, convert, read_toml
from firmware.targets import load_target, real_targets
from hil.tolerances import Tolerances

DEFAULT_FILE = "bench.toml"
_FILE = Kind("is not a TOML file", "'hil boards init' writes one")
Flasher = Literal["swd", "uart", "pio", "none"]
Line = Literal["dtr", "rts", "none"]
_Baud = Annotated[int, Meta(ge=300, le=4_000_000)]
_Visible = r"[^\x00-\x1f\x7f]"
_Text = Annotated[str, Meta(pattern=rf"^{_Visible}*\Z")]
_Name = Annotated[str, Meta(pattern=rf"^{_Visible}+\Z")]


@dataclass(frozen=True, slots=True)
class BoardEntry:
    """A board of the bench.

    Attributes:
        name: Its name in the bench file.
        target: Its chip.
        port: Serial port of the firmware: a path, or a URL that pySerial supports.
        flash: How firmware is written to it, see `Flasher`.
        baud: Baud rate of the firmware.
        probe: Serial number of the debug probe; empty: the only one attached.
        loader_port: Serial port of the ROM bootloader.
        loader_baud: Baud rate of that port; the bootloader detects it.
        reset: Line of the loader's port at NRST, see `Line`.
        boot: Line of the loader's port at BOOT0.
        reset_inverted: The line resets the chip when it is cleared.
        boot_inverted: The line selects the bootloader when it is cleared.
        is_virtual: Ticks count instructions: the board is emulated.
        tolerance: How far measurements may differ from predicted values.
    """

    name: str
    target: _Name
    port: _Name
    flash: Flasher = "none"
    baud: _Baud = 115_200
    probe: _Text = ""
    loader_port: _Text = ""
    loader_baud: _Baud = 115_200
    reset: Line = "dtr"
    boot: Line = "rts"
    reset_inverted: bool = False
    boot_inverted: bool = False
    is_virtual: bool = False
    tolerance: Tolerances = field(default_factory=Tolerances)

    @property
    def idle_lines(self) -> dict[str, bool]:
        """The states of the loader port's lines while the firmware runs."""
        lines = ((self.reset, self.reset_inverted), (self.boot, self.boot_inverted))
        return {line: is_inverted for line, is_inverted in lines if line != "none"}

    @property
    def lock_names(self) -> list[str]:
        """The board's ports, sorted. They identify it on this machine, independent of its name."""
        return sorted({self.port, self.loader_port or self.port})


def read_bench(path: Path) -> tuple[BoardEntry, ...]:
    """The boards of a bench file, in its order.

    Raises:
        ConfigError: The file cannot be read, or has an unknown or invalid key.
    """
    tables = read_toml(path, _FILE)
    boards = tables.get("board")
    if set(tables) != {"board"} or not isinstance(boards, dict) or not boards:
        raise ConfigError(
            f"{str(path)!r} must contain only tables [board.NAME], one for each board"
        )
    return tuple(_entry(path, name, table) for name, table in boards.items())


def _entry(path: Path, name: str, table: Any) -> BoardEntry:
    kind = Kind(f"is wrong in [board.{brief(name, 40)}]", _FILE.hint)
    if not isinstance(table, dict):
        raise kind.refusal(path, "expected a table")
    own = table.get("tolerance", {})
    if isinstance(own, dict):
        _check_known(path, kind, "tolerance", own, Tolerances)
    _check_known(path, kind, "field", table, BoardEntry)
    entry = convert({**table, "name": name}, BoardEntry, path, kind)
    target = load_target(entry.target)
    if target.machine or not target.has_board:
        possible = ", ".join(real_targets())
        raise kind.refusal(path, f"target: firmware can be built for {possible}")
    return replace(entry, target=target.name)


def _check_known(path: Path, kind: Kind, what: str, table: dict[str, Any], form: type) -> None:
    known = [own.name for own in fields(form) if own.name != "name"]
    for key in table:
        if key not in known:
            text = f"unknown {what} {brief(repr(key), 40)}; known: {', '.join(known)}"
            raise ConfigError(f"{brief(repr(str(path)), 160)} {kind.complaint}: {text}")


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
