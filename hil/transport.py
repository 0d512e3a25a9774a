"""Sends bytes to a board and receives them: the interface between the protocol and the port."""

import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import serial

from firmware.errors import BoardError, BusyError, ConfigError, NoBoardError
from firmware.printable import printable

BAUD = 115_200
_WRITE_LIMIT_S = 10.0
_SHOWN_CHARACTERS = 200
URL_KINDS = ("rfc2217", "socket", "hwgrep")
"""PySerial supports more; some of them write to files or load classes named in the URL."""
READ_SLICE_S = 0.02
"""Longest wait inside pySerial. Constant, because a change over a network renegotiates the port."""


class Transport(Protocol):
    """An open serial line."""

    def write(self, data: bytes) -> None:
        """Send all bytes.

        Raises:
            BoardError: The line is disconnected.
        """

    def read(self, wait_s: float) -> bytes:
        """The received bytes. Waits at most `wait_s` seconds for the first byte; b"" if none came.

        Raises:
            BoardError: The line is disconnected.
        """

    def close(self) -> None:
        """Close the line. May be called more than once."""


class SerialTransport:
    """A serial port, opened at 8N1: a path of this machine, or a URL that pySerial supports.

    Raises:
        BoardError: The port cannot be opened.
    """

    def __init__(
        self, port: str, baud: int = BAUD, lines: Mapping[str, bool] | None = None
    ) -> None:
        self._serial = open_port(port, baud, serial.PARITY_NONE, lines or {})
        self._port = port

    def write(self, data: bytes) -> None:
        """See `Transport`."""
        try:
            # No flush: it waits for the hardware without a limit; the system sends anyway.
            self._serial.write(data)
        except (serial.SerialException, OSError) as error:
            raise BoardError(f"could not write to {self._port}: {_reason(error)}") from error

    def read(self, wait_s: float) -> bytes:
        """See `Transport`."""
        try:
            end = time.monotonic() + wait_s
            while not (count := self._serial.in_waiting):
                if time.monotonic() >= end:
                    return b""
                if first := self._serial.read(1):
                    return bytes(first + self._serial.read(self._serial.in_waiting))
            return bytes(self._serial.read(count))
        except (serial.SerialException, OSError) as error:
            raise BoardError(f"could not read from {self._port}: {_reason(error)}") from error

    def set_baud(self, baud: int) -> None:
        """Change the baud rate."""
        try:
            self._serial.baudrate = baud
        except (serial.SerialException, ValueError, OSError) as error:
            raise BoardError(f"{self._port} cannot do {baud} baud: {_reason(error)}") from error

    def close(self) -> None:
        """See `Transport`."""
        close_port(self._serial)


def close_port(port: Any) -> None:
    """Close a port, also a socket that PySerial leaves open when the other side is gone."""
    own_socket = getattr(port, "_socket", None)
    port.close()
    if own_socket is not None:
        own_socket.close()


def open_port(port: str, baud: int, parity: str, lines: Mapping[str, bool]) -> Any:
    """Open a serial port for this process only. Returns the port object of pySerial.

    Args:
        port: A path, or a URL that pySerial supports.
        baud: Bits per second.
        parity: As pySerial names it.
        lines: States of DTR and RTS from the moment of opening: on some adapters they reset the
            board. A line that is not named is set.

    Raises:
        NoBoardError: There is no such port.
        BusyError: Another program uses it.
        BoardError: It cannot be opened.
        ConfigError: The URL does not name a serial port.
    """
    kind, _, _ = port.partition("://")
    is_local = "://" not in port
    if not is_local and kind not in URL_KINDS:
        raise ConfigError(
            f"{_shown(port)!r} is not a serial port; possible: a path, or a URL that begins with "
            f"{', '.join(f'{own}://' for own in URL_KINDS)}"
        )
    opened: Any = None
    try:
        opened = serial.serial_for_url(
            port, baud, parity=parity, timeout=READ_SLICE_S, do_not_open=True, write_timeout=None
        )
        for line, value in lines.items():
            setattr(opened, line, value)
        if is_local:
            opened.exclusive = True
            opened.write_timeout = _WRITE_LIMIT_S
        opened.open()
    except (serial.SerialException, ValueError, OSError) as error:
        if opened is not None:
            close_port(opened)
        leaf = BusyError if _is_busy(error) else NoBoardError if _is_absent(error) else BoardError
        raise leaf(f"could not open {_shown(port)}: {_reason(error)}") from error
    return opened


def _reason(error: Exception) -> str:
    text = str(error)
    if isinstance(error, PermissionError) or "Permission denied" in text:
        return "permission denied; add yourself to the group dialout, or choose another port"
    if _is_busy(error):
        return "another program uses it; close that one first"
    if _is_absent(error):
        return "there is no such port; is the board connected?"
    if _is_refused(error):
        return "the server there does not use RFC 2217; does another client use it?"
    return _shown(text)


def _shown(text: str) -> str:
    """Text from outside, printable and short enough for a one-line error."""
    clean = printable(text)
    return clean if len(clean) <= _SHOWN_CHARACTERS else f"{clean[:_SHOWN_CHARACTERS]}…"


def _is_refused(error: Exception) -> bool:
    closed = isinstance(error, BrokenPipeError | ConnectionResetError | ConnectionAbortedError)
    return closed or "does not seem to support RFC2217" in str(error)


def _is_busy(error: Exception) -> bool:
    return isinstance(error, BlockingIOError) or "exclusively lock" in str(error)


def _is_absent(error: Exception) -> bool:
    return "No such file" in str(error)


def _with_crc(command: bytes, answer: bytes) -> bytes:
    """An answer with the CRC line that the firmware adds before the last line."""
    body, end, rest = answer.partition(b"m-ready\r\n")
    if not end:
        return answer
    crc = zlib.crc32(body, zlib.crc32(command.rstrip(b"%")))
    return body + f"x-answer-crc-[{crc:08x}]\r\n".encode() + end + rest


class ScriptedTransport:
    """A fake board with a table of answers for each command. For tests.

    Args:
        answers: (command, answer) pairs in the order of the commands. An answer of b"" means
            that no answer comes.
        sleep: Called with the time that a read waits without data, to advance a fake clock.
    """

    def __init__(
        self,
        answers: Iterable[tuple[bytes, bytes]],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._answers = list(answers)
        self._sleep = sleep
        self._received = b""
        self._pending = b""
        self.is_open = True

    def write(self, data: bytes) -> None:
        """See `Transport`."""
        self._received += data
        while b"%" in self._received:
            command, _, self._received = self._received.partition(b"%")
            command = command.rpartition(b"\r")[2] + b"%"
            assert self._answers, f"unexpected command {command!r}"
            expected, answer = self._answers.pop(0)
            assert command == expected, f"expected command {expected!r}, got {command!r}"
            self._pending += _with_crc(command, answer)

    def read(self, wait_s: float) -> bytes:
        """See `Transport`."""
        if not self._pending:
            self._sleep(wait_s)
            return b""
        data, self._pending = self._pending[:7], self._pending[7:]
        return data

    def close(self) -> None:
        """See `Transport`."""
        self.is_open = False
