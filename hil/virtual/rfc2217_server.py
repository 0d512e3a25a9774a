"""Serves a virtual Nucleo as a serial port over the network (RFC 2217). Opens a socket.

RFC 2217 carries the lines DTR and RTS and the parity beside the bytes, so that a flasher works with
it as with an adapter.
"""

import contextlib
import logging
import select
import socket
import threading
from types import TracebackType
from typing import Any, Self

from serial import rfc2217

from firmware.errors import BoardError
from hil.virtual.virtual_nucleo import VirtualNucleo

_POLL_S = 0.005
_READ_BYTES = 4096
_LOG = logging.getLogger(__name__)


class Rfc2217Server:
    """A context manager: one client after another.

    Args:
        board: What is served.
        port: TCP port on this machine; 0 takes a free one.
    """

    def __init__(self, board: VirtualNucleo, port: int = 0) -> None:
        self._board = board
        self._socket = socket.create_server(("127.0.0.1", port))
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        """What pySerial opens."""
        return f"rfc2217://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        """Start to serve."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving, and end the board."""
        self._ends.set()
        self._thread.join(10.0)
        self._socket.close()
        self._board.close()

    def wait(self) -> None:
        """Serve until somebody interrupts."""
        while not self._ends.wait(1.0):
            pass

    def _serve(self) -> None:
        while not self._ends.is_set():
            if not select.select([self._socket], [], [], 0.1)[0]:
                continue
            client, _ = self._socket.accept()
            with client, contextlib.suppress(OSError):
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        """Carry bytes both ways until the client has gone."""
        manager = _manager(self._board, _Connection(client))
        while not self._ends.is_set():
            try:
                if select.select([client], [], [], _POLL_S)[0]:
                    data = client.recv(_READ_BYTES)
                    if not data:
                        return
                    for byte in manager.filter(data):  # in step with the lines, which it sets
                        self._board.write(byte)
                answer = self._board.read(0.0)
                if answer:
                    client.sendall(b"".join(manager.escape(answer)))
            except BoardError as error:
                _LOG.warning("virtual board: %s", error)


def _manager(board: Any, connection: Any) -> rfc2217.PortManager:
    """PySerial's server side; it uses of a port only what a `VirtualNucleo` has."""
    return rfc2217.PortManager(board, connection)


class _Connection:
    """What the port manager writes its own messages to."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client

    def write(self, data: bytes) -> None:
        self._client.sendall(data)
