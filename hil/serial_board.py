"""A board on a serial port that already runs the firmware. Opens the port."""

from types import TracebackType
from typing import Self

from firmware.errors import BoardError, NoAnswerError, WrongBaudError
from firmware.targets.machine import NETDUINOPLUS2, EmulatedMachine
from hil.bench.bench_file import BoardEntry
from hil.exchange import Exchange
from hil.modelled import Mark
from hil.transport import SerialTransport, Transport

OTHER_BAUDS = (115_200, 9_600, 38_400, 57_600, 230_400, 460_800, 921_600)
"""Other baud rates to try if a board does not answer."""
_LISTEN_S = 0.6


class SerialBoard:
    """The board behind a serial port.

    Args:
        entry: Its port and other properties.
    """

    def __init__(self, entry: BoardEntry) -> None:
        self.name = entry.name
        self.probe = entry.probe
        self.tolerance = entry.tolerance
        self.counts_instructions = entry.is_virtual
        self.machine: EmulatedMachine | None = NETDUINOPLUS2 if entry.is_virtual else None
        self._entry = entry
        self._transport: SerialTransport | None = None

    def __enter__(self) -> Self:
        """Open the port.

        Raises:
            BoardError: It cannot be opened.
        """
        entry = self._entry
        self._transport = SerialTransport(entry.port, entry.baud, entry.idle_lines)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the port. The firmware keeps running."""
        if self._transport is not None:
            self._transport.close()

    @property
    def transport(self) -> Transport:
        """The open port."""
        assert self._transport is not None, "the board is used inside its 'with' block"
        return self._transport

    def explain_silence(self, error: NoAnswerError) -> BoardError:
        """The error itself, or an error that names the baud rate at which the firmware answers."""
        assert self._transport is not None
        for baud in OTHER_BAUDS:
            if baud == self._entry.baud:
                continue
            try:
                self._transport.set_baud(baud)
                Exchange(self._transport, _LISTEN_S).connect()
            except BoardError:
                continue
            return WrongBaudError(
                f"the firmware answers at {baud} baud, not at {self._entry.baud}: change 'baud' of "
                f"{self._entry.name!r} in the bench file"
            )
        return error

    def instructions(self, ticks: int) -> int:
        """Convert the ticks of a virtual board to instructions. A real board counts cycles."""
        assert self.counts_instructions, "a real board counts cycles"
        return NETDUINOPLUS2.instructions(ticks)

    def take_marks(self) -> list[Mark]:
        """None: a serial line gives no marks."""
        return []
