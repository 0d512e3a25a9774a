"""Prepares a board by its name: chooses, locks and flashes it.

virtual         QEMU runs the ELF
virtual-nucleo  a complete virtual Nucleo: flashed through its bootloader at a serial port
NAME, TARGET    of the bench file
PORT, URL       a serial port whose board already runs the firmware
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware.errors import BuildError, ConfigError
from firmware.targets import check_real
from hil.bench.bench_file import DEFAULT_FILE, BoardEntry, choose_board, read_bench
from hil.bench.lock import BoardLock
from hil.board import Board
from hil.deadline import Deadline
from hil.elf import FirmwareSize
from hil.flash.programmer import OnBytes
from hil.flash.write_firmware import write_firmware
from hil.project import Project
from hil.serial_board import SerialBoard
from hil.virtual.cycles.cycle_model import cycle_model
from hil.virtual.machine import machine_for, nucleo_machine
from hil.virtual.relink import linked_for
from hil.virtual.rfc2217_server import Rfc2217Server
from hil.virtual.virtual_board import VirtualBoard
from hil.virtual.virtual_nucleo import VirtualNucleo

VIRTUAL, VIRTUAL_NUCLEO = "virtual", "virtual-nucleo"


@dataclass(frozen=True, slots=True)
class Choice:
    """The board options of the command line.

    Attributes:
        name: A name as in the module's table.
        bench: The bench file; None: `bench.toml` here, if it is needed.
        flashes: Whether to write the firmware.
        wait_s: Longest wait for another process that uses the board.
    """

    name: str
    bench: Path | None = None
    flashes: bool = True
    wait_s: float = 0.0


@contextlib.contextmanager
def ready_board(
    choice: Choice,
    project: Project,
    size: FirmwareSize,
    on_bytes: OnBytes,
    on_note: Callable[[str], None],
    deadline: Deadline,
) -> Iterator[Board]:
    """A board that runs the project's firmware, locked for this process.

    Args:
        choice: The board, and how to prepare it.
        project: The project whose firmware is written.
        size: Size of the firmware.
        on_bytes: Called with the progress of writing.
        on_note: Called with a text when an attempt is repeated, or cycles cannot be counted.
        deadline: Time limit of writing.

    Raises:
        BoardError: The board cannot be used; each reason has its class.
        ConfigError: The bench file cannot be used.
    """
    if choice.name == VIRTUAL:
        with virtual_board(project, size, on_note) as virtual:
            yield virtual
        return
    with contextlib.ExitStack() as stack:
        if choice.name == VIRTUAL_NUCLEO:
            check_real(project.target)
            nucleo_machine(project.target, size)
            stack.enter_context(BoardLock(VIRTUAL_NUCLEO, choice.wait_s))
            server = stack.enter_context(Rfc2217Server(VirtualNucleo(project.target)))
            entry = virtual_entry(server.url, project.target.name)
        else:
            entry = _entry(choice, project)
            if entry.is_virtual:
                nucleo_machine(project.target, size)
            for name in entry.lock_names:
                stack.enter_context(BoardLock(name, choice.wait_s))
        if choice.flashes:
            write_firmware(entry, project, on_bytes, on_note, deadline)
        yield SerialBoard(entry)


@contextlib.contextmanager
def virtual_board(
    project: Project, size: FirmwareSize, on_note: Callable[[str], None]
) -> Iterator[VirtualBoard]:
    """The virtual board for a project: the first machine on which its firmware fits.

    It counts cycles if this host can.

    Args:
        project: The project.
        size: Size of its firmware.
        on_note: Called with the reason if cycles cannot be counted.

    Raises:
        BoardError: The firmware needs more memory than every machine has.
        BuildError: It cannot be linked for the machine.
    """
    machine = machine_for(project.target, size)
    cycles = None
    try:
        # The code is at the machine's address; the timing of the flash is the chip's.
        cycles = cycle_model(project.target.with_chip(flash_origin=machine.flash_origin))
    except (BuildError, ConfigError) as error:
        on_note(f"cycles are not counted: {error}")
    symbols = (f"{project.runtime}_ticks",)
    with linked_for(machine, project) as firmware:
        yield VirtualBoard(firmware, size.ram_end, cycles, symbols, on_note, machine)


def virtual_entry(url: str, target: str) -> BoardEntry:
    """A bench entry for the virtual Nucleo."""
    return BoardEntry(VIRTUAL_NUCLEO, target, url, flash="uart", is_virtual=True)


def _entry(choice: Choice, project: Project) -> BoardEntry:
    if "://" in choice.name or "/" in choice.name:
        return BoardEntry(choice.name, project.target.name, choice.name, reset="none", boot="none")
    path = choice.bench or Path(DEFAULT_FILE)
    if choice.bench is None and not path.is_file():
        raise ConfigError(
            f"no board {choice.name!r}: it is not {VIRTUAL}, {VIRTUAL_NUCLEO} or the path of a "
            f"port, and there is no {DEFAULT_FILE} here; name one with --bench, or write one with "
            "'hil boards init'"
        )
    entry = choose_board(read_bench(path), choice.name)
    if entry.target != project.target.name:
        raise ConfigError(
            f"board {entry.name!r} is a {entry.target}, the project is for {project.target.name}"
        )
    return entry
