"""Predicts flash and stack: adds up measured parts from tables. Reads the tables.

`benchmarks.code_size` and `benchmarks.tflm_code_size` measure the parts in real builds. Each table
is valid for the compiler and the flags that it names.
"""

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from codegen.graph import DType, Graph, Quantization, Tensor
from codegen.kernel_call import KernelCall
from codegen.lower_steps import lower_step
from codegen.planner import MemoryPlan

_STATIC = "static_cortex_m4_code.json"
_TFLM = "tflm_cortex_m4_code.json"
_WORD = 4


@dataclass(frozen=True, slots=True)
class Code:
    """Flash and stack of a network, without its arena.

    Attributes:
        weight_bytes: Flash for its constants, or for the .tflite with an interpreter.
        runtime_bytes: Flash for the kernels that it uses, and for the code that calls them.
        holds_for: Compiler and flags.
        application_bytes: Flash for the bench application and the board support; None if not
            measured, as the two that follow.
        application_ram_bytes: RAM for their variables: `.data` and `.bss` without the arena.
        stack_bytes: Peak of the stack while it runs in the bench application.
    """

    weight_bytes: int
    runtime_bytes: int
    holds_for: str
    application_bytes: int | None = None
    application_ram_bytes: int | None = None
    stack_bytes: int | None = None


def estimate_code(graph: Graph, plan: MemoryPlan, core: str) -> Code | None:
    """Flash and stack of the static runtime; None if the table lacks the core or a kernel.

    The graph must have passed `check_operators`, unless it is a candidate without weights.
    """
    table = _table(_STATIC)
    if table["core"] != core:
        return None
    calls = _calls(graph, plan)
    names = sorted({call.function for call in calls})
    if not table["functions"].keys() >= set(names):
        return None
    functions = {name: table["functions"][name] for name in names}
    symbols = {n: size for own in functions.values() for n, size in own["symbols"].items()}
    model = table["model"]
    glue = model["flash_bytes"] + model["flash_bytes_per_call"] * len(calls)
    glue += sum(functions[call.function]["params_bytes"] for call in calls)
    several = model["stack_bytes_of_several_calls"] if len(calls) > 1 else 0
    return Code(
        weight_bytes=sum(_constant_bytes(call) for call in calls),
        runtime_bytes=_whole_words(sum(map(_whole_words, symbols.values())) + glue),
        application_bytes=table["application"]["flash_bytes"],
        application_ram_bytes=table["application"]["ram_bytes"],
        stack_bytes=max(own["stack_bytes"] for own in functions.values()) + several,
        holds_for=f"{table['compiler']}, {' '.join(table['flags'])}",
    )


def estimate_tflm_code(graph: Graph, model_bytes: int, core: str) -> Code | None:
    """What TFLM takes of flash, the .tflite included; None for a core without a table.

    Operators that the library lacks take nothing.
    """
    table = _table(_TFLM)
    if table["core"] != core:
        return None
    operators: dict[str, list[int]] = table["operators"]
    kinds = {operator.kind for operator in graph.operators}
    parts = {part for kind in kinds for part in operators.get(kind, [])}
    runtime_bytes = table["interpreter_bytes"] + sum(table["sizes"][part] for part in parts)
    return Code(model_bytes, runtime_bytes, table["built"])


@cache
def _table(name: str) -> dict[str, Any]:
    text = files("codegen").joinpath(name).read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


def constant_bytes(graph: Graph, plan: MemoryPlan) -> int:
    """Flash for the constants of the static runtime, on any core."""
    return sum(map(_constant_bytes, _calls(graph, plan)))


def _calls(graph: Graph, plan: MemoryPlan) -> list[KernelCall]:
    filled = with_placeholders(graph)
    return [lower_step(filled, step) for step in plan.steps]


def _constant_bytes(call: KernelCall) -> int:
    return sum(constant.size_bytes for constant in call.constants)


def _whole_words(size: float) -> int:
    return -(-round(size) // _WORD) * _WORD


def with_placeholders(graph: Graph) -> Graph:
    """A network that can be lowered: unknown weights and scales are replaced by placeholders.

    The size of the generated code depends only on shapes.
    """
    return replace(graph, tensors=tuple(_with_placeholder(tensor) for tensor in graph.tensors))


def _with_placeholder(tensor: Tensor) -> Tensor:
    changed = tensor
    if tensor.is_constant and tensor.data is None:
        changed = replace(changed, data=np.zeros(tensor.shape, tensor.dtype.value))
    if tensor.quantization is None and tensor.dtype in (DType.INT8, DType.UINT8):
        count = max(tensor.expected_scales, 1)
        axis = tensor.shape.index(count) if count > 1 and count in tensor.shape else 0
        changed = replace(changed, quantization=Quantization((0.01,) * count, (0,) * count, axis))
    return changed
