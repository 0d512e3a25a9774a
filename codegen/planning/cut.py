"""Cuts a network into streamed segments and whole steps, so that the arena is smallest. Pure.

What a segment needs does not depend on how the rest is cut: a tensor that lives across its border
is whole. So the best cut follows from the needs of single segments, by dynamic programming.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from codegen.model.graph import Graph
from codegen.operators.rows import images_have_rows
from codegen.planning.range_needs import RangeNeeds
from codegen.planning.row_run import RowRun, run_by_rows
from codegen.planning.segments import MOST_STEPS
from codegen.planning.steps import Step

FIRST_REACH = 8
"""Steps that are run to see where a segment may end; four times as many follow, and so on."""
MOST_LATER_STEPS = 32
"""Most steps of a streamed segment that does not begin with the network: several blocks."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of steps as one piece of a cut.

    Attributes:
        first: Index of the first step.
        end: One past the index of the last step.
        needed_bytes: The most bytes that are in use at once.
        run: How its rows are made one by one, perhaps with those of later steps; None if it is a
            whole step.
        rows: Rows that are made one by one.
    """

    first: int
    end: int
    needed_bytes: int
    run: RowRun | None = None
    rows: int = 0


def best_cut(
    graph: Graph, steps: Sequence[Step], reads: Mapping[int, int], whole_bytes: Sequence[int]
) -> list[Piece]:
    """The parts that need the fewest bytes; among those, the ones with the fewest streamed rows.

    Args:
        graph: The network.
        steps: All its steps.
        reads: The last step that reads each tensor.
        whole_bytes: Bytes in use in each step if it is no part of a streamed segment.
    """
    parts = [[Piece(i, i + 1, needed)] for i, needed in enumerate(whole_bytes)]
    ranges = streamable_ranges(graph, steps)
    ends = {start: end for first, end in ranges for start in range(first, end)}
    while True:
        best = _least_bytes(parts)
        chosen = _fewest_rows(parts, best[-1])
        starts = _promising(ends, best, chosen) or _saving_rows(ends, best, chosen, whole_bytes)
        if not starts:
            return chosen
        start = min(starts, key=lambda s: (s > 0, -s))
        parts[start] += _parts_from(graph, steps, reads, start, ends.pop(start), best[-1])


def _promising(starts: Iterable[int], best: Sequence[int], chosen: Sequence[Piece]) -> list[int]:
    """Where a segment may begin that replaces the part that needs most: it covers some of it."""
    worst = max(chosen, key=lambda part: part.needed_bytes, default=None)
    if worst is None:
        return []
    return [
        start
        for start in starts
        if start < worst.end
        and (start == 0 or start + MOST_LATER_STEPS > worst.first)
        and best[start] < best[-1]
    ]


def _saving_rows(
    starts: Iterable[int], best: Sequence[int], chosen: Sequence[Piece], whole_bytes: Sequence[int]
) -> list[int]:
    """Where a segment may begin that makes fewer rows one by one, in place of a longer one."""
    return [
        start
        for start in starts
        for part in chosen
        if part.run is not None
        and part.first < start < part.end
        and best[start] <= best[-1] < max(whole_bytes[start : part.end])
    ]


def fed_image(graph: Graph, steps: Sequence[Step]) -> int | None:
    """The model's input if its rows can be fed one by one, else None."""
    if len(graph.inputs) != 1 or not steps or graph.inputs[0] in graph.outputs:
        return None
    (image,) = graph.inputs
    is_image = images_have_rows([graph.tensors[image]]) and image in steps[0].inputs
    return image if is_image else None


def streamable_ranges(graph: Graph, steps: Sequence[Step]) -> Iterator[tuple[int, int]]:
    """The longest ranges of steps that can make single rows.

    There are none in a damaged network, in which a tensor is read before it is written, or
    written twice.
    """
    written = set(graph.inputs)
    for step in steps:
        if not written.issuperset(step.inputs) or step.output in written:
            return
        written.add(step.output)
    first = 0
    for index, rows in enumerate([*(step.rows for step in steps), None]):
        if rows is None:
            if index > first:
                yield first, index
            first = index + 1


def _parts_from(
    graph: Graph,
    steps: Sequence[Step],
    reads: Mapping[int, int],
    first: int,
    end: int,
    limit_bytes: int,
) -> list[Piece]:
    """The streamed parts from one step to any later one that need at most `limit_bytes`."""
    image = fed_image(graph, steps) if first == 0 else None
    last = min(end, first + (MOST_STEPS if first == 0 else MOST_LATER_STEPS))
    reach, parts = FIRST_REACH, list[Piece]()
    while True:
        stop = min(first + reach, last)
        run = run_by_rows(graph, steps, first, stop, image)
        needs, rows = RangeNeeds(graph, steps, run, reads, limit_bytes), 0
        parts.clear()
        for index in range(first, stop):
            needed = needs.add(index)
            rows += graph.tensors[steps[index].output].shape[1]
            if needed is not None and needed <= limit_bytes:
                parts.append(Piece(first, index + 1, needed, run, rows))
            if needs.least_bytes() > limit_bytes:
                return parts
        if stop == last:
            return parts
        reach *= 4


def _least_bytes(parts: Sequence[Sequence[Piece]]) -> list[int]:
    """For each step, the fewest bytes with which the steps before it can run; then for all.

    `parts` are given by their first steps.
    """
    single = max((own[0].needed_bytes for own in parts), default=0)
    best = [0] + [single] * len(parts)
    for own in parts:
        for part in own:
            best[part.end] = min(best[part.end], max(best[part.first], part.needed_bytes))
    return best


def _fewest_rows(parts: Sequence[Sequence[Piece]], limit_bytes: int) -> list[Piece]:
    """The parts that make up all steps with the fewest streamed rows, then the fewest parts."""
    best: list[tuple[int, int] | None] = [(0, 0)] + [None] * len(parts)
    chosen: list[Piece | None] = [None] * (len(parts) + 1)
    for own in parts:
        before = best[own[0].first]
        if before is None:
            continue
        for part in own:
            cost = (before[0] + part.rows, before[1] + 1)
            known = best[part.end]
            if part.needed_bytes <= limit_bytes and (known is None or cost < known):
                best[part.end], chosen[part.end] = cost, part
    path: list[Piece] = []
    end = len(parts)
    while end > 0:
        last = chosen[end]
        assert last is not None, "the limit is the need of such parts"
        path.append(last)
        end = last.first
    return path[::-1]
