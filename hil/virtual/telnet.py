"""The server side of Telnet and RFC 2217, safe against any input. Pure, except for its callbacks.

PySerial's port manager does the work. It does not validate its input. This module filters input
that it cannot handle, such as an argument of a wrong length, or an unknown parity.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from serial import rfc2217

LONGEST_SUBOPTION_BYTES = 64
"""Those of RFC 2217 have at most 6, a signature apart."""
_NONSENSE = (ValueError, TypeError, KeyError, IndexError, AttributeError, struct.error)


class BufferedPort(Protocol):
    """The methods of a port that are called. PySerial's port manager uses only attributes."""

    def reset_input_buffer(self) -> None:
        """Discard the received bytes."""

    def reset_output_buffer(self) -> None:
        """Discard the bytes that were not sent yet."""


class TelnetPort:
    """A port behind a connection of one client.

    Args:
        port: The port that the client sets and queries.
        send: Sends bytes to the client.
    """

    def __init__(self, port: BufferedPort, send: Callable[[bytes], object]) -> None:
        connection: Any = _Connection(send)
        served: Any = port
        self._send = send
        self._manager = rfc2217.PortManager(served, connection)

    def take(self, data: bytes) -> Iterator[bytes]:
        """The received bytes that are meant for the port, one by one."""
        manager = self._manager
        try:
            yield from manager.filter(data)
        except _NONSENSE:
            manager.suboption = None
            manager.mode = rfc2217.M_NORMAL
        if manager.suboption is not None and len(manager.suboption) > LONGEST_SUBOPTION_BYTES:
            manager.suboption = None

    def give(self, data: bytes) -> None:
        """Send the bytes of the port to the client."""
        self._send(b"".join(self._manager.escape(data)))


class _Connection:
    """The object to which the port manager writes its own messages."""

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send

    def write(self, data: bytes) -> None:
        self._send(data)
