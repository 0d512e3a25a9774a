"""Memory plans for tests of generated code: whole tensors, or rows wherever possible."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from codegen.cut import Piece
from codegen.graph import Graph
from codegen.lifetimes import find_lifetimes
from codegen.planner import MemoryPlan, place_steps, plan_graph
from codegen.steps import Step, last_reads, make_steps

Planner = Callable[[Graph], MemoryPlan]


def plan_whole(graph: Graph) -> MemoryPlan:
    """Every tensor is stored whole."""
    return plan_graph(graph, stream=False)


def plan_rows(graph: Graph) -> MemoryPlan:
    """Every step that can makes single rows, whether that saves memory or not.

    Its rings have exactly as many rows as are needed.
    """
    steps = make_steps(graph)
    life = find_lifetimes(graph, steps, last_reads(graph, steps), list(_longest_segments(steps)))
    return place_steps(steps, life)


def _longest_segments(steps: Sequence[Step]) -> Iterator[Piece]:
    first = 0
    for is_streamed, group in groupby(steps, lambda step: step.rows is not None):
        end = first + len(list(group))
        if is_streamed:
            yield Piece(first, end, True, 0)
        else:
            yield from (Piece(index, index + 1, False, 0) for index in range(first, end))
        first = end
