"""How many bytes a streamed range of steps needs, for each step at which it may end. Pure."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import Graph
from codegen.planning.placement import aligned, together_bytes
from codegen.planning.rings import Busy, overlap_bytes, ring_busy, ring_rows, row_bytes, share_rings
from codegen.planning.row_run import RowRun
from codegen.planning.segments import COUNTER_BYTES
from codegen.planning.steps import Step

Load = NDArray[np.int64]
"""Bytes in use in each tick."""


class RangeNeeds:
    """Adds the steps of a run one by one, and keeps account of the bytes in use in each tick.

    A tensor with readers outside the range is whole, from its first row to the end of the range.
    A ring replaces it when its last reader joins the range. A tensor from outside is whole until
    its last reader in the range has read it.
    """

    def __init__(
        self,
        graph: Graph,
        steps: Sequence[Step],
        run: RowRun,
        reads: Mapping[int, int],
        limit_bytes: int,
    ) -> None:
        """What needs more than a limit need not be known exactly.

        Args:
            graph: The network.
            steps: All its steps.
            run: The steps that are added.
            reads: The last step of the network that reads each tensor.
            limit_bytes: The limit.
        """
        self._limit_bytes = limit_bytes
        self._graph, self._steps, self._run, self._reads = graph, steps, run, reads
        self._groups = {t: group for group in share_rings(graph, steps, run, reads) for t in group}
        self._load: Load = np.zeros(len(run.order), np.int64)
        self._rings: Load = np.zeros(len(run.order), np.int64)
        self._whole: dict[tuple[int, ...], tuple[int, Busy]] = {}
        self._ending: dict[int, tuple[int, Busy]] = {}
        written = (*graph.inputs, *(step.output for step in steps[: run.first]))
        self._outside = {
            tensor: graph.tensors[tensor].size_bytes
            for tensor in written
            if reads.get(tensor, -1) >= run.first and tensor not in run.made
        }
        self._rest_bytes = sum(map(aligned, self._outside.values()))
        self._fed_until = max((reads[t] for t in graph.inputs if t in run.made), default=-1)
        self._made = {tensor for tensor in graph.inputs if tensor in run.made}

    def add(self, index: int) -> int | None:
        """The bytes that are needed at once if the range ends with step `index`.

        None if the rows of the image, fed one by one, are read by later steps.
        """
        step, run = self._steps[index], self._run
        if step.scratch_bytes > 0:
            scratch = aligned(step.scratch_bytes) * run.ticks_of(index)
            self._load += scratch
            self._rings += scratch
        self._made.add(step.output)
        ending = [t for t in dict.fromkeys(step.inputs) if self._reads[t] == index]
        made = [self._groups[t] for t in (step.output, *ending) if t in run.made]
        for group in dict.fromkeys(made):
            self._account(group, index)
        for tensor in ending:
            if tensor in self._outside:
                busy = run.first_needed(tensor) < self._graph.tensors[tensor].shape[1]
                size = self._outside.pop(tensor)
                self._rest_bytes -= aligned(size)
                self._load += aligned(size) * busy
                self._ending[tensor] = (size, busy)
        return self._needed_bytes(index) if self._fed_until <= index else None

    def least_bytes(self) -> int:
        """Bytes that the range needs at least, wherever it ends from here on."""
        return int(self._rings.max())

    def _account(self, group: tuple[int, ...], index: int) -> None:
        """Count tensors that share memory as a ring, or as a whole tensor."""
        run = self._run
        if group in self._whole:
            size, busy = self._whole.pop(group)
            self._load -= aligned(size) * busy
        made = [t for t in group if t in self._made]
        if any(self._reads.get(t, -1) > index for t in made):
            size, busy = self._graph.tensors[group[0]].size_bytes, run.made[made[0]] > 0
            self._whole[group] = (size, busy)
            self._load += aligned(size) * busy
            return
        size = ring_rows(run, group) * row_bytes(self._graph, group[0])
        ring = aligned(size) * ring_busy(run, group)
        self._load += ring
        self._rings += ring

    def _needed_bytes(self, index: int) -> int:
        """The largest output may overlap the largest input; other pairs are not looked at."""
        count = index + 1 - self._run.first
        rest = self._rest_bytes + aligned(COUNTER_BYTES * count)
        peak = int(self._load.max())
        if not self._whole or not self._ending:
            return peak + rest
        group = max(self._whole, key=lambda g: self._whole[g][0])
        source = max(self._ending, key=lambda t: self._ending[t][0])
        (output_bytes, written), (input_bytes, read) = self._whole[group], self._ending[source]
        if peak + rest - min(aligned(output_bytes), aligned(input_bytes)) > self._limit_bytes:
            return peak + rest
        distance = overlap_bytes(self._graph, self._run, group, source)
        both = aligned(together_bytes(output_bytes, input_bytes, distance))
        saved = max(0, aligned(output_bytes) + aligned(input_bytes) - both)
        return int((self._load - saved * (written & read)).max()) + rest
