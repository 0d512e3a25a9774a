"""The machines of QEMU that run firmware: their cores, memories and clocks. Pure."""

from dataclasses import dataclass

from firmware.errors import BoardError
from firmware.targets import Target
from hil.elf import FirmwareSize


@dataclass(frozen=True, slots=True)
class EmulatedMachine:
    """A machine of QEMU.

    Attributes:
        name: QEMU's name.
        core: Name of its core, as in a target.
        flash_origin: Address of the first byte of its memory for code.
        flash_bytes: Bytes of that memory that firmware can use.
        ram_origin: Address of the first byte of RAM.
        ram_bytes: Contiguous RAM from `ram_origin`.
        serial_port: Index of the serial port that the firmware uses.
        tick_hz: Frequency of SysTick.
        instruction_shift: An instruction takes 2 to this power nanoseconds of virtual time.
        support: Folder of its board support; empty if it runs the firmware of the chip as it is.
    """

    name: str
    core: str
    flash_origin: int
    flash_bytes: int
    ram_origin: int
    ram_bytes: int
    serial_port: int
    tick_hz: int
    instruction_shift: int
    support: str = ""

    @property
    def ram_end(self) -> int:
        """First address after the RAM."""
        return self.ram_origin + self.ram_bytes

    def exact_instructions(self, ticks: float) -> float:
        """Convert ticks of SysTick to instructions, not rounded."""
        return ticks * 1_000_000_000 / (self.tick_hz << self.instruction_shift)

    def instructions(self, ticks: int) -> int:
        """Convert ticks of SysTick to instructions, to within those of one tick."""
        return round(self.exact_instructions(ticks))

    def holds(self, size: FirmwareSize) -> bool:
        """Whether firmware fits its memories."""
        return size.ram_end <= self.ram_end and size.flash_bytes <= self.flash_bytes

    def check(self, size: FirmwareSize) -> None:
        """Raise an error if firmware does not fit its memories.

        Raises:
            BoardError: It needs more RAM or flash.
        """
        self.check_ram(size.ram_end)
        if size.flash_bytes > self.flash_bytes:
            raise BoardError(
                f"the firmware has {size.flash_bytes:,} bytes of flash, the virtual board "
                f"{self.flash_bytes:,}; {self._way_out}"
            )

    def check_ram(self, ram_end: int) -> None:
        """Raise an error if firmware reserves more RAM than there is.

        Args:
            ram_end: First address after the RAM that it reserves.

        Raises:
            BoardError: It needs more.
        """
        if ram_end > self.ram_end:
            raise BoardError(
                f"the firmware uses RAM up to 0x{ram_end:08x}, the virtual board's ends at "
                f"0x{self.ram_end:08x}; {self._way_out}"
            )

    @property
    def _way_out(self) -> str:
        """What to do with firmware that it does not hold."""
        way = "measure it on a real board"
        is_small = self.name == NETDUINOPLUS2.name
        return f"{way}, or choose --board virtual, which has more" if is_small else way


NETDUINOPLUS2 = EmulatedMachine(
    name="netduinoplus2",
    core="cortex-m4",
    flash_origin=0x0800_0000,
    flash_bytes=1 << 20,
    ram_origin=0x2000_0000,
    ram_bytes=128 << 10,
    serial_port=2,
    tick_hz=168_000_000,
    instruction_shift=0,
)
"""An STM32F405: a Cortex-M4F with the STM32F4's USARTs where the F412 has them, and its flash.

Its 128 KiB are available in every QEMU. QEMU before 8.0 has 192 KiB here; later, 64 KiB of them are
CCM at another address (SRAM_SIZE in its hw/arm/stm32f405_soc.h). Its clock is SYSCLK_FRQ in
hw/arm/netduinoplus2.c: a tick is 5.95 instructions."""

SUPPORT_BYTES = 64 << 10
"""Bytes after the flash of a machine that its own board support can use."""

_FPGA_SHIFT = 3
"""An instruction in 8 ns: at this pace a tick of 25 MHz is 5 instructions."""

MPS2_AN386 = EmulatedMachine(
    name="mps2-an386",
    core="cortex-m4",
    flash_origin=0,
    flash_bytes=(4 << 20) - SUPPORT_BYTES,
    ram_origin=0x2000_0000,
    ram_bytes=4 << 20,
    serial_port=0,
    tick_hz=25_000_000,
    instruction_shift=_FPGA_SHIFT,
    support="mps2",
)
"""Arm's MPS2 with a Cortex-M4F: as much memory as any chip with this core, but no chip of ST.

Memories and clock (SYSCLK_FRQ) are those of QEMU's hw/arm/mps2.c: a tick is 5 instructions."""

_MACHINES = (NETDUINOPLUS2, MPS2_AN386)
"""In the order in which they are tried: of each core, the largest is the last."""


def machine_of(target: Target) -> EmulatedMachine:
    """The machine that is a target itself, so that it runs its firmware as it is."""
    return EmulatedMachine(
        name=target.machine,
        core=target.core,
        flash_origin=target.flash_origin,
        flash_bytes=target.flash_bytes,
        ram_origin=target.ram_origin,
        ram_bytes=target.ram_bytes,
        serial_port=0,
        tick_hz=target.core_hz,
        instruction_shift=_FPGA_SHIFT,
    )


def machine_for(target: Target, size: FirmwareSize) -> EmulatedMachine:
    """The machine that runs a firmware: the target's own, or a similar one with enough memory.

    That is the first machine with its core that holds the firmware.

    Args:
        target: What the firmware is for.
        size: Size of the firmware.

    Raises:
        BoardError: No machine has this core, or as much memory.
    """
    if target.machine:
        known = [machine_of(target)]
    else:
        known = [own for own in _MACHINES if own.core == target.core]
    if not known:
        raise BoardError(f"no virtual board is like {target.name}; measure it on a real board")
    machine = next((own for own in known if own.holds(size)), known[-1])
    machine.check(size)
    return machine
