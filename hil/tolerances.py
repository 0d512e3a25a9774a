"""How far a measurement may be from what was foretold. Pure."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

_Part = Annotated[float, Meta(ge=0, lt=1)]


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Parts of the foretold figure; a bench file may name others for a board.

    Attributes:
        cycles_fraction: Of cycles and milliseconds: what an estimate that no board has calibrated
            can hold.
        instructions_fraction: Of instructions on the virtual board; the estimate's own worst error
            on networks that it was not fitted on is 4 %.
        arena_fraction: Of the arena that TFLM says it uses; its releases differ in what they keep.
        stack_fraction: Of the most stack in use.
        flash_fraction: Of the whole firmware.
    """

    cycles_fraction: _Part = 0.25
    instructions_fraction: _Part = 0.05
    arena_fraction: _Part = 0.01
    stack_fraction: _Part = 0.1
    flash_fraction: _Part = 0.02
