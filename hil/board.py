"""What a board is to the bench. Pure."""

from types import TracebackType
from typing import Protocol, Self

from hil.transport import Transport


class Board(Protocol):
    """A context manager: entering makes the firmware run and opens its serial line.

    Attributes:
        name: For the record and the report.
        counts_instructions: Ticks give instructions, not time: the board is emulated.
    """

    name: str
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

    def instructions(self, ticks: int) -> int:
        """Instructions in that many ticks; only where they are counted."""
