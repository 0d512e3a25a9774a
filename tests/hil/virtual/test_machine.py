from dataclasses import replace

import pytest

from firmware.errors import BoardError, ConfigError
from firmware.targets import board_targets, load_target
from firmware.targets.machine import MPS2_AN386, NETDUINOPLUS2
from hil.cli import main as hil
from hil.elf import FirmwareSize
from hil.virtual.machine import machine_for, nucleo_machine

RAM = 0x2000_0000
STM32F412 = load_target("stm32f412")


def firmware(ram_bytes: int, flash_bytes: int = 20_000) -> FirmwareSize:
    return FirmwareSize(flash_bytes, 1_000, ram_bytes, RAM + ram_bytes)


def test_what_a_tick_is_in_instructions() -> None:
    """168 MHz with an instruction each nanosecond; 25 MHz with one each 8 nanoseconds."""
    assert NETDUINOPLUS2.instructions(168) == 1000
    assert MPS2_AN386.instructions(200) == 1000


@pytest.mark.parametrize(
    ("size", "machine"),
    [
        (firmware(131_072), NETDUINOPLUS2),
        (firmware(131_073), MPS2_AN386),
        (firmware(4 << 20), MPS2_AN386),
        (firmware(8_192, (1 << 20) + 1), MPS2_AN386),
    ],
)
def test_the_first_machine_with_enough_memory_is_chosen(
    size: FirmwareSize, machine: object
) -> None:
    assert machine_for(STM32F412, size) is machine


def test_firmware_that_no_machine_holds_is_refused_with_the_largest_limit() -> None:
    with pytest.raises(
        BoardError, match="RAM up to 0x20400010, the .* ends at 0x20400000; measure"
    ):
        machine_for(STM32F412, firmware((4 << 20) + 16))
    with pytest.raises(BoardError, match="4,194,304 bytes of flash, the virtual board 4,128,768;"):
        machine_for(STM32F412, firmware(8_192, 4 << 20))


def test_a_chip_whose_core_no_machine_has_is_refused() -> None:
    chip = replace(
        STM32F412.with_chip(name="stm32n657"),
        processor=replace(STM32F412.processor, name="cortex-m55"),
    )
    with pytest.raises(BoardError, match="no virtual board is like stm32n657; measure it"):
        machine_for(chip, firmware(8_192))


def test_a_board_of_qemu_is_its_own_machine_with_its_own_limits() -> None:
    """16 MHz with an instruction each 8 nanoseconds: a tick is 7.8 instructions."""
    target = load_target("microbit")
    machine = machine_for(target, firmware(16_384))
    assert (machine.name, machine.core) == ("microbit", "cortex-m0plus")
    assert machine.instructions(16) == 125
    with pytest.raises(BoardError, match="RAM up to 0x20004004, .* ends at 0x20004000; measure it"):
        machine_for(target, firmware(16_388))


@pytest.mark.parametrize(
    ("name", "machine"),
    [
        ("nucleo-f412zg", "netduinoplus2"),
        ("nucleo-f446re", "mps2-an386"),
        ("nucleo-l412kb", "mps2-an386"),
        ("nucleo-l152re", "mps2-an385"),
        ("nucleo-g0b1re", "mps2-an385"),
    ],
)
def test_firmware_runs_as_it_is_only_where_the_machine_has_its_clock_and_serial_port(
    name: str, machine: str
) -> None:
    assert machine_for(load_target(name), firmware(8_192)).name == machine


def test_a_serial_port_that_the_smaller_machine_has_elsewhere_is_not_the_one() -> None:
    board = STM32F412.known_board
    assert board.serial is not None
    other = replace(STM32F412, board=replace(board, serial=replace(board.serial, usart="USART2")))
    assert nucleo_machine(STM32F412) is NETDUINOPLUS2
    assert machine_for(other, firmware(8_192)) is MPS2_AN386
    with pytest.raises(ConfigError, match="runs firmware of an STM32F4 whose serial port is USA"):
        nucleo_machine(other)


def test_what_the_virtual_nucleo_does_not_run_is_not_served(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert hil(["virtual", "--target", "nucleo-l412kb"]) == 1
    assert "not of stm32l412kb, which '--board virtual' may run" in capsys.readouterr().err


@pytest.mark.parametrize("name", board_targets())
def test_a_machine_holds_whatever_fits_a_chip(name: str) -> None:
    target = load_target(name)
    whole = FirmwareSize(
        target.flash_bytes, 1_000, target.ram_bytes, target.ram_origin + target.ram_bytes
    )
    machine = machine_for(target, whole)
    assert machine.ram_origin == target.ram_origin
