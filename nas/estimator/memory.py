"""The RAM of a network: totals, and the blocks of the arena over time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from codegen.costs.code_size import Code
from codegen.costs.footprint import variables_bytes
from codegen.model.graph import Graph
from codegen.planning.placement import aligned
from codegen.planning.planner import MemoryPlan, stored_bytes
from codegen.tflm.arena import TflmArena, plan_tflm_arena
from codegen.tflm.reserve import reserved_bytes
from codegen.tflm.structures import MCU, WHEEL

SCRATCH = "scratch"
"""First word of the names of blocks that a kernel needs only while it runs."""
COUNTERS = "counters of rows"
"""First words of the name of the block that counts the rows of a streamed segment."""
INTERPRETER = "interpreter"
"""Name of the block that an interpreter needs permanently."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the arena that is needed for some time.

    Attributes:
        name: Its content.
        offset: Offset of its first byte.
        size_bytes: Its size.
        first_op: Index of the first operator during which it is needed.
        end_op: One past the index of the last one.
    """

    name: str
    offset: int
    size_bytes: int
    first_op: int
    end_op: int


@dataclass(frozen=True, slots=True)
class Ram:
    """The RAM of a network, in bytes; unknown values are None.

    Attributes:
        arena_bytes: The array that a generated project reserves.
        arena_with_image_bytes: The array, and the model's input if its rows are fed one by one:
            then the array does not hold it, and the caller may keep it in RAM or not.
        buffer_bytes: The smallest buffer with which the network runs; for an interpreter, that of
            the modelled release, aligned to 16. The next three are its parts.
        activations_bytes: Activations and scratch memory of the kernels.
        persistent_bytes: Permanent data of the interpreter; 0 without an interpreter.
        starting_bytes: Additional memory of tables that exist only while the interpreter starts.
        used_bytes: Result of `arena_used_bytes()` after the start; it is not a buffer size.
        pc_used_bytes: Result of `arena_used_bytes()` on a PC, with pointers of 8 bytes; None
            without an interpreter.
        application_bytes: Variables of the bench application and the runtime, `.data` and `.bss`;
            None if no build was measured.
        stack_peak_bytes: Peak of the stack; None if no build was measured.
        stack_reserved_bytes: Stack that the linker script reserves.
    """

    arena_bytes: int | None
    arena_with_image_bytes: int | None
    buffer_bytes: int | None
    activations_bytes: int | None
    persistent_bytes: int | None
    starting_bytes: int | None
    used_bytes: int | None
    pc_used_bytes: int | None
    application_bytes: int | None
    stack_peak_bytes: int | None
    stack_reserved_bytes: int | None

    @property
    def linked_bytes(self) -> int | None:
        """RAM that the linker reports: arena, variables, reserved stack; None if not known."""
        parts = (self.arena_bytes, self.application_bytes, self.stack_reserved_bytes)
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None


def static_memory(
    graph: Graph, plan: MemoryPlan, code: Code | None, stack_bytes: int
) -> tuple[Ram, tuple[Block, ...]]:
    """RAM and arena of the static runtime."""
    ram = Ram(
        arena_bytes=plan.arena_bytes,
        arena_with_image_bytes=plan.arena_with_image_bytes,
        buffer_bytes=plan.arena_bytes,
        activations_bytes=plan.arena_bytes,
        persistent_bytes=0,
        starting_bytes=0,
        used_bytes=plan.arena_bytes,
        pc_used_bytes=None,
        application_bytes=variables_bytes(graph, code),
        stack_peak_bytes=code.stack_bytes if code else None,
        stack_reserved_bytes=stack_bytes,
    )
    return ram, _static_blocks(graph, plan)


def _static_blocks(graph: Graph, plan: MemoryPlan) -> tuple[Block, ...]:
    """In the order of operators, though a step may do several of them.

    The steps of a streamed segment take turns, so its buffers are needed during all of it.
    """
    spans = _step_spans(plan)
    starts, ends = (
        dict.fromkeys(graph.inputs, 0),
        dict.fromkeys(graph.outputs, len(graph.operators)),
    )
    for step, (first_op, end_op) in zip(plan.steps, spans, strict=True):
        starts.setdefault(step.output, first_op)
        for tensor in step.inputs:
            ends[tensor] = max(ends.get(tensor, 0), end_op)
    blocks = [
        Block(
            _tensor_name(graph, tensor),
            offset,
            stored_bytes(graph, plan, tensor),
            starts.get(tensor, 0),
            ends.get(tensor, starts.get(tensor, 0) + 1),
        )
        for tensor, offset in plan.offsets.items()
    ]
    blocks += [
        Block(f"{SCRATCH} of op {step.operators[0]}", offset, step.scratch_bytes, *span)
        for step, offset, span in zip(plan.steps, plan.scratch_offsets, spans, strict=True)
        if step.scratch_bytes > 0
    ]
    blocks += [
        Block(
            f"{COUNTERS} from op {spans[segment.first_step][0]} on",
            segment.counters_offset,
            segment.counters_bytes,
            *spans[segment.first_step],
        )
        for segment in plan.segments
        if segment.streamed
    ]
    return tuple(blocks)


def _step_spans(plan: MemoryPlan) -> list[tuple[int, int]]:
    """For each step, the first operator and one past the last one of the time in which it runs."""
    spans = [(step.operators[0], step.operators[-1] + 1) for step in plan.steps]
    for segment in plan.segments:
        if segment.streamed:
            own = spans[segment.first_step : segment.end_step]
            spans[segment.first_step : segment.end_step] = [(own[0][0], own[-1][1])] * len(own)
    return spans


def tflm_memory(
    graph: Graph, code: Code | None, stack_bytes: int
) -> tuple[Ram, tuple[Block, ...], tuple[str, ...]]:
    """RAM and arena of TFLM, and the kinds of operators whose own memory is not known."""
    plan = plan_tflm_arena(graph, MCU)
    ram = Ram(
        arena_bytes=reserved_bytes(graph),
        arena_with_image_bytes=reserved_bytes(graph),
        buffer_bytes=plan.buffer_bytes,
        activations_bytes=plan.activations_bytes,
        persistent_bytes=plan.persistent_bytes,
        starting_bytes=plan.buffer_bytes - plan.used_bytes,
        used_bytes=plan.used_bytes,
        pc_used_bytes=plan_tflm_arena(graph, WHEEL).used_bytes,
        application_bytes=variables_bytes(graph, code),
        stack_peak_bytes=None,
        stack_reserved_bytes=stack_bytes,
    )
    return ram, _tflm_blocks(graph, plan), plan.unmodelled


def unknown_memory(graph: Graph) -> Ram:
    """RAM of TFLM on a core whose kernels' scratch memory is not modelled."""
    return Ram(
        arena_bytes=None,
        arena_with_image_bytes=None,
        buffer_bytes=None,
        activations_bytes=None,
        persistent_bytes=None,
        starting_bytes=None,
        used_bytes=None,
        pc_used_bytes=plan_tflm_arena(graph, WHEEL).used_bytes,
        application_bytes=None,
        stack_peak_bytes=None,
        stack_reserved_bytes=None,
    )


