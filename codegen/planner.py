"""Where each activation lies in the arena, and when. Pure.

The same plan decides whether a candidate fits, and places the tensors of the generated code.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from codegen.graph import Graph
from codegen.steps import Step, make_steps

ALIGNMENT_BYTES = 16
SMALL_PART = 16
"""Buffers of less than this part of the largest are small."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """Bytes that one or more activations share, and when they are alive.

    Attributes:
        size_bytes: Bytes that it occupies.
        first_op: Index of the step (or operator) that writes it first; 0 for the model's input.
        end_op: One past the index of the last one that needs it.
    """

    size_bytes: int
    first_op: int
    end_op: int

    def overlaps(self, other: "Buffer") -> bool:
        """Whether both are alive at some time."""
        return self.first_op < other.end_op and other.first_op < self.end_op


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """The arena of a network.

    Attributes:
        arena_bytes: Size of the arena, a multiple of `ALIGNMENT_BYTES`.
        steps: What the generated code does, in order.
        offsets: First byte of each stored activation, by tensor index.
        scratch_offsets: First byte of the scratch memory of each step, 0 where it needs none.
        live_bytes: Bytes in use while each operator runs, in the order of operators.
        peak_op: Index of the first operator at which most bytes are in use.
    """

    arena_bytes: int
    steps: tuple[Step, ...]
    offsets: dict[int, int]
    scratch_offsets: tuple[int, ...]
    live_bytes: tuple[int, ...]
    peak_op: int


Overlaps = Mapping[tuple[int, int], int]
"""For pairs (output, input) of buffers: how many bytes the output must begin before the input."""


def plan_graph(graph: Graph) -> MemoryPlan:
    """Place the activations of a network.

    The model's input is alive from the start, its outputs to the end. A step that works in place
    writes over an input that nothing reads later; the model's own input may be among them, so
    that the caller fills it anew for each inference.
    """
    steps = make_steps(graph)
    owners = _share_in_place(graph, steps)
    by_owner = _activation_buffers(graph, steps, owners)
    tensors = sorted(by_owner)
    buffers = [by_owner[tensor] for tensor in tensors]
    overlaps = _overlaps(steps, owners, tensors, buffers)
    buffers += [Buffer(step.scratch_bytes, i, i + 1) for i, step in enumerate(steps)]
    offsets = place(buffers, overlaps)
    offset_of = dict(zip(tensors, offsets, strict=False))
    live_in_step = [_bytes_in_use(buffers, offsets, index) for index in range(len(steps))]
    live = [live_in_step[i] for i, step in enumerate(steps) for _ in step.operators]
    return MemoryPlan(
        arena_bytes=_height(buffers, offsets),
        steps=steps,
        offsets={tensor: offset_of[owner] for tensor, owner in sorted(owners.items())},
        scratch_offsets=tuple(offsets[len(tensors) :]),
        live_bytes=tuple(live),
        peak_op=max(range(len(live)), key=live.__getitem__, default=0),
    )


def place(buffers: Sequence[Buffer], overlaps: Overlaps | None = None) -> list[int]:
    """An offset for each buffer, so that no two that are alive together share a byte.

    Each goes as low as those before it allow, the largest first; buffers that may overlap are also
    tried first, output before input. Then, again and again, the buffer that reaches highest comes
    first, as long as orders are new; the lowest arena of all is taken. Ties go by the order given.
    """
    allowed = overlaps or {}
    by_size = sorted(range(len(buffers)), key=lambda i: -buffers[i].size_bytes)
    orders = [by_size]
    for output, source in sorted(allowed):
        orders.append([output, source, *(i for i in by_size if i not in (output, source))])
    plans = [plan for order in orders for plan in _improved(buffers, allowed, order)]
    return min(plans, key=lambda offsets: _height(buffers, offsets))


def _improved(
    buffers: Sequence[Buffer], overlaps: Overlaps, order: list[int]
) -> Iterator[list[int]]:
    """The plan of an order, then of those in which what reached highest comes first.

    Small buffers are left where they are: put first, they stand in the way of the others.
    """
    largest = max((buffer.size_bytes for buffer in buffers), default=0)
    movable = [i for i in order if buffers[i].size_bytes * SMALL_PART >= largest]
    seen = set()
    for _ in range(len(order) + 1):
        offsets = place_in_order(buffers, overlaps, order)
        yield offsets
        seen.add(tuple(order))
        highest = max(movable, key=lambda i: offsets[i] + buffers[i].size_bytes, default=0)
        order = [highest, *(i for i in order if i != highest)]
        if tuple(order) in seen:
            return


def aligned(size_bytes: int) -> int:
    """A size rounded up to the arena's alignment."""
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def place_in_order(
    buffers: Sequence[Buffer], overlaps: Overlaps, order: Sequence[int]
) -> list[int]:
    """An offset for each buffer: those that come first in the order go as low as they can."""
    offsets: dict[int, int] = {}
    for index in order:
        gaps = [
            _forbidden(buffers, overlaps, index, other, offsets[other])
            for other in offsets
            if buffers[other].overlaps(buffers[index])
        ]
        candidates = sorted({0, *(aligned(max(end, 0)) for _, end in gaps)})
        offsets[index] = next(
            offset for offset in candidates if not any(first < offset < end for first, end in gaps)
        )
    return [offsets[index] for index in range(len(buffers))]


