"""Predicts the arena of TensorFlow Lite Micro to the byte. Pure.

The arena is used from both ends. The activations and the kernels' scratch buffers are placed from
its head upwards by the greedy planner. Persistent data of the interpreter is placed from its tail
downwards. During the start, temporary data lies between the two: first the tensors that each
kernel opens, then the planner's own data.

The tail begins at the very end of the buffer, wherever that is, and each allocation from it goes
down to its alignment. So a buffer that does not end at a multiple of 16 loses some bytes there,
how many depends on its end, and the smallest buffer is told in multiples of 16.

Source: `MicroInterpreter::AllocateTensors`, `MicroAllocator`, `SingleArenaBufferAllocator` and
`GreedyMemoryPlanner` of tensorflow/tflite-micro, August 2026.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from codegen.model.graph import Graph, Tensor
from codegen.planning.placement import Buffer, aligned, neighbours, place_in_order
from codegen.tflm.kernels import KernelNeeds, kernel_needs, opened_tensors, unmodelled_name
from codegen.tflm.structures import (
    PLANNER_BYTES_PER_BUFFER,
    REQUESTS_IN_RESERVE,
    Build,
    Struct,
    bookkeeping,
    options_of,
)

_ALIGNMENT = 16
_INT = Struct(4, 4)


@dataclass(frozen=True, slots=True)
class TflmArena:
    """The arena of a network.

    Attributes:
        activations_bytes: Activations and scratch buffers, as placed: `head`.
        persistent_bytes: Persistent data of the interpreter: `tail`.
        buffer_bytes: The smallest buffer that begins and ends at a multiple of 16 and with which
            the interpreter starts. Every larger buffer does that begins at a multiple of 16; one
            that may begin anywhere needs 15 bytes more.
        buffers: Activations, by index of tensor, then scratch buffers.
        offsets: First byte of each of `buffers`.
        tensors: Which tensor each of `buffers` holds; None for a scratch buffer.
        unmodelled: Kinds of operators whose requests are not known.
    """

    activations_bytes: int
    persistent_bytes: int
    buffer_bytes: int
    buffers: tuple[Buffer, ...]
    offsets: tuple[int, ...]
    tensors: tuple[int | None, ...]
    unmodelled: tuple[str, ...]

    @property
    def used_bytes(self) -> int:
        """The result of `MicroInterpreter::arena_used_bytes()`."""
        return self.activations_bytes + self.persistent_bytes


def plan_tflm_arena(graph: Graph, build: Build) -> TflmArena:
    """Plan the arena as the interpreter does.

    Raises:
        ModelError: An operator does not have the inputs that its kernel reads.
    """
    needs = [kernel_needs(graph, operator, build) for operator in graph.operators]
    tensors, buffers = _buffers(graph, needs)
    # The planner takes buffers of equal size in reverse order.
    order = sorted(range(len(buffers)), key=lambda i: (-buffers[i].size_bytes, -i))
    sizes, busy = [b.size_bytes for b in buffers], [b.busy for b in buffers]
    offsets = place_in_order(order, neighbours(sizes, busy, {}))
    ends = (offset + b.size_bytes for offset, b in zip(offsets, buffers, strict=True))
    head = max(ends, default=0)
    tail = _Tail(build)
    starting = _start(graph, needs, build, tail)
    # The planner gets the memory between multiples of 16.
    planning = aligned(tail.used) + _planning_bytes(graph, needs, len(buffers), build)
    _keep_inputs_and_outputs(graph, tail)
    return TflmArena(
        activations_bytes=head,
        persistent_bytes=tail.used,
        buffer_bytes=aligned(max(starting, planning, head + tail.used)),
        buffers=tuple(buffers),
        offsets=tuple(offsets),
        tensors=tuple(tensors),
        unmodelled=tuple(
            sorted({name for o in graph.operators if (name := unmodelled_name(graph, o))})
        ),
    )


class _Tail:
    """The tail of the arena: each allocation is placed below the previous one, aligned."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self.used = 0

    def keep(self, struct: Struct, count: int = 1) -> None:
        """Allocate `count` structures in a row."""
        used = self.used + struct.size * count
        self.used = -(-used // struct.alignment) * struct.alignment

    def keep_named(self, name: str, count: int = 1) -> None:
        """Allocate structures of the interpreter."""
        self.keep(bookkeeping(name, self._build), count)

    def keep_bytes(self, size: int) -> None:
        """Allocate the bytes that a kernel requests."""
        self.keep(Struct(size, _ALIGNMENT))

    def keep_pointers(self, count: int) -> None:
        """Allocate an array of pointers, in the same way as kernels."""
        self.keep_bytes(self._build.pointer_bytes * count)


def _buffers(graph: Graph, needs: Sequence[KernelNeeds]) -> tuple[list[int | None], list[Buffer]]:
    """The buffers that the planner places, in order: tensors by index, then scratch buffers."""
    first: dict[int, int] = dict.fromkeys(graph.inputs, -1)
    last: dict[int, int] = dict.fromkeys(graph.inputs, -1)
    for index, operator in enumerate(graph.operators):
        for tensor in operator.outputs:
            first.setdefault(tensor, index)
        last |= {tensor: index for tensor in (*operator.inputs, *operator.outputs) if tensor >= 0}
    last |= dict.fromkeys(graph.outputs, len(graph.operators) - 1)
    placed = [
        index
        for index, tensor in enumerate(graph.tensors)
        if not tensor.is_constant and tensor.size_bytes > 0
    ]
    buffers = [
        Buffer(aligned(graph.tensors[i].size_bytes), first.get(i, -2), last.get(i, -2) + 1)
        for i in placed
    ]
    scratch = [
        Buffer(aligned(size), index, index + 1)
        for index, need in enumerate(needs)
        for size in need.scratch
    ]
    return [*placed, *(None for _ in scratch)], buffers + scratch


def _start(graph: Graph, needs: Sequence[KernelNeeds], build: Build, tail: _Tail) -> int:
    """Fill the tail until the planning. Returns the largest size needed until then."""
    tail.keep_named("SingleArenaBufferAllocator")
    tail.keep_named("GreedyMemoryPlanner")
    tail.keep_named("MicroAllocator")
    tail.keep_named("MicroBuiltinDataAllocator")
    tail.keep_named("SubgraphAllocations")
    tail.keep_named("TfLiteEvalTensor", len(graph.tensors))
    tail.keep_named("NodeAndRegistration", len(graph.operators))
    for operator in graph.operators:
        options = options_of(operator.kind, build)
        if options:
            tail.keep(options)
    for need in needs:
        if need.init:
            tail.keep_bytes(need.init)
    request = bookkeeping("ScratchBufferRequest", build).size
    requests = 0
    most = tail.used + request * REQUESTS_IN_RESERVE
    for operator, need in zip(graph.operators, needs, strict=True):
        for size in need.prepare:
            tail.keep_bytes(size)
        opened = [graph.tensors[index] for index in opened_tensors(operator)]
        head = request * (requests + REQUESTS_IN_RESERVE)
        requests += len(need.scratch)
        reserved = request * (requests + REQUESTS_IN_RESERVE)
        most = max(most, tail.used + max(_end_of_opened(head, opened, build), reserved))
    if requests:
        tail.keep_named("ScratchBufferHandle", requests)
    return most


def _end_of_opened(start: int, tensors: Sequence[Tensor], build: Build) -> int:
    """The end of the tensors that a kernel opens while it prepares; they are freed together."""
    end = start
    quantized = ("TfLiteTensor", "TfLiteAffineQuantization")
    for tensor in tensors:
        parts = [bookkeeping(name, build) for name in quantized[: 1 + bool(tensor.scale_count)]]
        if tensor.scale_count:
            parts.append(Struct(_INT.size * (1 + tensor.scale_count), _INT.alignment))
        for part in parts:
            end = -(-end // part.alignment) * part.alignment + part.size
    return end


def _planning_bytes(
    graph: Graph, needs: Sequence[KernelNeeds], buffer_count: int, build: Build
) -> int:
    """The bytes at the head while the planner works."""
    requests = sum(len(need.scratch) for need in needs)
    at_head = bookkeeping("ScratchBufferRequest", build).size * (requests + REQUESTS_IN_RESERVE)
    offsets = build.pointer_bytes
    infos = bookkeeping("AllocationInfo", build).size * (len(graph.tensors) + requests)
    return aligned(at_head + offsets + infos) + PLANNER_BYTES_PER_BUFFER * buffer_count


def _keep_inputs_and_outputs(graph: Graph, tail: _Tail) -> None:
    for indices in (graph.inputs, graph.outputs):
        tail.keep_pointers(len(indices))
        for index in indices:
            tail.keep_named("TfLiteTensor")
            scales = graph.tensors[index].scale_count
            if scales:
                tail.keep_named("TfLiteAffineQuantization")
                tail.keep(_INT, 1 + scales)
