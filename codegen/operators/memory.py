"""What the kernel of an operator demands of the planner. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from codegen.model.graph import Graph, Operator


@dataclass(frozen=True, slots=True)
class Memory:
    """What the kernel of an operator demands of the planner.

    The functions must accept any shapes and options, because damaged models are planned before
    they are rejected.

    Attributes:
        is_in_place: Whether the output may overwrite the first activation in place.
        scratch_bytes: Scratch memory that the kernel needs while it runs; 0 if it needs none.
        overlap_bytes: The output may overlap the first input if it begins at least this number of
            bytes before it; None if it may not.
    """

    is_in_place: bool
    scratch_bytes: Callable[[Graph, Operator], int]
    overlap_bytes: Callable[[Graph, Operator], int | None]


def no_scratch(graph: Graph, operator: Operator) -> int:
    """For a kernel that needs no scratch memory."""
    del graph, operator
    return 0


def no_overlap(graph: Graph, operator: Operator) -> int | None:
    """For a kernel whose output may not overlap its input."""
    del graph, operator
    return None


OWN_BYTES = Memory(False, no_scratch, no_overlap)
"""Of an operator whose output overlaps no input."""
IN_PLACE = Memory(True, no_scratch, no_overlap)
"""Of an operator that may write each element where it read one of the same size."""
