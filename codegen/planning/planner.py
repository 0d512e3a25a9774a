"""Plans the address and the lifetime of each activation in the arena. Pure.

The same plan decides whether a candidate fits, and places the tensors of the generated code.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from codegen.model.graph import Graph
from codegen.planning.cut import Piece, best_cut
from codegen.planning.lifetimes import Lifetimes, find_lifetimes
from codegen.planning.placement import Buffer, aligned, arrange, bytes_in_use, top_of
from codegen.planning.segments import Segment, is_row_fed
from codegen.planning.steps import Step, last_reads, make_steps


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
        image_bytes: Bytes of the model's input, if its rows are fed one by one, so that the arena
            does not hold it; else 0.
    """

    arena_bytes: int
    steps: tuple[Step, ...]
    offsets: dict[int, int]
    scratch_offsets: tuple[int, ...]
    live_bytes: tuple[int, ...]
    peak_op: int
    segments: tuple[Segment, ...]
    image_bytes: int = 0

    @property
    def arena_with_image_bytes(self) -> int:
        """The arena, and the whole input where the caller keeps it in RAM."""
        return self.arena_bytes + self.image_bytes


def plan_graph(graph: Graph, stream: bool = True) -> MemoryPlan:
    """Place the activations of a network.

    The model's input is alive from the start, its outputs to the end. A step that works in place
    writes over an input that nothing reads later; the model's own input may be among them, so
    that the caller fills it anew for each inference.

    Args:
        graph: The network.
        stream: Whether segments may run row by row, where this makes the arena smaller.
    """
    steps = make_steps(graph)
    reads = last_reads(graph, steps)
    whole = [Piece(index, index + 1, 0) for index in range(len(steps))]
    life = find_lifetimes(graph, steps, reads, whole)
    return _streamed(graph, steps, reads, life) if stream else place_pieces(graph, steps, life)


def place_pieces(graph: Graph, steps: tuple[Step, ...], life: Lifetimes) -> MemoryPlan:
    """The plan of steps whose buffers are in use as given: for any cut of a network."""
    plan = _placed(steps, life)
    fed = [tensor for tensor in graph.inputs if is_row_fed(plan.segments, tensor)]
    return replace(plan, image_bytes=sum(graph.tensors[tensor].size_bytes for tensor in fed))


def stored_bytes(graph: Graph, plan: MemoryPlan, tensor: int) -> int:
    """Bytes of the arena that an activation has: all its rows, or those of its ring."""
    own = graph.tensors[tensor]
    rows = next((s.rings[tensor] for s in plan.segments if tensor in s.rings), None)
    return own.size_bytes if rows is None else own.size_bytes // own.shape[1] * rows


def _streamed(
    graph: Graph, steps: tuple[Step, ...], reads: Mapping[int, int], whole: Lifetimes
) -> MemoryPlan:
    """The plan with the cut that gives the smallest arena.

    Overlaps of whole tensors save bytes in each step, but a chain of them drifts through the
    arena. So if they do not save all of these bytes, a cut that does not count on them is tried,
    and none at all.
    """
    plans: list[MemoryPlan] = []
    for overlaps in (whole.overlaps, {}):
        whole_bytes = bytes_in_use(whole.sizes, whole.busy, overlaps).tolist()
        parts = best_cut(graph, steps, reads, whole_bytes)
        life = find_lifetimes(graph, steps, reads, parts)
        plans.append(place_pieces(graph, steps, life))
        if plans[-1].arena_bytes <= life.most_bytes():
            return min(plans, key=lambda plan: plan.arena_bytes)
    return min(place_pieces(graph, steps, whole), *plans, key=lambda plan: plan.arena_bytes)


def _placed(steps: tuple[Step, ...], life: Lifetimes) -> MemoryPlan:
    offsets = arrange(life.sizes, life.busy, life.overlaps)
    live_in_step = [
        _bytes_in_use(
            (offset, size)
            for offset, size, busy in zip(offsets, life.sizes, life.busy, strict=True)
            if busy & ticks
        )
        for ticks in life.ticks_of_step
    ]
    live = [live_in_step[i] for i, step in enumerate(steps) for _ in step.operators]
    return MemoryPlan(
        arena_bytes=top_of(life.sizes, offsets),
        steps=steps,
        offsets={tensor: offsets[buffer] for tensor, buffer in life.of_tensor.items()},
        scratch_offsets=tuple(offsets[buffer] for buffer in life.of_scratch),
        live_bytes=tuple(live),
        peak_op=max(range(len(live)), key=live.__getitem__, default=0),
        segments=tuple(
            replace(segment, counters_offset=offsets[life.of_counters[segment.first_step]])
            if segment.streamed
            else segment
            for segment in life.segments
        ),
    )


def _bytes_in_use(blocks: Iterable[tuple[int, int]]) -> int:
    """Bytes that blocks (offset, bytes) occupy; shared ones count once."""
    used, reached = 0, 0
    for first, end in sorted((offset, aligned(offset + size)) for offset, size in blocks):
        used += max(0, end - max(first, reached))
        reached = max(reached, end)
    return used


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
