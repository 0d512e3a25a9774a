"""Plans that stream whatever can be streamed, whether or not this makes the arena smaller. Pure."""

from codegen.model.graph import Graph
from codegen.planning.cut import Piece, fed_image, streamable_ranges
from codegen.planning.lifetimes import find_lifetimes
from codegen.planning.planner import MemoryPlan, place_pieces
from codegen.planning.row_run import run_by_rows
from codegen.planning.segments import MOST_STEPS
from codegen.planning.steps import last_reads, make_steps


def plan_all_by_rows(graph: Graph) -> MemoryPlan:
    """The plan in which every step that can make single rows does."""
    steps = make_steps(graph)
    reads = last_reads(graph, steps)
    pieces = {index: Piece(index, index + 1, 0) for index in range(len(steps))}
    for first, end in streamable_ranges(graph, steps):
        for start in range(first, end, MOST_STEPS):
            stop = min(start + MOST_STEPS, end)
            image = fed_image(graph, steps) if start == 0 else None
            fed = image if image is not None and reads[image] < stop else None
            run = run_by_rows(graph, steps, start, stop, fed)
            for index in range(start, stop):
                del pieces[index]
            pieces[start] = Piece(start, stop, 0, run)
    ordered = [pieces[start] for start in sorted(pieces)]
    return place_pieces(graph, steps, find_lifetimes(graph, steps, reads, ordered))
