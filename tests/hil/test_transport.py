import os
import pty
from pathlib import Path

import pytest

from firmware.errors import BoardError
from hil.transport import SerialTransport


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
