"""Where each activation lies in the arena, and when. Pure.

The same plan decides whether a candidate fits, and places the tensors of the generated code.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from codegen.graph import Graph
from codegen.operators import in_place_input

ALIGNMENT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Buffer:
    """Bytes that one or more activations share, and when they are alive.

    Attributes:
        size_bytes: Bytes that it occupies.
        first_op: Index of the operator that writes it first; 0 for the model's input.
        end_op: One past the index of the last operator that needs it.
    """

    size_bytes: int
    first_op: int
    end_op: int

    def overlaps(self, other: "Buffer") -> bool:
        """Whether both are alive during some operator."""
        return self.first_op < other.end_op and other.first_op < self.end_op


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """The arena of a network.

    Attributes:
        arena_bytes: Size of the arena, a multiple of `ALIGNMENT_BYTES`.
        offsets: First byte of each activation, by tensor index.
        live_bytes: Bytes alive while each operator runs, in the order of operators.
        peak_op: Index of the first operator at which most bytes are alive.
    """

    arena_bytes: int
    offsets: dict[int, int]
    live_bytes: tuple[int, ...]
    peak_op: int


def plan_graph(graph: Graph) -> MemoryPlan:
    """Place the activations of a network.

    The model's input is alive from the start, its outputs to the end. An operator that works in
    place writes over an input that nothing reads later; the model's own input may be among them,
    so that the caller fills it anew for each inference.
    """
    owners = _share_in_place(graph)
    buffers = _merge(graph, owners)
    names = sorted(buffers)
    offsets = place([buffers[name] for name in names])
    offset_of = dict(zip(names, offsets, strict=True))
    live = [
        sum(aligned(b.size_bytes) for b in buffers.values() if b.first_op <= op < b.end_op)
        for op in range(len(graph.operators))
    ]
    return MemoryPlan(
        arena_bytes=max(
            (aligned(offset_of[name] + buffers[name].size_bytes) for name in names), default=0
        ),
        offsets={tensor: offset_of[owner] for tensor, owner in sorted(owners.items())},
        live_bytes=tuple(live),
        peak_op=max(range(len(live)), key=live.__getitem__, default=0),
    )


def place(buffers: Sequence[Buffer]) -> list[int]:
    """An offset for each buffer, so that no two that are alive together share a byte.

    Largest first, each into the lowest gap that holds it; ties in the order given.
    """
    offsets: dict[int, int] = {}
    for index in sorted(range(len(buffers)), key=lambda i: -buffers[i].size_bytes):
        buffer = buffers[index]
        taken = sorted(
            (offset, offset + buffers[other].size_bytes)
            for other, offset in offsets.items()
            if buffers[other].overlaps(buffer)
        )
        candidate = 0
        for first, end in taken:
            if first - candidate >= buffer.size_bytes:
                break
            candidate = max(candidate, aligned(end))
        offsets[index] = candidate
    return [offsets[index] for index in range(len(buffers))]


def aligned(size_bytes: int) -> int:
    """A size rounded up to the arena's alignment."""
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def _last_reads(graph: Graph) -> dict[int, int]:
    """The last operator that reads each tensor; outputs of the model are read after all."""
    reads = {
        tensor: op for op, operator in enumerate(graph.operators) for tensor in operator.inputs
    }
    return reads | dict.fromkeys(graph.outputs, len(graph.operators))


def _activations(graph: Graph) -> list[int]:
    written = [tensor for operator in graph.operators for tensor in operator.outputs]
    return [t for t in dict.fromkeys([*graph.inputs, *written]) if not graph.tensors[t].is_constant]


def _share_in_place(graph: Graph) -> dict[int, int]:
    """For each activation the one whose bytes it uses: itself, or what it is written over."""
    last_reads = _last_reads(graph)
    owners = {tensor: tensor for tensor in _activations(graph)}
    for op, operator in enumerate(graph.operators):
        source = in_place_input(graph, operator)
        if source is not None and source in owners and last_reads.get(source) == op:
            owners[operator.outputs[0]] = owners[source]
    return owners


def activation_buffers(graph: Graph, share_in_place: bool) -> dict[int, Buffer]:
    """The buffers that the activations need, by the tensor that owns each."""
    owners = _share_in_place(graph) if share_in_place else {t: t for t in _activations(graph)}
    return _merge(graph, owners)


def _merge(graph: Graph, owners: dict[int, int]) -> dict[int, Buffer]:
    last_reads = _last_reads(graph)
    written_at = dict.fromkeys(graph.inputs, 0)
    for op, operator in enumerate(graph.operators):
        for tensor in operator.outputs:
            written_at.setdefault(tensor, op)
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
