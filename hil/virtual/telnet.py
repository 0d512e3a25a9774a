"""The server's side of Telnet and RFC 2217, whatever a client sends. Pure but for what it calls.

PySerial's port manager does the work. It believes its client: here it is kept from what it was not
made for, such as an argument of a wrong length, or an unknown parity.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from serial import rfc2217

LONGEST_SUBOPTION_BYTES = 64
"""Those of RFC 2217 have at most 6, a signature apart."""
_NONSENSE = (ValueError, TypeError, KeyError, IndexError, AttributeError, struct.error)


class Port(Protocol):
    """What pySerial's port manager uses of a port are attributes; this is what is called."""

    def reset_input_buffer(self) -> None:
        """Forget what came."""

    def reset_output_buffer(self) -> None:
        """Forget what was not sent yet."""


class TelnetPort:
    """A port behind a connection of one client.

    Args:
        port: What the client sets and asks.
        send: Sends bytes to it.
    """

    def __init__(self, port: Port, send: Callable[[bytes], object]) -> None:
        connection: Any = _Connection(send)
        served: Any = port
        self._send = send
        self._manager = rfc2217.PortManager(served, connection)

    def take(self, data: bytes) -> Iterator[bytes]:
        """The bytes among what came that are meant for the port, one by one."""
        manager = self._manager
        try:
            yield from manager.filter(data)
        except _NONSENSE:
            manager.suboption = None
            manager.mode = rfc2217.M_NORMAL
        if manager.suboption is not None and len(manager.suboption) > LONGEST_SUBOPTION_BYTES:
            manager.suboption = None

    def give(self, data: bytes) -> None:
        """Send what the port says."""
        self._send(b"".join(self._manager.escape(data)))


class _Connection:
    """What the port manager writes its own messages to."""

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send

    def write(self, data: bytes) -> None:
        self._send(data)
