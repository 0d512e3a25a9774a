"""Runs a range of steps row by row, on row numbers alone: the order, and which rows exist. Pure.

Of all steps that can make a row, the last one makes it: depth first. No step waits for memory.
So the order of some steps does not depend on the steps after them, and a run of a long range also
tells what a shorter one with the same first step does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import Graph
from codegen.planning.steps import Step

IMAGE = -1
"""Stands for a step where a row of the model's input is fed."""
_NEVER = 1 << 30
"""More rows than any tensor has."""

Ticks = NDArray[np.int32]
"""One number for each tick. In a tick, one step makes one row, or one row of the image is fed."""


@dataclass(frozen=True, slots=True, eq=False)
class RowRun:
    """A range of steps, run row by row.

    Attributes:
        first: Index of the first step.
        end: One past the index of the last step.
        order: For each tick, the step, counted from `first`, or `IMAGE`.
        makers: The step, counted from `first`, or `IMAGE`, that makes each tensor of the range.
        made: Rows of these tensors that exist in each tick, the one made in it included.
        needed: For each tensor that is read, and each step that reads it, by its index: the first
            row that the step reads in a tick or a later one; the number of rows if it reads none.
    """

    first: int
    end: int
    order: NDArray[np.int16]
    makers: dict[int, int]
    made: dict[int, Ticks]
    needed: dict[int, dict[int, Ticks]]

    def first_needed(self, tensor: int) -> Ticks:
        """The first row of a tensor that any step reads in a tick or a later one."""
        first, *others = self.needed[tensor].values()
        for other in others:
            first = np.minimum(first, other)
        return first

    def until(self, end: int) -> "RowRun":
        """The run of the steps before `end` alone."""
        kept = self.order < end - self.first
        makers = {t: maker for t, maker in self.makers.items() if maker < end - self.first}
        made = {tensor: self.made[tensor][kept] for tensor in makers}
        needed: dict[int, dict[int, Ticks]] = {}
        for tensor, by_reader in self.needed.items():
            own = {reader: ticks[kept] for reader, ticks in by_reader.items() if reader < end}
            if own:
                needed[tensor] = own
        return RowRun(self.first, end, self.order[kept], makers, made, needed)

    def ticks_of(self, step: int) -> NDArray[np.bool_]:
        """The ticks in which a step, by its index in the network, makes a row."""
        ticks: NDArray[np.bool_] = self.order == step - self.first
        return ticks


def run_by_rows(
    graph: Graph, steps: Sequence[Step], first: int, end: int, image: int | None
) -> RowRun:
    """Run the steps from `first` to `end`, all of which have a window of rows.

    Args:
        graph: The network.
        steps: All its steps; each reads only what earlier ones write.
        first: Index of the first step.
        end: One past the index of the last step.
        image: The tensor whose rows are fed one by one, if any. All other tensors from outside are
            complete.
    """
    own = steps[first:end]
    sources = {step.output: index for index, step in enumerate(own)}
    if image is not None:
        sources[image] = IMAGE
    order = _order(graph, own, sources)
    made_by = {
        source: np.cumsum(order == source, dtype=np.int32)
        for source in ([IMAGE] if image is not None else []) + list(range(len(own)))
    }
    needed: dict[int, dict[int, Ticks]] = {}
    for index, step in enumerate(own):
        assert step.rows is not None
        done_before = made_by[index] - (order == index)
        for tensor in dict.fromkeys(step.inputs):
            rows = graph.tensors[tensor].shape[1]
            firsts = step.rows.first_rows(rows, graph.tensors[step.output].shape[1])
            own_needs = np.append(firsts, np.int32(rows))[done_before]
            needed.setdefault(tensor, {})[first + index] = own_needs
    made = {tensor: made_by[source] for tensor, source in sources.items()}
    return RowRun(first, end, order, sources, made, needed)


def _order(graph: Graph, steps: Sequence[Step], sources: dict[int, int]) -> NDArray[np.int16]:
    """The step of each tick. `made` holds the rows of each step, then those of the image.

    Steps that can make a row lie on a stack, the last step on top. A new row of a step can only
    release the step itself and later ones, which go on top of the others.
    """
    waits, released = _dependencies(graph, steps, sources)
    made = [0] * (len(steps) + 1)
    left = sum(graph.tensors[t].shape[1] for t, source in sources.items() if source == IMAGE)
    ready: list[int] = []
    order: list[int] = []
    candidates = list(range(len(steps)))
    while True:
        for candidate in candidates:
            row = made[candidate]
            for source, ends in waits[candidate]:
                if made[source] < ends[row]:
                    break
            else:
                ready.append(candidate)
        if ready:
            step = ready.pop()
        elif left:
            step, left = IMAGE, left - 1
        else:
            return np.array(order, np.int16)
        order.append(step)
        made[step] += 1
        candidates = released[step]


def _dependencies(
    graph: Graph, steps: Sequence[Step], sources: dict[int, int]
) -> tuple[list[list[tuple[int, list[int]]]], list[list[int]]]:
    """For each step, what it waits for: sources, and how many of their rows for each own row.

    And for each step, then the image, the steps that a new row may release, ascending.
    """
    waits: list[list[tuple[int, list[int]]]] = []
    released: list[list[int]] = [*([index] for index in range(len(steps))), []]
    for index, step in enumerate(steps):
        assert step.rows is not None
        rows = graph.tensors[step.output].shape[1]
        inner = [t for t in dict.fromkeys(step.inputs) if t in sources]
        waits.append([])
        for tensor in inner:
            ends = step.rows.end_rows(graph.tensors[tensor].shape[1], rows)
            waits[-1].append((sources[tensor], [*ends.tolist(), _NEVER]))
            released[sources[tensor]].append(index)
        if not inner:
            waits[-1].append((index, [*range(rows), _NEVER]))
    return waits, released