def _forbidden(
    buffers: Sequence[Buffer], overlaps: Overlaps, index: int, other: int, offset: int
) -> tuple[int, int]:
    """Between which two offsets, themselves allowed, a buffer may not begin beside another."""
    own_bytes, other_bytes = buffers[index].size_bytes, buffers[other].size_bytes
    if own_bytes == 0 or other_bytes == 0:
        return offset, offset
    as_output = overlaps.get((index, other), own_bytes)
    as_input = overlaps.get((other, index), other_bytes)
    return offset - min(own_bytes, as_output), offset + min(other_bytes, as_input)


def _height(buffers: Sequence[Buffer], offsets: Sequence[int]) -> int:
    ends = (
        aligned(offset + buffer.size_bytes)
        for buffer, offset in zip(buffers, offsets, strict=True)
        if buffer.size_bytes > 0
    )
    return max(ends, default=0)


def _bytes_in_use(buffers: Sequence[Buffer], offsets: Sequence[int], step: int) -> int:
    """Bytes that some buffer occupies during a step; shared ones count once."""
    spans = sorted(
        (offset, aligned(offset + buffer.size_bytes))
        for buffer, offset in zip(buffers, offsets, strict=True)
        if buffer.first_op <= step < buffer.end_op
    )
    used, reached = 0, 0
    for first, end in spans:
        used += max(0, end - max(first, reached))
        reached = max(reached, end)
    return used


def _last_reads(graph: Graph, steps: Sequence[Step]) -> dict[int, int]:
    """The last step that reads each tensor; outputs of the model are read after all."""
    reads = {tensor: index for index, step in enumerate(steps) for tensor in step.inputs}
    return reads | dict.fromkeys(graph.outputs, len(steps))


def _activations(graph: Graph, steps: Sequence[Step]) -> list[int]:
    written = [step.output for step in steps]
    return [t for t in dict.fromkeys([*graph.inputs, *written]) if not graph.tensors[t].is_constant]


def _share_in_place(graph: Graph, steps: Sequence[Step]) -> dict[int, int]:
    """For each activation the one whose bytes it uses: itself, or what it is written over."""
    last_reads = _last_reads(graph, steps)
    owners = {tensor: tensor for tensor in _activations(graph, steps)}
    for index, step in enumerate(steps):
        source = step.in_place
        if source is not None and source in owners and last_reads.get(source) == index:
            owners[step.output] = owners[source]
    return owners


def _overlaps(
    steps: Sequence[Step],
    owners: Mapping[int, int],
    tensors: Sequence[int],
    buffers: Sequence[Buffer],
) -> dict[tuple[int, int], int]:
    """Pairs of buffers that may overlap: an input that ends with the step that writes an output."""
    pairs: dict[tuple[int, int], int] = {}
    for index, step in enumerate(steps):
        if step.overlap_bytes is None or step.inputs[0] not in owners:
            continue
        output = tensors.index(owners[step.output])
        source = tensors.index(owners[step.inputs[0]])
        if buffers[source].end_op == index + 1 and buffers[output].first_op == index:
            pairs[output, source] = step.overlap_bytes
    return pairs


def _activation_buffers(
    graph: Graph, steps: Sequence[Step], owners: Mapping[int, int]
) -> dict[int, Buffer]:
    """The buffers that the activations need, by the tensor that owns each."""
    last_reads = _last_reads(graph, steps)
    written_at = dict.fromkeys(graph.inputs, 0)
    for index, step in enumerate(steps):
        written_at.setdefault(step.output, index)
    buffers: dict[int, Buffer] = {}
    for tensor, owner in owners.items():
        first = written_at[tensor]
        end = max(last_reads.get(tensor, first), first) + 1
        known = buffers.get(owner, Buffer(0, first, end))
        buffers[owner] = Buffer(
            max(known.size_bytes, graph.tensors[tensor].size_bytes),
            min(known.first_op, first),
            max(known.end_op, end),
        )
    return buffers


def unfused_buffers(graph: Graph) -> list[Buffer]:
    """A buffer for each activation, as a runtime needs them that does operator by operator."""
    last_reads = {
        tensor: op for op, operator in enumerate(graph.operators) for tensor in operator.inputs
    } | dict.fromkeys(graph.outputs, len(graph.operators))
    written_at = dict.fromkeys(graph.inputs, 0)
    for op, operator in enumerate(graph.operators):
        for tensor in operator.outputs:
            written_at.setdefault(tensor, op)
    return [
        Buffer(
            graph.tensors[tensor].size_bytes,
            first,
            max(last_reads.get(tensor, first), first) + 1,
        )
        for tensor, first in written_at.items()
        if not graph.tensors[tensor].is_constant
    ]
