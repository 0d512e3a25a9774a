"""Memory plans for tests of generated code: whole tensors, or rows wherever possible."""

from collections.abc import Callable

from benchmarks.streamed_plan import plan_all_by_rows
from codegen.model.graph import Graph
from codegen.planning.planner import MemoryPlan, plan_graph

Planner = Callable[[Graph], MemoryPlan]


def plan_whole(graph: Graph) -> MemoryPlan:
    """Every tensor is stored whole."""
    return plan_graph(graph, stream=False)


def plan_rows(graph: Graph) -> MemoryPlan:
    """Every step that can makes single rows, whether that saves memory or not.

    Its rings have exactly as many rows as are needed.
    """
    return plan_all_by_rows(graph)
