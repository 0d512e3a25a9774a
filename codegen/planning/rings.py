"""The rings of a range of steps: which tensors share one, its rows, and when it holds data. Pure.

A ring of n rows holds row y in slot y % n. It needs as many rows as lie between the oldest row
that a reader still needs and the newest one, both included, at any time.

An element-wise step may write its output over the row of an input of which it is the last reader.
Then both tensors share one ring.
"""

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import Graph
from codegen.planning.row_run import RowRun, Ticks
from codegen.planning.steps import Step

Busy = NDArray[np.bool_]
"""For each tick, whether bytes hold data that it or a later tick needs."""


def share_rings(
    graph: Graph, steps: Sequence[Step], run: RowRun, reads: Mapping[int, int]
) -> list[tuple[int, ...]]:
    """The tensors that are made in a run, those that share a ring together.

    The first of them is made first; each other one is written over the row of the one before.
    Tensors share a ring if it needs no more rows than the larger of theirs, or if the last one is
    whole: then there is room for all rows.

    Args:
        graph: The network.
        steps: All its steps.
        run: A range of them.
        reads: The last step of the network that reads each tensor.
    """
    groups: dict[int, tuple[int, ...]] = {tensor: (tensor,) for tensor in run.made}
    for index in range(run.first, run.end):
        output = steps[index].output
        is_whole = reads.get(output, index) >= run.end
        joined = [
            (*groups[source], output)
            for source in _overwritable(graph, steps, run, index)
            if source in groups and reads[source] == index
        ]
        worth = [group for group in joined if is_whole or _is_worth(run, group)]
        if worth:
            best = min(worth, key=lambda group: ring_rows(run, group) - ring_rows(run, group[:-1]))
            del groups[best[-2]]
            groups[output] = best
    return list(groups.values())


def _is_worth(run: RowRun, group: tuple[int, ...]) -> bool:
    apart = max(ring_rows(run, group[:-1]), ring_rows(run, group[-1:]))
    return ring_rows(run, group) <= apart


def _overwritable(graph: Graph, steps: Sequence[Step], run: RowRun, index: int) -> list[int]:
    """Inputs of a step, made in the run, of which nothing needs a row once the step has read it."""
    step = steps[index]
    if step.in_place is None:
        return []
    ticks = run.ticks_of(index)
    rows = run.made[step.output][ticks] - 1
    return [
        tensor
        for tensor in dict.fromkeys(step.inputs)
        if tensor in run.made
        and graph.tensors[tensor].size_bytes == graph.tensors[step.output].size_bytes
        and all(
            (needed[ticks] > rows).all()
            for reader, needed in run.needed[tensor].items()
            if reader != index
        )
    ]


def ring_rows(run: RowRun, tensors: Sequence[int]) -> int:
    """The fewest rows with which a ring of tensors that are made in a run loses no row."""
    return max(1, int((_made(run, tensors) - _needed(run, tensors)).max()))


def ring_busy(run: RowRun, tensors: Sequence[int]) -> Busy:
    """When a ring holds data."""
    made = _made(run, tensors)
    busy: Busy = made > _needed(run, tensors)
    busy[0] |= made[0] > 0
    busy[1:] |= made[1:] > made[:-1]
    return busy


def overlap_bytes(graph: Graph, run: RowRun, output: Sequence[int], source: int) -> int:
    """How far before a tensor from outside the memory of an output must begin to lose no byte.

    The end of the rows that are written must not pass the first row that is still needed.

    Args:
        graph: The network.
        run: A range of steps; no later step reads the source.
        output: Tensors made in the run, which share memory with room for all rows.
        source: The tensor that their memory may overlap.
    """
    made = [tensor for tensor in output if tensor in run.made]
    ends = _made(run, made).astype(np.int64) * row_bytes(graph, made[0])
    firsts = run.first_needed(source).astype(np.int64) * row_bytes(graph, source)
    return max(0, int((ends - firsts).max()))


def row_bytes(graph: Graph, tensor: int) -> int:
    """Size of one row of an image."""
    return graph.tensors[tensor].size_bytes // graph.tensors[tensor].shape[1]


def _made(run: RowRun, tensors: Sequence[int]) -> Ticks:
    return reduce(np.maximum, (run.made[tensor] for tensor in tensors))


def _needed(run: RowRun, tensors: Sequence[int]) -> Ticks:
    """The first row that is needed; of a tensor that nothing reads, the newest row."""
    each = (
        run.first_needed(tensor) if tensor in run.needed else run.made[tensor] - 1
        for tensor in tensors
    )
    return reduce(np.minimum, each)