def _tflm_blocks(graph: Graph, plan: TflmArena) -> tuple[Block, ...]:
    blocks = [
        Block(
            f"{SCRATCH} of op {buffer.first_op}" if tensor is None else _tensor_name(graph, tensor),
            offset,
            buffer.size_bytes,
            max(buffer.first_op, 0),
            min(buffer.end_op, len(graph.operators)),
        )
        for buffer, offset, tensor in zip(plan.buffers, plan.offsets, plan.tensors, strict=True)
    ]
    tail = plan.buffer_bytes - plan.persistent_bytes
    persistent = Block(INTERPRETER, tail, plan.persistent_bytes, 0, len(graph.operators))
    return (*blocks, persistent)


def live_bytes(blocks: Sequence[Block], operators: int) -> tuple[int, ...]:
    """Bytes in use while each operator runs; activations are rounded up to their alignment."""
    sizes = [b.size_bytes if b.name == INTERPRETER else aligned(b.size_bytes) for b in blocks]
    return tuple(
        sum(size for b, size in zip(blocks, sizes, strict=True) if b.first_op <= op < b.end_op)
        for op in range(operators)
    )


def _tensor_name(graph: Graph, tensor: int) -> str:
    name = graph.tensors[tensor].name
    kind = "input" if tensor in graph.inputs else "output" if tensor in graph.outputs else "tensor"
    return f"{kind} {tensor}" + (f" {name}" if name else "")
