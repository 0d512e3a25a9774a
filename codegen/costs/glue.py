"""The generated code that calls the kernels, counted: the parts of which its size is a sum. Pure.

`benchmarks.glue_size` compiles such code and fits what each part takes. What is counted follows
what GCC makes of it for a Cortex-M4: a switch over the calls, whose arguments are addresses in
the arena and in flash.
"""

from codegen.model.graph import Graph
from codegen.operators.kernel_call import KernelCall
from codegen.planning.planner import MemoryPlan

FEW = 4
"""Calls from which on GCC makes a table of the switch."""
WIDE_BYTES = 500
"""Code from which on the entries of that table have two bytes each."""
MOST_COPIED_BYTES = 64
"""Bytes up to which GCC copies by loads and stores."""
_WORD_BYTES = 4
_CALL_BYTES = 8
_ROWS_BYTES = 4
"""The two numbers of rows that a kernel on rows is given."""
_IN_REGISTERS = 4
"""Arguments that are passed in registers; Source: Procedure Call Standard for the Arm
Architecture, 6.1.1."""


def glue_parts(graph: Graph, plan: MemoryPlan, calls: list[KernelCall]) -> dict[str, int]:
    """How often each part occurs, by its name; `model` is always 1.

    Of several inputs and outputs, only the first ones are counted: see `port_size`.
    """
    addresses = sum(
        sum(_address_bytes(offset) for offset in set(offsets)) + 2 * _repeated(offsets)
        for offsets in _offsets(plan, calls)
    )
    ports = (plan.offsets.get(port, 0) for port in (*graph.inputs[:1], *graph.outputs[:1]))
    streams = sum(segment.streamed for segment in plan.segments)
    is_fed = plan.image_bytes > 0
    is_few = len(calls) < FEW
    on_rows = sum(bool(call.rings) for call in calls)
    is_wide = _CALL_BYTES * len(calls) + _ROWS_BYTES * on_rows + addresses > WIDE_BYTES
    return {
        "model": 1,
        "calls": len(calls),
        "calls on rows": on_rows,
        "address bytes": addresses,
        "arguments on the stack": sum(map(_on_stack, calls)),
        "wide entries": len(calls) if is_wide else 0,
        "few": int(is_few),
        "calls of few": len(calls) if is_few else 0,
        "port bytes": sum(_address_bytes(offset) for offset in ports),
        "streams": int(streams > 0),
        "fed rows": int(is_fed),
        "further streams": streams - int(is_fed),
        "calls of streams": len(calls) if streams else 0,
        "copied words": _copied_words(graph, plan),
        "quantised output": sum(
            graph.tensors[port].quantization is not None for port in graph.outputs[:1]
        ),
    }


def _copied_words(graph: Graph, plan: MemoryPlan) -> int:
    """Words of a row of the image that GCC copies without a call of memcpy."""
    row_bytes = plan.image_bytes // max(graph.tensors[graph.inputs[0]].shape[1:2] or (1,))
    return -(-row_bytes // _WORD_BYTES) if row_bytes <= MOST_COPIED_BYTES else 0


def stack_kinds(plan: MemoryPlan, calls: list[KernelCall]) -> list[str]:
    """How each call is reached, on which the stack before it depends."""
    kind = stack_kind(plan, calls)
    if not any(segment.streamed for segment in plan.segments):
        return [kind] * len(calls)
    is_fed = kind == "fed rows"
    beside = "after fed rows" if is_fed else "beside streams"
    further = "streams after fed rows" if is_fed else "streams"
    kinds = []
    for segment in plan.segments:
        own = kind if segment.first_step == 0 else further
        count = segment.end_step - segment.first_step
        kinds += [own if segment.streamed else beside] * count
    return kinds


def stack_kind(plan: MemoryPlan, calls: list[KernelCall]) -> str:
    """What the stack of this code depends on."""
    if plan.image_bytes > 0:
        return "fed rows"
    if any(segment.streamed for segment in plan.segments):
        return "streams"
    if any(map(_on_stack, calls)):
        return "arguments on the stack"
    return "one call" if len(calls) == 1 else "calls"


def _on_stack(call: KernelCall) -> int:
    """Arguments beyond those in registers; a kernel on rows has as many as registers."""
    return 0 if call.rings else max(0, 1 + len(call.inputs) + 1 - _IN_REGISTERS)


def _offsets(plan: MemoryPlan, calls: list[KernelCall]) -> list[list[int]]:
    """Places in the arena that each call is given; what nothing writes has none.

    A kernel on rows finds them in its parameters.
    """
    return [
        [plan.offsets.get(tensor, 0) for tensor in (*call.inputs, call.output)]
        for call in calls
        if not call.rings
    ]


def _repeated(offsets: list[int]) -> int:
    return len(offsets) - len(set(offsets))


def _address_bytes(offset: int) -> int:
    """Code that adds an offset to a register.

    Source: ARMv7-M Architecture Reference Manual, A7.7.3: ADD takes 12 bits, or 8 bits anywhere.
    """
    if offset == 0:
        return 2
    if _is_immediate(offset):
        return 4
    return 6 if any(_is_immediate(offset - low) for low in range(256)) else 8


def _is_immediate(value: int) -> bool:
    last_bit = (value & -value).bit_length() - 1
    return value < 1 << 12 or value >> last_bit < 1 << 8
