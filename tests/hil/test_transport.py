import os
import pty
from pathlib import Path

import pytest

from firmware.errors import BoardError, ConfigError
from firmware.targets import load_target
from hil.transport import SerialTransport
from hil.virtual.rfc2217_server import Rfc2217Server
from hil.virtual.virtual_nucleo import VirtualNucleo


def test_bytes_travel_both_ways_and_waiting_ends() -> None:
    board, host = pty.openpty()
    transport = SerialTransport(os.ttyname(host))
    try:
        transport.write(b"name%")
        assert os.read(board, 5) == b"name%"
        assert transport.read(0.01) == b""
        os.write(board, b"m-ready\r\n")
        assert transport.read(1.0) == b"m-ready\r\n"
    finally:
        transport.close()
        os.close(board)
        os.close(host)


def test_a_line_that_is_gone_is_an_error() -> None:
    board, host = pty.openpty()
    transport = SerialTransport(os.ttyname(host))
    os.close(host)
    os.close(board)
    with pytest.raises(BoardError, match="could not read from /dev/"):
        transport.read(0.1)
    transport.close()
    transport.close()


def test_a_port_that_does_not_exist() -> None:
    with pytest.raises(BoardError, match=r"could not open /dev/ttyNONE: there is no such port"):
        SerialTransport("/dev/ttyNONE")


def test_a_file_that_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BoardError, match="could not open"):
        SerialTransport(str(tmp_path / "file"))


def test_a_port_that_another_program_uses() -> None:
    board, host = pty.openpty()
    first = SerialTransport(os.ttyname(host))
    try:
        with pytest.raises(BoardError, match="another program uses it"):
            SerialTransport(os.ttyname(host))
    finally:
        first.close()
        os.close(board)
        os.close(host)


@pytest.mark.parametrize("kind", ["spy", "alt", "loop", "file", ""])
def test_a_url_that_is_no_port_is_refused_and_writes_nothing(tmp_path: Path, kind: str) -> None:
    victim = tmp_path / "thesis.txt"
    victim.write_text("mine")
    with pytest.raises(ConfigError, match=r"is not a serial port; possible: a path, or a URL that"):
        SerialTransport(f"{kind}:///dev/null?file={victim}")
    assert victim.read_text() == "mine"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_board_that_is_busy_with_another_client_is_told() -> None:
    with Rfc2217Server(VirtualNucleo(load_target("stm32f412"))) as server:
        first = SerialTransport(server.url)  # pySerial leaves the second one's socket open
        with pytest.raises(BoardError, match="does another client use it?"):
            SerialTransport(server.url)
        first.close()


def test_an_error_about_a_long_name_is_short() -> None:
    with pytest.raises(BoardError) as caught:
        SerialTransport("/dev/" + "x" * 100_000)
    assert len(str(caught.value)) < 500
