"""The server survives its clients, whatever they send or do not send."""

import contextlib
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import serial

from firmware.errors import BoardError, BusyError
from firmware.targets import load_target
from hil.bench.ready_board import virtual_entry
from hil.cli import main as hil
from hil.deadline import Deadline
from hil.flash.write_firmware import write_firmware
from hil.project import read_project
from hil.transport import SerialTransport
from hil.virtual.rfc2217_server import Rfc2217Server
from hil.virtual.telnet import LONGEST_SUBOPTION_BYTES, TelnetPort
from hil.virtual.virtual_nucleo import VirtualNucleo
from tests.hil.conftest import NEEDS_BOARD

TARGET = load_target("stm32f412")
IAC, SB, SE = b"\xff", b"\xfa", b"\xf0"


@contextlib.contextmanager
def server(idle_limit_s: float = 60.0) -> Iterator[tuple[Rfc2217Server, tuple[str, int]]]:
    with Rfc2217Server(VirtualNucleo(TARGET), idle_limit_s=idle_limit_s) as own:
        yield own, ("127.0.0.1", int(own.url.rpartition(":")[2]))


def talks(own: Rfc2217Server) -> bool:
    """Whether a pySerial client can open it, and flash's first byte is answered."""
    with serial.serial_for_url(own.url, 115_200, parity="E", timeout=1) as port:
        port.rts = True
        port.dtr = True
        port.dtr = False
        port.write(b"\x7f")
        return bool(port.read(1) == b"\x79")


@pytest.mark.parametrize(
    "nonsense",
    [
        IAC + SE,
        IAC + SB + b"\x2c\x01\x00" + IAC + SE,
        IAC + SB + b"\x2c\x03\x63" + IAC + SE,
        IAC + SB + b"\x2c\x0a" + IAC + SE,
        IAC + SB + b"\x2c\x0b\x01\x02" + IAC + SE,
        IAC + SB + IAC + SE,
        IAC + SB + b"x" * 100_000,
    ],
    ids=lambda own: own[:8].hex(),
)
def test_what_no_client_should_send_does_not_end_the_server(nonsense: bytes) -> None:
    with server() as (own, address):
        with socket.create_connection(address, timeout=5) as client:
            client.sendall(nonsense + b"\r")
            client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass
        assert talks(own)


def test_no_bytes_whatever_raise_anything() -> None:
    generator = random.Random(7)
    telling = b"\xff\xff\xff\xfa\xf0\x2c\xfb\xfc\xfd\xfe\x00\x01\x02\x03\x04\x05\x0a\x0b\x0c"
    nucleo = VirtualNucleo(TARGET)
    try:
        for _ in range(400):
            port = TelnetPort(nucleo, lambda _: None)
            for _ in range(200):
                byte = generator.choice(telling) if generator.random() < 0.8 else None
                data = bytes([generator.randrange(256) if byte is None else byte])
                for passed in port.take(data):
                    nucleo.write(passed)
            nucleo.read(0.0)
    finally:
        nucleo.close()


def test_a_suboption_without_an_end_takes_no_memory_without_an_end() -> None:
    nucleo = VirtualNucleo(TARGET)
    port = TelnetPort(nucleo, lambda _: None)
    list(port.take(IAC + SB))
    for _ in range(10):
        list(port.take(b"x" * LONGEST_SUBOPTION_BYTES))
    assert port._manager.suboption is None
    nucleo.close()


def test_a_second_client_is_told_that_the_board_is_busy() -> None:
    with server() as (_, address), socket.create_connection(address, timeout=5) as first:
        first.recv(100)
        with socket.create_connection(address, timeout=5) as second:
            assert second.recv(100) == b"busy: another client uses this board\r\n"
            assert second.recv(100) == b""


def test_a_client_that_comes_right_after_another_has_gone_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though the server was busy with the last bytes of the first, as with a reset."""
    nucleo_write = VirtualNucleo.write

    def slow_write(self: VirtualNucleo, data: bytes) -> int:
        time.sleep(0.3)
        return nucleo_write(self, data)

    monkeypatch.setattr(VirtualNucleo, "write", slow_write)
    with server() as (_, address):
        with socket.create_connection(address, timeout=5) as first:
            first.recv(100)
            first.sendall(b"x")
            time.sleep(0.1)
            first.sendall(b"y")
        with socket.create_connection(address, timeout=5) as second:
            assert second.recv(3).startswith(IAC)


def test_a_client_that_was_silent_for_long_gives_way() -> None:
    with (
        server(idle_limit_s=0.3) as (own, address),
        socket.create_connection(address, timeout=5) as silent,
    ):
        silent.recv(100)
        time.sleep(0.5)
        assert talks(own)


def test_a_client_that_reads_nothing_does_not_hold_the_server_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hil.virtual.rfc2217_server._SEND_LIMIT_S", 0.2)
    says = [b"x" * 4_000_000]
    monkeypatch.setattr(VirtualNucleo, "read", lambda *_: says[0])
    with server() as (_, address), socket.create_connection(address, timeout=5) as deaf:
        deaf.recv(1)
        time.sleep(1.0)
        says[0] = b""
        with socket.create_connection(address, timeout=5) as second:
            assert second.recv(3).startswith(IAC)


def test_a_server_that_ended_of_itself_says_so() -> None:
    with server() as (own, _):
        own._ends.set()
        own._thread.join(5)
        own._ends.clear()
        with pytest.raises(BoardError, match="the server has stopped unexpectedly"):
            own.wait()


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with server() as (_, (_, port)):
        with pytest.raises(BusyError, match=f"could not serve on TCP port {port}: Address already"):
            Rfc2217Server(VirtualNucleo(TARGET), port)
        assert hil(["virtual", "--port", str(port)]) == 13
        assert len(capsys.readouterr().err.splitlines()) == 1


@NEEDS_BOARD
def test_an_emulator_that_nobody_talks_to_takes_no_core(project: Path) -> None:
    (own,) = read_project(project)
    with server() as (serving, _):
        entry = virtual_entry(serving.url, TARGET.name)
        write_firmware(entry, own, lambda *_: None, lambda _: None, Deadline.after(60))
        (emulator,) = [p for p in psutil.Process().children() if "qemu" in p.name()]
        wait_until_stopped(emulator)
        line = SerialTransport(serving.url, lines=entry.idle_lines)
        try:
            line.write(b"\rname%")
            assert b"m-ready" in line.read(10.0) + line.read(1.0) + line.read(1.0)
            wait_until_stopped(emulator)
        finally:
            line.close()
    assert not emulator.is_running()


def wait_until_stopped(emulator: psutil.Process) -> None:
    deadline = Deadline.after(20.0)
    while emulator.status() != psutil.STATUS_STOPPED:
        assert not deadline.has_passed, emulator.status()
        time.sleep(0.05)
