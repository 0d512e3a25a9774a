"""How far a measurement may differ from a predicted value. Pure."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

_Part = Annotated[float, Meta(ge=0, lt=1)]


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Fractions of the predicted value; a bench file may set others for a board.

    Attributes:
        cycles_fraction: Of cycles and milliseconds; wide enough for an estimate without
            calibration.
        instructions_fraction: Of instructions on the virtual board.
        arena_fraction: Of the arena that TFLM reports as used; it differs between releases.
        stack_fraction: Of the peak of the stack.
        flash_fraction: Of the whole firmware.
    """

    cycles_fraction: _Part = 0.25
    instructions_fraction: _Part = 0.05
    arena_fraction: _Part = 0.01
    stack_fraction: _Part = 0.1
    flash_fraction: _Part = 0.02
