"""What a board is to the bench. Pure."""

from types import TracebackType
from typing import Protocol, Self

from firmware.errors import BoardError, NoAnswerError
from hil.tolerances import Tolerances
from hil.transport import Transport


class Board(Protocol):
    """A context manager: entering makes the firmware run and opens its serial line.

    Attributes:
        name: For the record and the report.
        probe: Serial number of its debug probe; empty if that is not known.
        tolerance: How far measurements may be from what was foretold.
        counts_instructions: Ticks give instructions, not time: the board is emulated.
    """

    name: str
    probe: str
    tolerance: Tolerances
    counts_instructions: bool

    def __enter__(self) -> Self:
        """Start the firmware and open the line."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what entering started."""

    @property
    def transport(self) -> Transport:
        """The open line."""

    def explain_silence(self, error: NoAnswerError) -> BoardError:
        """Why the firmware did not answer, if that can be found out; else the error itself."""

    def instructions(self, ticks: int) -> int:
        """Instructions in that many ticks; only where they are counted."""
