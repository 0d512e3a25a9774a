"""Serves a virtual Nucleo as a serial port over the network (RFC 2217). Opens a socket.

RFC 2217 transmits the lines DTR and RTS and the parity in addition to the bytes, so a flasher can
use it like an adapter.
"""

import contextlib
import errno
import logging
import select
import socket
import threading
import time
from types import TracebackType
from typing import Self

from firmware.errors import BoardError, BusyError
from hil.virtual.telnet import TelnetPort
from hil.virtual.virtual_nucleo import VirtualNucleo

IDLE_LIMIT_S = 60.0
"""A client that was silent for this time can be replaced by another one."""
_POLL_S, _IDLE_POLL_S = 0.005, 0.1
_ACTIVE_S = 2.0
_SEND_LIMIT_S = 5.0
_END_LIMIT_S, _END_NOTICE_S = 10.0, 0.5
_READ_BYTES = 4096
_BUSY = b"busy: another client uses this board\r\n"
_LOG = logging.getLogger(__name__)


class Rfc2217Server:
    """A context manager that serves one client at a time. Others get the answer that it is busy.

    Args:
        board: The board to serve.
        port: TCP port on this machine; 0: any free port.
        idle_limit_s: Seconds after which a silent client can be replaced by another one.

    Raises:
        BusyError: Another program serves on that port.
        BoardError: The port cannot be used.
    """

    def __init__(
        self, board: VirtualNucleo, port: int = 0, idle_limit_s: float = IDLE_LIMIT_S
    ) -> None:
        self._board = board
        self._idle_limit_s = idle_limit_s
        try:
            self._socket = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            board.close()
            kind = BusyError if error.errno == errno.EADDRINUSE else BoardError
            raise kind(
                f"could not serve on TCP port {port}: {error.strerror}; name another with --port"
            ) from error
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        """The URL that pySerial opens."""
        return f"rfc2217://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        """Start the server."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server and the board."""
        self._ends.set()
        self._thread.join(_END_LIMIT_S)
        self._socket.close()
        self._board.close()

    def wait(self) -> None:
        """Serve until interrupted.

        Raises:
            BoardError: The server has stopped unexpectedly.
        """
        while not self._ends.wait(1.0):
            if not self._thread.is_alive():
                raise BoardError("the server has stopped unexpectedly; start it again")

    def _serve(self) -> None:
        while not self._ends.is_set():
            client = self._next_client(_IDLE_POLL_S)
            self._pass_on(None)
            if client is not None:
                self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        """Forward bytes in both directions until the client disconnects or is replaced."""
        heard_s = time.monotonic()
        with client, contextlib.suppress(OSError):
            client.settimeout(_SEND_LIMIT_S)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            port = TelnetPort(self._board, client.sendall)
            while not self._ends.is_set():
                silent_s = time.monotonic() - heard_s
                wait_s = _POLL_S if silent_s < _ACTIVE_S or self._board.is_busy else _IDLE_POLL_S
                if select.select([client], [], [], wait_s)[0]:
                    data = client.recv(_READ_BYTES)
                    if not data:
                        return
                    heard_s = time.monotonic()
                    self._take(port, data)
                self._pass_on(port)
                if self._gives_way(client, silent_s):
                    return

    def _gives_way(self, client: socket.socket, silent_s: float) -> bool:
        """Whether to disconnect a client because it is silent and another one waits."""
        ready = select.select([self._socket, client], [], [], 0)[0]
        if self._socket not in ready or client in ready:  # it may be about to disconnect
            return False
        if silent_s >= self._idle_limit_s:
            return True
        if (other := self._next_client(0)) is not None:
            with other, contextlib.suppress(OSError):
                other.settimeout(_SEND_LIMIT_S)
                other.sendall(_BUSY)
        return False

    def _next_client(self, wait_s: float) -> socket.socket | None:
        with contextlib.suppress(OSError):
            if select.select([self._socket], [], [], wait_s)[0]:
                return self._socket.accept()[0]
        return None

    def _take(self, port: TelnetPort, data: bytes) -> None:
        """Pass bytes to the board one by one, in order with changes of the control lines."""
        for index in range(len(data)):
            try:
                for byte in port.take(data[index : index + 1]):
                    self._board.write(byte)
            except BoardError as error:
                _LOG.warning("virtual board: %s", error)

    def _pass_on(self, port: TelnetPort | None) -> None:
        """Send the board's bytes to the client. Without a client, they are lost."""
        try:
            answer = self._board.read(0.0)
        except BoardError as error:
            # A command that ends stops its children first: this is not an error of the board.
            if not self._ends.wait(_END_NOTICE_S):
                _LOG.warning("virtual board: %s", error)
            self._board.halt()
            return
        if port is not None and answer:
            port.give(answer)
