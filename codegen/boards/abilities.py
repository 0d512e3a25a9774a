"""What the SDK can do with a board, or with a chip alone. Reads package data."""

from dataclasses import dataclass

from codegen.costs.code_size import is_measured
from codegen.costs.speed import modelled_speed_model, shipped_speed_model
from codegen.tflm.kernels import is_modelled_core
from firmware.boards import known_boards, load_board
from firmware.chips import known_chips
from firmware.targets import Target
from firmware.targets.machine import NETDUINOPLUS2, machines_like

_RUNTIME = "static"


@dataclass(frozen=True, slots=True)
class Abilities:
    """What can be estimated, generated, run and flashed.

    Attributes:
        board: Name of the board; None for a chip alone.
        chip: Name of the chip.
        core: Name of its core.
        ram_bytes: Its RAM.
        flash_bytes: Its flash.
        core_hz: Its clock.
        estimated: The figures that `nas estimate` knows with the static runtime: `arena` always,
            `ram` and `flash` of the whole firmware, `instructions`, `milliseconds` (modelled).
        generated: The runtimes of firmware that `codegen build` makes.
        virtual: The virtual boards that run it, as in `hil run --board`.
        flashed: The ways to write it, as `flash` of a bench file: `swd`, `uart`.
    """

    board: str | None
    chip: str
    core: str
    ram_bytes: int
    flash_bytes: int
    core_hz: int
    estimated: tuple[str, ...]
    generated: tuple[str, ...]
    virtual: tuple[str, ...]
    flashed: tuple[str, ...]


def shipped_names() -> tuple[str, ...]:
    """Names of the boards that the SDK describes, then of the chips that none of them has."""
    boards = known_boards()
    chips = {load_board(name).chip for name in boards}
    return (*boards, *(name for name in known_chips() if name not in chips))


def abilities_of(target: Target) -> Abilities:
    """What can be done with a target."""
    return Abilities(
        board=target.board.name if target.board else None,
        chip=target.name,
        core=target.core,
        ram_bytes=target.ram_bytes,
        flash_bytes=target.flash_bytes,
        core_hz=target.core_hz,
        estimated=_estimated(target),
        generated=_generated(target),
        virtual=_virtual(target),
        flashed=_flashed(target),
    )


def _estimated(target: Target) -> tuple[str, ...]:
    figures = ["arena"]
    if is_measured(_RUNTIME, target.core):
        figures += ["ram", "flash"]
    if shipped_speed_model(_RUNTIME, target.core):
        figures.append("instructions")
    if modelled_speed_model(_RUNTIME, target):
        figures.append("milliseconds")
    return tuple(figures)


def _generated(target: Target) -> tuple[str, ...]:
    if not target.has_board:
        return ()
    return (_RUNTIME, "tflm") if is_modelled_core(target.processor) else (_RUNTIME,)


def _virtual(target: Target) -> tuple[str, ...]:
    if not target.has_board or not machines_like(target):
        return ()
    return ("virtual", "virtual-nucleo") if NETDUINOPLUS2.runs(target) else ("virtual",)


def _flashed(target: Target) -> tuple[str, ...]:
    """A debug probe; the ROM bootloader, whose id is the chip's and which erases by sectors."""
    if not target.has_board or target.machine:
        return ()
    has_bootloader = bool(target.device_id and target.chip.sectors)
    ways = (("swd", bool(target.probe_target)), ("uart", has_bootloader))
    return tuple(way for way, is_there in ways if is_there)
