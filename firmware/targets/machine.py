"""The machines of QEMU that run firmware: their cores, memories and clocks. Pure."""

from dataclasses import dataclass, replace

from firmware.targets import Target


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
        drops_early_bytes: Whether its serial port drops bytes until the firmware starts it.
            Others refuse them, and take them later.
        support: Folder of its board support; empty if it runs the firmware of a chip as it is.
        family: Family of the chips whose firmware it runs as it is; empty with a `support`.
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
    drops_early_bytes: bool = False
    support: str = ""
    family: str = ""

    def runs(self, target: Target) -> bool:
        """Whether it runs the firmware of a target: as it is, or linked again for its `support`.

        As it is, the firmware finds the clock of its family, and its serial port: in QEMU, the
        serial ports of an STM32 are numbered from USART1, which is 0.
        """
        if self.support:
            return (self.core, self.ram_origin) == (target.core, target.ram_origin)
        usart = target.serial.usart if target.serial else ""
        own = (self.core, self.family, f"USART{self.serial_port + 1}")
        return own == (target.core, target.family, usart)

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
    drops_early_bytes=True,
    family="stm32f4",
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

MPS2_AN385 = replace(MPS2_AN386, name="mps2-an385", core="cortex-m3")
"""The same with a Cortex-M3, which has all instructions of a Cortex-M0+."""

_MACHINES = (NETDUINOPLUS2, MPS2_AN386, MPS2_AN385, replace(MPS2_AN385, core="cortex-m0plus"))
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


def machines_like(target: Target) -> tuple[EmulatedMachine, ...]:
    """The machines that run the firmware of a target if it fits, the smallest first."""
    if target.machine:
        return (machine_of(target),)
    return tuple(own for own in _MACHINES if own.runs(target))
