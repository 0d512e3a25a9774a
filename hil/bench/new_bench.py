"""Writes the text of a bench file for attached Nucleos. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from firmware.errors import ConfigError
from firmware.printable import brief
from firmware.targets import load_target, real_targets
from hil.bench.attached import Attached
from hil.bench.mbed_ids import board_with


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A Nucleo that gets a table in the bench file.

    Attributes:
        name: Its name there.
        nucleo: Its serial port and probe.
        target: Its board, as `--target` takes it.
        source: What tells that it is this board.
    """

    name: str
    nucleo: Attached
    target: str
    source: str


def new_entries(nucleos: Sequence[Attached], given: str) -> list[NewEntry]:
    """An entry for each Nucleo.

    Its ST-LINK tells the board. Where it tells nothing, or a board with the same chip, the given
    target is taken.

    Args:
        nucleos: The ports of ST-LINKs.
        given: A target; empty if none is given.

    Raises:
        ConfigError: It is not known which board one is; names all of them.
    """
    if unknown := [own for own in nucleos if not (given or board_with(own.mbed_id))]:
        raise ConfigError(
            f"the board is not known of {'; '.join(map(_told, unknown))}; name it with --target, "
            f"one of {', '.join(real_targets())}, or a TOML file of your own"
        )
    return [
        NewEntry(f"nucleo{number}", nucleo, *_target_of(nucleo, given))
        for number, nucleo in enumerate(nucleos, 1)
    ]


def bench_text(entries: Sequence[NewEntry]) -> str:
    """The text of a bench file."""
    tables = [
        f"[board.{own.name}]\ntarget = {_quoted(own.target)}\nport = {_quoted(own.nucleo.port)}\n"
        f'flash = "swd"\nprobe = {_quoted(own.nucleo.serial)}\n'
        for own in entries
    ]
    return "\n".join(["# Boards of this bench; docs/bench.md explains every key.", *tables])


def _told(nucleo: Attached) -> str:
    if nucleo.mbed_id:
        tells = f"its ST-LINK calls it {nucleo.mbed_id}, as no board of the SDK"
    else:
        tells = (
            "its ST-LINK told nothing; its drive, if it is mounted, or pyOCD (pip install "
            "'mcu-nas[swd]') may tell"
        )
    return f"the Nucleo at {brief(nucleo.port, 80)} ({tells})"


def _target_of(nucleo: Attached, given: str) -> tuple[str, str]:
    """The target, and what tells it."""
    board = board_with(nucleo.mbed_id)
    if given and (not board or load_target(board).name == load_target(given).name):
        return given, "as --target says"
    return board, f"as its ST-LINK says: {nucleo.mbed_id}"


def _quoted(text: str) -> str:
    """A string of TOML: its escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)
