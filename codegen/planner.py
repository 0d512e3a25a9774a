"""Plans the address and the lifetime of each activation in the arena. Pure.

The same plan decides whether a candidate fits, and places the tensors of the generated code.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from codegen.graph import Graph
from codegen.placement import Buffer, aligned, alive_in_steps, arena_height, place
from codegen.segments import Segment
from codegen.steps import Step, make_steps


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """The arena of a network.

    Attributes:
        arena_bytes: Size of the arena, a multiple of `ALIGNMENT_BYTES`.
        steps: The steps of the generated code, in order.
        offsets: First byte of each stored activation, by tensor index.
        scratch_offsets: First byte of the scratch memory of each step; 0 if it needs none.
        live_bytes: Bytes in use while each operator runs, in the order of operators.
        peak_op: Index of the first operator at which most bytes are in use.
        segments: The steps as segments, in order; every step is in exactly one.
    """

    arena_bytes: int
    steps: tuple[Step, ...]
    offsets: dict[int, int]
    scratch_offsets: tuple[int, ...]
    live_bytes: tuple[int, ...]
    peak_op: int
    segments: tuple[Segment, ...]


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
    live_in_step = [
        _bytes_in_use([(offsets[i], buffers[i].size_bytes) for i in alive])
        for alive in alive_in_steps(buffers, len(steps))
    ]
    live = [live_in_step[i] for i, step in enumerate(steps) for _ in step.operators]
    return MemoryPlan(
        arena_bytes=arena_height(buffers, offsets),
        steps=steps,
        offsets={tensor: offset_of[owner] for tensor, owner in sorted(owners.items())},
        scratch_offsets=tuple(offsets[len(tensors) :]),
        live_bytes=tuple(live),
        peak_op=max(range(len(live)), key=live.__getitem__, default=0),
        segments=(Segment(0, len(steps)),) if steps else (),
    )


def _bytes_in_use(blocks: Iterable[tuple[int, int]]) -> int:
    """Bytes that blocks (offset, bytes) occupy; shared ones count once."""
    used, reached = 0, 0
    for first, end in sorted((offset, aligned(offset + size)) for offset, size in blocks):
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
    """For each activation, the one whose bytes it uses: itself, or the one that it overwrites."""
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
    positions = {tensor: position for position, tensor in enumerate(tensors)}
    pairs: dict[tuple[int, int], int] = {}
    for index, step in enumerate(steps):
        if step.overlap_bytes is None or step.inputs[0] not in owners:
            continue
        output = positions[owners[step.output]]
        source = positions[owners[step.inputs[0]]]
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
    """A buffer for each activation, for a runtime that runs operators one by one."""
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
