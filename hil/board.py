"""The interface of a board. Pure."""

from types import TracebackType
from typing import Protocol, Self

from firmware.errors import BoardError, NoAnswerError
from firmware.targets.machine import EmulatedMachine
from hil.modelled import Mark
from hil.tolerances import Tolerances
from hil.transport import Transport


class Board(Protocol):
    """A board, as a context manager: entering it starts the firmware and opens the serial line.

    Attributes:
        name: Name in the record and in the report.
        probe: Serial number of its debug probe; empty if that is not known.
        tolerance: How far measurements may differ from predicted values.
        counts_instructions: Ticks give instructions, not time: the board is emulated.
    """

    name: str
    probe: str
    tolerance: Tolerances
    counts_instructions: bool

    @property
    def machine(self) -> EmulatedMachine | None:
        """The machine that QEMU emulates; None on a real board."""

    def __enter__(self) -> Self:
        """Start the firmware and open the line."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the firmware's process, if any, and close the line."""

    @property
    def transport(self) -> Transport:
        """The open line."""

    def explain_silence(self, error: NoAnswerError) -> BoardError:
        """A more specific reason for a missing answer, if there is one; else the error itself."""

    def instructions(self, ticks: int) -> int:
        """Convert ticks to instructions; only if the board counts instructions."""

    def take_marks(self) -> list[Mark]:
        """The marks of the cycle model since the last call; none if the board has no such model."""
