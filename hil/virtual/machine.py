"""Chooses the machine of QEMU that runs a firmware, and checks that it fits. Pure."""

from firmware.errors import BoardError, ConfigError
from firmware.targets import Target
from firmware.targets.machine import NETDUINOPLUS2, EmulatedMachine, machines_like
from hil.elf import FirmwareSize


def machine_for(target: Target, size: FirmwareSize) -> EmulatedMachine:
    """The machine that runs a firmware: the target's own, or the first one that can and holds it.

    Args:
        target: What the firmware is for.
        size: Size of the firmware.

    Raises:
        BoardError: No machine has this core, or as much memory.
    """
    known = machines_like(target)
    if not known:
        raise BoardError(f"no virtual board is like {target.name}; measure it on a real board")
    machine = next((own for own in known if _holds(own, size)), known[-1])
    check_fits(machine, size)
    return machine


def nucleo_machine(target: Target, size: FirmwareSize | None = None) -> EmulatedMachine:
    """The machine of the virtual Nucleo, which runs the firmware that is in its flash.

    Args:
        target: What the firmware is for.
        size: Size of the firmware; None if it is not known yet.

    Raises:
        ConfigError: It does not run that of the target.
        BoardError: It has less memory.
    """
    if not NETDUINOPLUS2.runs(target):
        raise ConfigError(
            "the virtual Nucleo runs firmware of an STM32F4 whose serial port is USART3, such as "
            f"the nucleo-f412zg, not of {target.name}, which '--board virtual' may run"
        )
    if size is not None:
        check_fits(NETDUINOPLUS2, size)
    return NETDUINOPLUS2


def check_fits(machine: EmulatedMachine, size: FirmwareSize) -> None:
    """Raise an error if firmware does not fit the memories of a machine.

    Raises:
        BoardError: It needs more RAM or flash.
    """
    check_ram(machine, size.ram_end)
    if size.flash_bytes > machine.flash_bytes:
        raise BoardError(
            f"the firmware has {size.flash_bytes:,} bytes of flash, the virtual board "
            f"{machine.flash_bytes:,}; {_way_out(machine)}"
        )


def check_ram(machine: EmulatedMachine, ram_end: int) -> None:
    """Raise an error if firmware reserves more RAM than a machine has.

    Args:
        machine: The machine.
        ram_end: First address after the RAM that the firmware reserves.

    Raises:
        BoardError: It needs more.
    """
    if ram_end > machine.ram_end:
        raise BoardError(
            f"the firmware uses RAM up to 0x{ram_end:08x}, the virtual board's ends at "
            f"0x{machine.ram_end:08x}; {_way_out(machine)}"
        )


def _holds(machine: EmulatedMachine, size: FirmwareSize) -> bool:
    return size.ram_end <= machine.ram_end and size.flash_bytes <= machine.flash_bytes


def _way_out(machine: EmulatedMachine) -> str:
    """What to do with firmware that it does not hold."""
    way = "measure it on a real board"
    return f"{way}, or choose --board virtual, which has more" if machine is NETDUINOPLUS2 else way
