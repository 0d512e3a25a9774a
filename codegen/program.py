"""Makes the text fragments of the static runtime's program: calls, constants, checks. Pure."""

from dataclasses import dataclass

import numpy as np

from codegen.c_source import initializer_lines, literal
from codegen.graph import DType, Graph
from codegen.kernel_call import ConstantArray, KernelCall
from codegen.lower_steps import lower_step
from codegen.planner import MemoryPlan
from codegen.steps import Step

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
    """The text of one kernel call."""

    comment: str
    function: str
    params_type: str
    params_name: str
    fields: list[tuple[str, str]]
    arguments: list[str]


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
    return Program(
        headers=sorted({call.header for call in lowered}),
        calls=[_call(graph, plan, name, index, call) for index, call in enumerate(lowered)],
        constants=[_constant(symbol, constant) for symbol, constant in constants],
        checks=_checks(graph, plan, name),
        weight_bytes=sum(constant.size_bytes for _, constant in constants),
    )


def _constant(symbol: str, constant: ConstantArray) -> ConstantText:
    values = np.ravel(constant.values)
    return ConstantText(symbol, constant.c_type, len(values), initializer_lines(values))


def _call(graph: Graph, plan: MemoryPlan, name: str, index: int, call: KernelCall) -> CallText:
    step = plan.steps[index]
    first = step.operators[0]
    named = {constant.name for constant in call.constants}
    params_name = f"op{first}_params"
    scratch = [f"a + {plan.scratch_offsets[index]}"] if call.needs_scratch else []
    return CallText(
        comment=_comment(graph, step),
        function=call.function,
        params_type=call.params_type,
        params_name=params_name,
        fields=[
            (field, f"{name}_op{first}_{value}" if value in named else literal_or_text(value))
            for field, value in call.params
        ],
        arguments=[
            f"&{params_name}",
            *(f"(const {_pointer(graph, plan, tensor)}" for tensor in call.inputs),
            f"({_pointer(graph, plan, call.output)}",
            *scratch,
        ],
    )


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
    return [
        CheckText(
            f"{offset} + {graph.tensors[tensor].size_bytes} <= {name.upper()}_ARENA_BYTES",
            f"tensor {tensor} lies inside the arena",
        )
        for tensor, offset in sorted(plan.offsets.items())
    ] + [
        CheckText(
            f"{offset} + {step.scratch_bytes} <= {name.upper()}_ARENA_BYTES",
            f"scratch memory of op {step.operators[0]} lies inside the arena",
        )
        for step, offset in zip(plan.steps, plan.scratch_offsets, strict=True)
        if step.scratch_bytes > 0
    ]
