"""Boards: a chip, its serial port, and the code for both. Reads package data."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from firmware.boards.serial_port import SerialPort
from firmware.records.description import Shelf

BOARDS = Shelf("board", Path(__file__).parent)


@dataclass(frozen=True, slots=True)
class BoardRecord:
    """A board.

    Attributes:
        name: Name on the command line.
        description: The board in one line.
        chip: The chip's name, or its file.
        environment: Name of the PlatformIO board and environment.
        serial: The serial port of an STM32 that the host sees; None on other boards.
        machine: QEMU's name of the board, if it exists only there; empty for a real one.
        sources: Folder of the board's own C files, from the folder of its TOML file; a file takes
            the place of the SDK's with the same name. Empty if it has none.
        probe_target: pyOCD's name of its chip; empty if it cannot be flashed with pyOCD.
        mbed_id: What its ST-LINK calls it: the first four characters of the code in its MBED.HTM;
            empty if that is not known.
    """

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+\Z")]
    description: str
    chip: str
    environment: Annotated[str, Meta(pattern=r"^[a-z0-9_]+\Z")]
    serial: SerialPort | None = None
    machine: str = ""
    sources: str = ""
    probe_target: str = ""
    mbed_id: Annotated[str, Meta(pattern=r"^([0-9A-F]{4})?\Z")] = ""

    def __post_init__(self) -> None:
        """Check how the host talks to it.

        Raises:
            ValueError: It has no port, or two.
        """
        if (self.serial is None) == (not self.machine):
            raise ValueError("a board has either 'serial' or 'machine'")


def known_boards() -> tuple[str, ...]:
    """Names of the boards that the SDK describes, sorted."""
    return BOARDS.names()


def load_board(name_or_path: str, beside: Path | None = None) -> BoardRecord:
    """Read the description of a board.

    Args:
        name_or_path: Its name, or a TOML file in the same form.
        beside: Folder of the file that names it.

    Raises:
        ConfigError: There is no such board, or the file lacks a fact.
    """
    return BOARDS.read(BOARDS.find(name_or_path, beside), BoardRecord)
