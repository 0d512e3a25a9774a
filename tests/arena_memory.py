"""A memory that knows what each of its bytes holds, and a plan carried out on it."""

from collections.abc import Iterator

import numpy as np

from codegen.model.graph import Graph
from codegen.planning.planner import MemoryPlan
from codegen.planning.segments import COUNTER_BYTES, NEXT_IMAGE_ROW, Segment
from codegen.planning.steps import Step

PartName = tuple[str, int, int]
"""What a byte belongs to: a kind, a tensor or step, a row."""


class ArenaMemory:
    """Bytes that name what was written to them last."""

    def __init__(self, size_bytes: int) -> None:
        self._bytes = np.zeros(size_bytes, np.int64)
        self._names: dict[PartName, int] = {}

    def write(self, part: PartName, offset: int, size_bytes: int) -> None:
        """Fill bytes, all of which must lie in the arena."""
        assert 0 <= offset <= offset + size_bytes <= len(self._bytes)
        self._bytes[offset : offset + size_bytes] = self._names.setdefault(
            part, len(self._names) + 1
        )

    def holds(self, part: PartName, offset: int, size_bytes: int) -> bool:
        """Whether all bytes still hold what was written."""
        name = self._names.get(part, -1)
        return bool((self._bytes[offset : offset + size_bytes] == name).all())


class PlanCheck:
    """Carries out a plan on a memory. `problems` tells every read of something overwritten."""

    def __init__(self, graph: Graph, plan: MemoryPlan) -> None:
        self.problems: list[str] = []
        self._graph, self._plan = graph, plan
        self._memory = ArenaMemory(plan.arena_bytes)
        self._rings: dict[int, int] = {}
        for segment in plan.segments:
            self._rings |= segment.rings
        for tensor in graph.inputs:
            if tensor not in self._rings and not graph.tensors[tensor].is_constant:
                self._write(tensor, self._rows(tensor))
        for segment in plan.segments:
            self._run(segment)
        for tensor in graph.outputs:
            self._read("the caller", tensor, self._rows(tensor))

    def _rows(self, tensor: int) -> range:
        """All rows; a tensor that is no image is one row."""
        shape = self._graph.tensors[tensor].shape
        return range(shape[1] if len(shape) == 4 and shape[0] == 1 else 1)

    def _places(self, tensor: int, rows: range) -> Iterator[tuple[PartName, int, int]]:
        count = len(self._rows(tensor))
        row_bytes = self._graph.tensors[tensor].size_bytes // count
        slots = self._rings.get(tensor, count)
        for row in rows:
            offset = self._plan.offsets[tensor] + row % slots * row_bytes
            yield ("tensor", tensor, row), offset, row_bytes

    def _write(self, tensor: int, rows: range) -> None:
        for place in self._places(tensor, rows):
            self._memory.write(*place)

    def _read(self, who: str, tensor: int, rows: range) -> None:
        if tensor not in self._plan.offsets:
            return
        for part, offset, size in self._places(tensor, rows):
            if not self._memory.holds(part, offset, size):
                self.problems.append(f"{who} reads {part}, overwritten or never written")

    def _run(self, segment: Segment) -> None:
        steps = self._plan.steps[segment.first_step : segment.end_step]
        if not segment.streamed:
            for index, step in enumerate(steps, segment.first_step):
                self._run_step(index, {t: self._rows(t) for t in step.inputs}, None)
            return
        counters = (("counters", segment.first_step, 0), segment.counters_offset)
        size = COUNTER_BYTES * len(steps)
        self._memory.write(*counters, size)
        made = [0] * len(steps)
        fed = 0
        for entry in segment.schedule:
            if entry == NEXT_IMAGE_ROW:
                self._write(self._graph.inputs[0], range(fed, fed + 1))
                fed += 1
            else:
                step, row = steps[entry], made[entry]
                made[entry] += 1
                needed = {t: self._rows_needed(step, t, row) for t in step.inputs}
                self._run_step(segment.first_step + entry, needed, row)
            if not self._memory.holds(*counters, size):
                self.problems.append(f"the counters of {segment} are overwritten")
        if made != [len(self._rows(step.output)) for step in steps]:
            self.problems.append(f"{segment} does not make every row once")

    def _rows_needed(self, step: Step, tensor: int, row: int) -> range:
        assert step.rows is not None
        first = row * step.rows.stride - step.rows.padding
        return range(max(first, 0), min(first + step.rows.size, len(self._rows(tensor))))

    def _run_step(self, index: int, needed: dict[int, range], row: int | None) -> None:
        """Scratch memory is in use from before the inputs are read until the output is written."""
        step = self._plan.steps[index]
        scratch = (("scratch", index, 0), self._plan.scratch_offsets[index], step.scratch_bytes)
        self._memory.write(*scratch)
        for tensor, rows in needed.items():
            self._read(f"step {index}", tensor, rows)
        if step.output in self._plan.offsets:
            self._write(
                step.output, self._rows(step.output) if row is None else range(row, row + 1)
            )
        if not self._memory.holds(*scratch):
            self.problems.append(f"the output of step {index} lies in its scratch memory")


def problems_of(graph: Graph, plan: MemoryPlan) -> list[str]:
    """What goes wrong when a plan is carried out; empty if nothing does."""
    return PlanCheck(graph, plan).problems
