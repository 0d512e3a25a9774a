"""Segments of a network: ranges of steps that run row by row, or one step at a time. Pure.

In a streamed segment, a step makes one row at a time, as soon as the rows that it reads exist. A
tensor that only steps of the segment read is a ring: row y lies at row y % rows of its memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NEXT_IMAGE_ROW = 255
"""Entry of a schedule at which the next row of the model's input is needed."""
MOST_STEPS = 254
"""Maximum number of steps in a streamed segment; a schedule names a step by one byte."""
COUNTER_BYTES = 2
"""Size of a step's counter in the arena, a uint16_t: the next row that the step makes."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A range of consecutive steps.

    Attributes:
        first_step: Index of its first step.
        end_step: One past the index of its last step.
        streamed: Whether its steps run row by row. Otherwise each step makes its whole output.
        rings: Rows of each ring, by tensor index. If the rows of the model's input are fed one by
            one, its tensor is among them. A tensor that is not named here is stored whole.
        schedule: The order in which rows are made: for each row one byte, the index of its step
            minus `first_step`, or `NEXT_IMAGE_ROW`. Empty if the segment is not streamed.
        counters_offset: First byte in the arena of the steps' counters, `COUNTER_BYTES` each; 0
            if the segment is not streamed.
    """

    first_step: int
    end_step: int
    streamed: bool = False
    rings: Mapping[int, int] = field(default_factory=dict)
    schedule: bytes = b""
    counters_offset: int = 0

    @property
    def counters_bytes(self) -> int:
        """Size of the counters; 0 if the segment is not streamed."""
        return COUNTER_BYTES * (self.end_step - self.first_step) if self.streamed else 0


def is_row_fed(segments: Sequence[Segment], image: int) -> bool:
    """Whether the rows of the model's input `image` are fed one by one, so the arena lacks it."""
    return any(image in segment.rings for segment in segments)
