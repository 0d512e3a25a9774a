"""The rings of a range of steps: which tensors share one, its rows, and when it holds data. Pure.

A ring of n rows holds row y in slot y % n. It needs as many rows as lie between the oldest row
that a reader still needs and the newest one, both included, at any time.

An element-wise step may write its output over the row of an input that no other step needs later.
Then both tensors share one ring.
"""

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from codegen.graph import Graph
from codegen.row_run import RowRun, Ticks
from codegen.steps import Step

Busy = NDArray[np.bool_]
"""For each tick, whether bytes hold data that it or a later tick needs."""


def share_rings(graph: Graph, steps: Sequence[Step], run: RowRun) -> list[tuple[int, ...]]:
    """The tensors that are made in a run, those that share a ring together.

    The first of them is made first; each other one is written over the row of the one before.
    """
    groups: dict[int, tuple[int, ...]] = {tensor: (tensor,) for tensor in run.made}
    for index in range(run.first, run.end):
        output = steps[index].output
        sources = [t for t in _overwritable(graph, steps, run, index) if t in groups]
        joined = [(*groups[source], output) for source in sources]
        worth = [
            group
            for source, group in zip(sources, joined, strict=True)
            if ring_rows(run, group) <= max(ring_rows(run, g) for g in (groups[source], (output,)))
        ]
        if worth:
            best = min(worth, key=lambda group: ring_rows(run, group) - ring_rows(run, group[:-1]))
            del groups[best[-2]]
            groups[output] = best
    return list(groups.values())


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
        and tensor not in graph.outputs
        and all(
            (needed[ticks] > rows).all()
            for reader, needed in run.needed[tensor].items()
            if reader != index
        )
    ]


def ring_rows(run: RowRun, tensors: Sequence[int]) -> int:
    """The fewest rows with which a ring of tensors that are made in a run loses no row."""
    made, needed = _made(run, tensors), _needed(run, tensors)
    return max(1, int((made - needed).max()))


def ring_busy(run: RowRun, tensors: Sequence[int]) -> Busy:
    """When a ring holds data."""
    busy = _made(run, tensors) > _needed(run, tensors)
    for tensor in tensors:
        busy |= np.diff(run.made[tensor], prepend=0) > 0
    return busy


def _made(run: RowRun, tensors: Sequence[int]) -> Ticks:
    return reduce(np.maximum, (run.made[tensor] for tensor in tensors))


def _needed(run: RowRun, tensors: Sequence[int]) -> Ticks:
    """The first row that is needed; of a tensor that nothing reads, the newest row."""
    each = (
        run.first_needed(tensor) if tensor in run.needed else run.made[tensor] - 1
        for tensor in tensors
    )
    return reduce(np.minimum, each)
