"""The buffers of a network that is cut into parts: their sizes, and when each is in use. Pure.

Time passes in ticks: a whole step takes one, a streamed segment one for each row that it makes. A
ring that is empty in some ticks can lend its bytes to other buffers in these ticks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from codegen.model.graph import Graph
from codegen.planning.cut import Piece
from codegen.planning.placement import bytes_in_use
from codegen.planning.rings import Busy, overlap_bytes, ring_busy, ring_rows, share_rings
from codegen.planning.row_run import IMAGE, RowRun
from codegen.planning.segments import COUNTER_BYTES, NEXT_IMAGE_ROW, Segment
from codegen.planning.steps import Step


@dataclass(slots=True)
class Lifetimes:
    """Buffers, by their position in the lists.

    Attributes:
        sizes: Bytes of each.
        busy: The ticks in which each is in use, as the set bits of a number.
        overlaps: For pairs (output, input): bytes by which the output must begin before the input,
            so that both may overlap.
        of_tensor: The buffer of each stored activation.
        of_scratch: The buffer of each step's scratch memory.
        of_counters: The buffer of the counters of each streamed segment, by its first step.
        ticks_of_step: The ticks in which each step runs, as the set bits of a number.
        segments: The parts as segments; where their counters lie is not known yet.
    """

    sizes: list[int] = field(default_factory=list)
    busy: list[int] = field(default_factory=list)
    overlaps: dict[tuple[int, int], int] = field(default_factory=dict)
    of_tensor: dict[int, int] = field(default_factory=dict)
    of_scratch: list[int] = field(default_factory=list)
    of_counters: dict[int, int] = field(default_factory=dict)
    ticks_of_step: list[int] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)

    def add(self, size_bytes: int, busy: int) -> int:
        """Add a buffer. Returns its position."""
        self.sizes.append(size_bytes)
        self.busy.append(busy)
        return len(self.sizes) - 1

    def most_bytes(self) -> int:
        """The most bytes in use at once: no arena is smaller."""
        return int(bytes_in_use(self.sizes, self.busy, self.overlaps).max(initial=0))


def find_lifetimes(
    graph: Graph, steps: Sequence[Step], reads: Mapping[int, int], parts: Sequence[Piece]
) -> Lifetimes:
    """The buffers of the steps in these parts.

    Args:
        graph: The network.
        steps: All its steps.
        reads: The last step that reads each tensor.
        parts: They make up all steps.
    """
    builder = _Builder(graph, steps, reads)
    for part in parts:
        if part.run is None:
            builder.add_whole(part.first)
        else:
            builder.add_streamed(part.run.until(part.end))
    return builder.finished()


class _Builder:
    """Adds part after part. When whole tensors are no longer in use is known in the end."""

    def __init__(self, graph: Graph, steps: Sequence[Step], reads: Mapping[int, int]) -> None:
        self._graph, self._steps, self._reads = graph, steps, reads
        self._result = Lifetimes()
        self._tick = 0
        self._owner = {t: t for t in graph.inputs if not graph.tensors[t].is_constant}
        """For each stored activation, the one that names its buffer."""
        self._span = dict.fromkeys(self._owner, (0, 0))
        """For each buffer of whole tensors, the first and the last tick of its use."""
        self._rings: dict[int, tuple[int, int]] = {}
        """For each buffer that is a ring, its bytes and the ticks of its use."""
        self._pairs: list[tuple[int, int, int, range]] = []
        """Output, input, their distance, and the ticks in which one replaces the other."""
        self._others: list[tuple[int, int]] = []
        """Bytes and ticks of scratch memory and counters."""

    def add_whole(self, index: int) -> None:
        """Add a step that makes its whole output."""
        step, ticks = self._steps[index], range(self._tick, self._tick + 1)
        for tensor in step.inputs:
            self._extend(tensor, self._tick)
        if not self._graph.tensors[step.output].is_constant:
            self._write(step, index)
            if step.overlap_bytes is not None:
                self._pairs.append((step.output, step.inputs[0], step.overlap_bytes, ticks))
        self._close(index, ticks, [1])
        self._add_segment(Segment(index, index + 1))

    def _write(self, step: Step, index: int) -> None:
        """The output of a whole step has its own buffer, or that of the input it overwrites."""
        source = step.in_place
        if step.output in self._owner:
            return
        if source is not None and source in self._owner and self._reads.get(source) == index:
            self._owner[step.output] = self._owner[source]
        else:
            self._owner[step.output] = step.output
            self._span[step.output] = (self._tick, self._tick)

    def _extend(self, tensor: int, tick: int) -> None:
        """A tensor is in use in a tick."""
        if tensor in self._owner and self._owner[tensor] in self._span:
            first, last = self._span[self._owner[tensor]]
            self._span[self._owner[tensor]] = (first, max(last, tick))

    def add_streamed(self, run: RowRun) -> None:
        """Add a segment whose steps make single rows."""
        image = next((t for t, maker in run.makers.items() if maker == IMAGE), None)
        ticks = range(self._tick, self._tick + len(run.order))
        if image is not None:
            del self._span[image]
        rings = {} if image is None else {image: self._graph.tensors[image].shape[1]}
        whole: list[tuple[int, ...]] = []
        for group in share_rings(self._graph, self._steps, run, self._reads):
            self._owner |= dict.fromkeys(group, group[0])
            if all(self._reads.get(tensor, -1) < run.end for tensor in group):
                rings |= dict.fromkeys(group, self._add_ring(run, group))
            else:
                whole.append(group)
                first = int(np.argmax(run.made[group[0]] > 0))
                self._span[group[0]] = (ticks[first], ticks[-1])
        self._read_outside(run, whole, ticks)
        masks = [_bits(run.ticks_of(index)) for index in range(run.first, run.end)]
        self._close(run.first, ticks, masks)
        schedule = np.where(run.order == IMAGE, NEXT_IMAGE_ROW, run.order).astype(np.uint8)
        self._add_segment(Segment(run.first, run.end, True, rings, schedule.tobytes()))

    def _add_ring(self, run: RowRun, group: tuple[int, ...]) -> int:
        tensor, rows = self._graph.tensors[group[0]], ring_rows(run, group)
        row_bytes = tensor.size_bytes // tensor.shape[1]
        self._rings[group[0]] = (rows * row_bytes, _bits(ring_busy(run, group)) << self._tick)
        return rows

    def _read_outside(self, run: RowRun, whole: Sequence[tuple[int, ...]], ticks: range) -> None:
        """What a segment reads of tensors from outside, and which outputs may overlap them."""
        for source in run.needed:
            if source in run.made:
                continue
            is_last = self._reads[source] < run.end
            busy = run.first_needed(source) < self._graph.tensors[source].shape[1]
            self._extend(source, ticks[int(busy.nonzero()[0][-1])] if is_last else ticks[-1])
            for group in whole if is_last else ():
                distance = overlap_bytes(self._graph, run, group, source)
                self._pairs.append((group[0], source, distance, ticks))

    def _close(self, first: int, ticks: range, masks: Sequence[int]) -> None:
        """Steps from `first` on run in these of the ticks."""
        for step, mask in zip(self._steps[first:], masks, strict=False):
            self._result.ticks_of_step.append(mask << ticks.start)
            self._others.append((step.scratch_bytes, mask << ticks.start))
        self._tick = ticks.stop

    def _add_segment(self, segment: Segment) -> None:
        """Add a segment; one that is not streamed continues the one before."""
        segments = self._result.segments
        if segments and not segments[-1].streamed and not segment.streamed:
            segments[-1] = Segment(segments[-1].first_step, segment.end_step)
        else:
            segments.append(segment)

    def finished(self) -> Lifetimes:
        """All buffers: activations by the index of the tensor, scratch memory, counters."""
        result, end = self._result, max(self._tick, 1)
        for tensor in self._graph.outputs:
            self._extend(tensor, end - 1)
        position: dict[int, int] = {}
        for root in sorted({*self._span, *self._rings}):
            members = [t for t, owner in self._owner.items() if owner == root]
            size = max(self._graph.tensors[tensor].size_bytes for tensor in members)
            first, last = self._span.get(root, (0, 0))
            ring = self._rings.get(root)
            span = (1 << (last + 1)) - (1 << first)
            position[root] = result.add(size, span) if ring is None else result.add(*ring)
        result.of_tensor = {t: position[owner] for t, owner in sorted(self._owner.items())}
        result.of_scratch = [result.add(size, mask) for size, mask in self._others]
        for segment in result.segments:
            if segment.streamed:
                steps = range(segment.first_step, segment.end_step)
                mask = _whole_span([result.ticks_of_step[index] for index in steps])
                size = COUNTER_BYTES * len(steps)
                result.of_counters[segment.first_step] = result.add(size, mask)
        self._find_overlaps()
        return result

    def _find_overlaps(self) -> None:
        """An output may overlap an input that ends in the ticks in which the output begins.

        The caller reads an output of the model after the last tick, so that it does not end there.
        """
        result = self._result
        kept = {self._owner.get(tensor) for tensor in self._graph.outputs}
        for output, source, distance, ticks in self._pairs:
            pair = [self._owner.get(tensor) for tensor in (output, source)]
            if pair[0] in self._span and pair[1] in self._span and pair[0] != pair[1]:
                begins, ends = self._span[pair[0]][0], self._span[pair[1]][1]
                if begins >= ticks.start and ends < ticks.stop and pair[1] not in kept:
                    key = (result.of_tensor[output], result.of_tensor[source])
                    result.overlaps[key] = max(distance, result.overlaps.get(key, 0))


def _whole_span(masks: Sequence[int]) -> int:
    """All ticks from the first to the last one of several masks."""
    together = 0
    for mask in masks:
        together |= mask
    return (1 << together.bit_length()) - (together & -together)


def _bits(busy: Busy) -> int:
    """The numbers of the ticks in which something is in use, as set bits."""
    return int.from_bytes(np.packbits(busy, bitorder="little").tobytes(), "little")
