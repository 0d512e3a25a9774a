"""A board on a serial port that already runs the firmware. Opens the port."""

from types import TracebackType
from typing import Self

from hil.transport import SerialTransport, Transport


class SerialBoard:
    """The board behind a serial port.

    Args:
        port: Such as /dev/ttyACM0.
    """

    counts_instructions = False

    def __init__(self, port: str) -> None:
        self.name = port
        self._transport: SerialTransport | None = None

    def __enter__(self) -> Self:
        """Open the port.

        Raises:
            BoardError: It cannot be opened.
        """
        self._transport = SerialTransport(self.name)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the port; the firmware runs on."""
        if self._transport is not None:
            self._transport.close()

    @property
    def transport(self) -> Transport:
        """The open port."""
        assert self._transport is not None, "the board is used inside its 'with' block"
        return self._transport

    def instructions(self, ticks: int) -> int:
        """Not known: this board counts cycles."""
        raise NotImplementedError("a real board counts cycles")
