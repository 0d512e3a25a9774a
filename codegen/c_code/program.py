"""Makes the text fragments of the static runtime's program: calls, constants, checks. Pure."""

from dataclasses import dataclass

import numpy as np

from codegen.c_code.c_source import initializer_lines, literal, wrap
from codegen.c_code.lower_steps import lower_step
from codegen.model.graph import DType, Graph
from codegen.operators.kernel_call import ARRAY, ConstantArray, KernelCall
from codegen.operators.support import row_count
from codegen.planning.planner import MemoryPlan
from codegen.planning.segments import COUNTER_BYTES, Segment
from codegen.planning.steps import Step

C_TYPES = {
    DType.INT8: "int8_t",
    DType.UINT8: "uint8_t",
    DType.INT32: "int32_t",
    DType.FLOAT32: "float",
}


@dataclass(frozen=True, slots=True)
class ConstantText:
    """The text of one constant array."""

    symbol: str
    c_type: str
    count: int
    lines: list[str]


@dataclass(frozen=True, slots=True)
class CallText:
    """The text of one kernel call; `arrays` are its arrays of rings, by their names."""

    comment: str
    arrays: list[tuple[str, list[str]]]
    function: str
    params_type: str
    params_name: str
    fields: list[tuple[str, str]]
    statement: str


@dataclass(frozen=True, slots=True)
class StreamText:
    """The text of one streamed segment; its steps are those of the whole network."""

    name: str
    first_step: int
    end_step: int
    step_count: int
    schedule: list[str]
    length: int
    counters: int


@dataclass(frozen=True, slots=True)
class CheckText:
    """One static assertion."""

    condition: str
    text: str


@dataclass(frozen=True, slots=True)
class Program:
    """All values that the templates of the static runtime need."""

    headers: list[str]
    calls: list[CallText]
    streams: list[StreamText]
    constants: list[ConstantText]
    checks: list[CheckText]
    weight_bytes: int


def make_program(graph: Graph, plan: MemoryPlan, name: str) -> Program:
    """The program of a graph that has passed `check_operators`.

    Args:
        graph: The network.
        plan: The memory plan of its activations.
        name: Prefix of all symbols, a C identifier.
    """
    lowered = [lower_step(graph, step) for step in plan.steps]
    constants = [
        (f"{name}_op{step.operators[0]}_{constant.name}", constant)
        for step, call in zip(plan.steps, lowered, strict=True)
        for constant in call.constants
    ]
    streamed = [segment for segment in plan.segments if segment.streamed]
    headers = {call.header for call in lowered} | ({"nn/stream.h"} if streamed else set())
    return Program(
        headers=sorted(headers),
        calls=[_call(graph, plan, name, index, call) for index, call in enumerate(lowered)],
        streams=[_stream(segment, index) for index, segment in enumerate(streamed)],
        constants=[_constant(symbol, constant) for symbol, constant in constants],
        checks=_checks(graph, plan, name),
        weight_bytes=sum(constant.size_bytes for _, constant in constants),
    )


def _constant(symbol: str, constant: ConstantArray) -> ConstantText:
    values = np.ravel(constant.values)
    return ConstantText(symbol, constant.c_type, len(values), initializer_lines(values))


def _stream(segment: Segment, index: int) -> StreamText:
    return StreamText(
        name=f"stream{index}",
        first_step=segment.first_step,
        end_step=segment.end_step,
        step_count=segment.end_step - segment.first_step,
        schedule=wrap([str(entry) for entry in segment.schedule]),
        length=len(segment.schedule),
        counters=segment.counters_offset,
    )


def _call(graph: Graph, plan: MemoryPlan, name: str, index: int, call: KernelCall) -> CallText:
    step = plan.steps[index]
    segment = next(s for s in plan.segments if s.first_step <= index < s.end_step)
    first = step.operators[0]
    named = {constant.name for constant in call.constants}
    params_name = f"op{first}_params"
    assert not segment.streamed or (call.rings and not call.is_one_row), _comment(graph, step)
    rings = _ring_texts(graph, plan, call)
    arrays = [field for field in rings if field.endswith(ARRAY)]
    symbols = {field: f"op{first}_{field.removesuffix(ARRAY)}" for field in arrays}
    return CallText(
        comment=_comment(graph, step),
        arrays=[(symbols[field], rings[field]) for field in arrays],
        function=call.function,
        params_type=call.params_type,
        params_name=params_name,
        fields=[
            *(
                (field.removesuffix(ARRAY), symbols.get(field, own[0]))
                for field, own in rings.items()
            ),
            *([(call.scratch, str(plan.scratch_offsets[index]))] if call.scratch else []),
            *(
                (field, f"{name}_op{first}_{value}" if value in named else literal_or_text(value))
                for field, value in call.params
            ),
        ],
        statement=f"{call.function}(&{params_name}, "
        + ", ".join(_arguments(graph, plan, call, segment.streamed))
        + ");",
    )


