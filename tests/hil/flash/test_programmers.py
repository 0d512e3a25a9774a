"""One contract for every way to write firmware to a chip."""

import inspect
from collections.abc import Iterator
from typing import Protocol

import pytest

from firmware.errors import FlashError, ManyBoardsError, NoBoardError, WrongDeviceError
from firmware.targets import Target, load_target
from hil.bench.bench_file import BoardEntry
from hil.bench.ready_board import virtual_entry
from hil.flash.image import FlashImage
from hil.flash.programmer import Programmer, program
from hil.flash.swd_programmer import SwdProgrammer, load_pyocd
from hil.flash.uart_programmer import UartProgrammer
from hil.virtual.line_faults import LineFaults
from hil.virtual.rfc2217_server import Rfc2217Server
from hil.virtual.virtual_nucleo import VirtualNucleo
from tests.hil.flash.swd_fake import FakeChip, fake_pyocd

CHIPS = tuple(map(load_target, ("stm32f412", "stm32g0b1re", "stm32l152re")))
"""One with sectors, one with pages, one with pages that read as zeros when they are erased."""
TARGET = CHIPS[0]
CONTENT = bytes(range(256)) * 2 + b"end"
IMAGE = FlashImage(TARGET.flash_origin, CONTENT)


def str_of(case: tuple[str, Target]) -> str:
    return f"{case[0]}-{case[1].name}"


class Bench(Protocol):
    """A chip with a way to program it."""

    target: Target

    def programmer(self) -> Programmer: ...

    def flash(self) -> bytes: ...

    def protect(self) -> None:
        """From now on the chip cannot be written."""

    def exchange(self, device_id: int) -> None:
        """The chip is another one."""

    def is_let_go(self) -> bool:
        """Whether the chip runs what its flash holds."""


class SwdBench:
    def __init__(self, target: Target) -> None:
        self.target = target
        self._chip = FakeChip(target)

    def programmer(self) -> Programmer:
        entry = BoardEntry("left", self.target.name, "/dev/null", flash="swd", probe="066DFF")
        return SwdProgrammer(entry, self.target, fake_pyocd(self._chip))

    def flash(self) -> bytes:
        return bytes(self._chip.flash)

    def protect(self) -> None:
        self._chip.refuses = True

    def exchange(self, device_id: int) -> None:
        self._chip.device_id = device_id

    def is_let_go(self) -> bool:
        return self._chip.is_running


class UartBench:
    def __init__(self, target: Target) -> None:
        self.target = target
        self._faults = LineFaults(hangs=True)  # what is written here is no firmware
        self._start(target.device_id)

    def _start(self, device_id: int) -> None:
        self._nucleo = VirtualNucleo(self.target.with_chip(device_id=device_id), self._faults)
        self._server = Rfc2217Server(self._nucleo)
        self._server.__enter__()

    def programmer(self) -> Programmer:
        return UartProgrammer(virtual_entry(self._server.url, self.target.name), self.target)

    def flash(self) -> bytes:
        return self._nucleo.flash

    def protect(self) -> None:
        self._faults.refuses = True

    def exchange(self, device_id: int) -> None:
        self.close()
        self._start(device_id)

    def is_let_go(self) -> bool:
        return not self._nucleo.is_in_loader

    def close(self) -> None:
        self._server.__exit__(None, None, None)


@pytest.fixture(params=[(way, chip) for way in ("swd", "uart") for chip in CHIPS], ids=str_of)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    way, target = request.param
    if way == "swd":
        yield SwdBench(target)
        return
    uart = UartBench(target)
    yield uart
    uart.close()


def test_what_is_written_lies_in_the_flash_and_the_chip_is_let_go(bench: Bench) -> None:
    told: list[tuple[str, int, int]] = []
    program(bench.programmer(), IMAGE, bench.target.device_id, lambda *own: told.append(own))
    assert bench.flash()[: len(CONTENT)] == CONTENT
    assert told[-1] == ("verified", len(CONTENT), len(CONTENT))
    assert bench.is_let_go()