def _arguments(graph: Graph, plan: MemoryPlan, call: KernelCall, is_streamed: bool) -> list[str]:
    """The arguments after the parameters: the rows to make, or where the tensors lie."""
    if call.rings:
        rows = 1 if call.is_one_row else row_count(graph.tensors[call.output])
        return ["a", "row", "1"] if is_streamed else ["a", "0", str(rows)]
    return [
        *(f"(const {_pointer(graph, plan, tensor)}" for tensor in call.inputs),
        f"({_pointer(graph, plan, call.output)}",
    ]


def _ring_texts(graph: Graph, plan: MemoryPlan, call: KernelCall) -> dict[str, list[str]]:
    """Where a kernel on rows finds its tensors, by the fields of its parameters."""
    texts: dict[str, list[str]] = {}
    tensors = (*call.inputs, call.output)
    for field, tensor in zip(call.rings, tensors, strict=bool(call.rings)):
        ring = ", ".join(map(str, _ring(graph, plan, tensor, call.is_one_row)))
        texts.setdefault(field, []).append(f"{{{ring}}}")
    return texts


def _ring(graph: Graph, plan: MemoryPlan, tensor: int, is_one_row: bool) -> tuple[int, int, int]:
    """Offset, rows and bytes of a row of a tensor, as an nn_ring."""
    whole = graph.tensors[tensor]
    height = 1 if is_one_row else row_count(whole)
    rows = next((s.rings[tensor] for s in plan.segments if tensor in s.rings), height)
    return plan.offsets[tensor], rows, whole.size_bytes // max(height, 1)


def _comment(graph: Graph, step: Step) -> str:
    """The operators of a call, and the shapes of its inputs and output."""
    kinds = ", ".join(f"{index} {graph.operators[index].kind}" for index in step.operators)
    shapes = " ".join(str(list(graph.tensors[tensor].shape)) for tensor in step.inputs)
    return f"{kinds}: {shapes} -> {list(graph.tensors[step.output].shape)}"


def literal_or_text(value: int | float | str) -> str:
    """A parameter's value as C text."""
    return value if isinstance(value, str) else literal(value)


def _pointer(graph: Graph, plan: MemoryPlan, tensor: int) -> str:
    return f"{C_TYPES[graph.tensors[tensor].dtype]} *)(a + {plan.offsets[tensor]})"


def _checks(graph: Graph, plan: MemoryPlan, name: str) -> list[CheckText]:
    """Static assertions that every activation lies inside the arena."""
    rings = [(tensor, *_ring(graph, plan, tensor, False)) for tensor in sorted(plan.offsets)]
    return (
        [
            CheckText(
                f"{offset} + {rows} * {row_bytes} <= {name.upper()}_ARENA_BYTES",
                f"tensor {tensor} lies inside the arena",
            )
            for tensor, offset, rows, row_bytes in rings
        ]
        + [
            CheckText(
                f"{offset} + {step.scratch_bytes} <= {name.upper()}_ARENA_BYTES",
                f"scratch memory of op {step.operators[0]} lies inside the arena",
            )
            for step, offset in zip(plan.steps, plan.scratch_offsets, strict=True)
            if step.scratch_bytes > 0
        ]
        + [
            CheckText(
                f"{segment.counters_offset} + {COUNTER_BYTES} * "
                f"{segment.end_step - segment.first_step} <= {name.upper()}_ARENA_BYTES",
                f"counters of the steps from op {plan.steps[segment.first_step].operators[0]} on "
                "lie inside the arena",
            )
            for segment in plan.segments
            if segment.streamed
        ]
    )