def test_another_image_replaces_the_first(bench: Bench) -> None:
    for content in (b"\0" * 600, CONTENT):
        image = FlashImage(TARGET.flash_origin, content)
        program(bench.programmer(), image, bench.target.device_id, lambda *_: None)
    assert bench.flash()[: len(CONTENT)] == CONTENT


def test_another_chip_is_not_written(bench: Bench) -> None:
    bench.exchange(0x413)
    with pytest.raises(WrongDeviceError, match="has id 0x413, the firmware is for 0x4..; nothing"):
        program(bench.programmer(), IMAGE, bench.target.device_id, lambda *_: None)
    assert set(bench.flash()) == {bench.target.chip.erased_byte}
    assert bench.is_let_go()


def test_a_chip_that_refuses_is_told_and_let_go(bench: Bench) -> None:
    bench.protect()
    with pytest.raises(FlashError):
        program(bench.programmer(), IMAGE, bench.target.device_id, lambda *_: None)
    assert bench.is_let_go()


class Forgetful:
    """A programmer whose chip forgets one bit."""

    def __init__(self, inner: Programmer) -> None:
        self._inner = inner
        self.device_id, self.write = inner.device_id, inner.write

    def __enter__(self) -> "Forgetful":
        self._inner.__enter__()
        return self

    def __exit__(self, *told: object) -> None:
        self._inner.__exit__(None, None, None)

    def read(self, address: int, count: int) -> bytes:
        data = bytearray(self._inner.read(address, count))
        data[0] ^= 1
        return bytes(data)


def test_what_reads_back_otherwise_is_no_success(bench: Bench) -> None:
    with pytest.raises(FlashError, match="at 0x08000000 differs from what was written"):
        program(Forgetful(bench.programmer()), IMAGE, bench.target.device_id, lambda *_: None)


def swd(probe: str, probes: tuple[str, ...]) -> SwdProgrammer:
    entry = BoardEntry("left", "stm32f412", "/dev/null", flash="swd", probe=probe)
    return SwdProgrammer(entry, TARGET, fake_pyocd(FakeChip(TARGET), probes))


def test_a_probe_that_is_not_attached_is_named() -> None:
    with pytest.raises(NoBoardError, match="no debug probe '066D'; attached: 066DFF, 066D01"):
        swd("066D", ("066DFF", "066D01")).__enter__()


def test_without_a_name_two_probes_are_one_too_many() -> None:
    with pytest.raises(ManyBoardsError, match=r"attached \(066DFF, 066D01\): name one"):
        swd("", ("066DFF", "066D01")).__enter__()


def test_a_single_probe_needs_no_name() -> None:
    with swd("", ("066DFF",)) as programmer:
        assert programmer.device_id() == 0x441


def test_a_port_that_is_absent_is_told() -> None:
    entry = BoardEntry("left", "stm32f412", "/dev/nothing", flash="uart")
    with pytest.raises(NoBoardError, match="could not open /dev/nothing: there is no such port"):
        UartProgrammer(entry, TARGET).__enter__()


def test_pyocd_takes_what_the_fake_takes() -> None:
    """The fake's signatures are checked against the real package's."""
    pytest.importorskip("pyocd", reason="pyOCD is not installed")
    pyocd = load_pyocd()
    inspect.signature(pyocd.session).bind(object(), options={})
    programmer = inspect.signature(pyocd.file_programmer)
    programmer.bind(object(), chip_erase="sector", no_reset=True, progress=print)
    program_method = inspect.signature(pyocd.file_programmer.program)
    program_method.bind(object(), "image.bin", base_address=0, file_format="bin")
    assert isinstance(pyocd.probes(), list)


def test_pyocd_knows_the_target() -> None:
    targets = pytest.importorskip("pyocd.target", reason="pyOCD is not installed")
    assert TARGET.probe_target in targets.TARGET
