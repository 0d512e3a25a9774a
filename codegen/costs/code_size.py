"""Predicts flash and stack: adds up measured parts from tables. Reads the tables.

`benchmarks.code_size` and `benchmarks.tflm_code_size` measure the parts in real builds. Each table
is valid for the compiler and the flags that it names.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from codegen.c_code.lower_steps import lower_step
from codegen.costs.board_size import board_size
from codegen.costs.convolution_work import Work
from codegen.costs.glue import glue_parts, stack_kind, stack_kinds
from codegen.costs.port_size import bench_port_bytes, further_port_bytes
from codegen.costs.stream_size import stream_constant_bytes, stream_variable_bytes
from codegen.costs.tables import code_table
from codegen.costs.work import plan_work
from codegen.model.graph import Graph
from codegen.model.placeholders import with_placeholders
from codegen.operators.kernel_call import KernelCall
from codegen.planning.placement import aligned
from codegen.planning.planner import MemoryPlan
from codegen.tflm.library import Registration, registrations

_STATIC, _TFLM = "static", "tflm"
_WORD = 4
_TICKS_BYTES = 4
"""For the time of an operator under TFLM, in the bench application."""
_SECTION_ALIGNMENT, _ARENA_ALIGNMENT = 8, 16


@dataclass(frozen=True, slots=True)
class Code:
    """Flash and stack of a network, without its arena.

    Attributes:
        weight_bytes: Flash for its constants, or for the .tflite with an interpreter.
        runtime_bytes: Flash for the kernels that it uses, and for the code that calls them.
        holds_for: Compiler and flags.
        application_bytes: Flash for the bench application and the board support; None if not
            measured, as the two that follow.
        application_ram_bytes: RAM for variables of theirs and of the runtime: `.data` and `.bss`
            without the arena and the kept output.
        stack_bytes: Peak of the stack while it runs in the bench application.
    """

    weight_bytes: int
    runtime_bytes: int
    holds_for: str
    application_bytes: int | None = None
    application_ram_bytes: int | None = None
    stack_bytes: int | None = None


def estimate_code(graph: Graph, plan: MemoryPlan, core: str, family: str = "") -> Code | None:
    """Flash and stack of the static runtime; None if the core has no table, or it lacks a kernel.

    The graph must have passed `check_operators`, unless it is a candidate without weights.

    Args:
        graph: The network.
        plan: Its plan.
        core: The core's name.
        family: Of the chip, as `board_size` takes it.
    """
    table = _table(_STATIC, core)
    if table is None:
        return None
    calls = _calls(graph, plan)
    names = sorted({call.function for call in calls})
    if unmeasured_kernels(graph, plan, core):
        return None
    functions = {name: table["functions"][name] for name in names}
    model, application, board = table["model"], table["application"], board_size(core, family)
    kind = stack_kind(plan, calls)
    symbols = {n: size for own in functions.values() for n, size in own["symbols"].items()}
    if any(segment.streamed for segment in plan.segments):
        symbols |= table["streams"]["symbols"]
    filled = with_placeholders(graph)
    parts = glue_parts(filled, plan, calls)
    glue_bytes = sum(model["prices"].get(part, 0.0) * count for part, count in parts.items())
    code_bytes = sum(map(whole_words, symbols.values())) + whole_words(glue_bytes)
    params_bytes = sum(functions[call.function]["params_bytes"] for call in calls)
    return Code(
        weight_bytes=sum(_constant_bytes(call) for call in calls),
        runtime_bytes=code_bytes
        + params_bytes
        + stream_constant_bytes(plan)
        + further_port_bytes(graph, plan)
        + sum(_padding_bytes(call) + call.ring_array_bytes for call in calls),
        application_bytes=application["flash_bytes"]
        + application["more_flash_bytes"].get(kind, 0)
        + board.flash_bytes
        + bench_port_bytes(graph),
        application_ram_bytes=aligned(
            application["ram_bytes"] + board.ram_bytes + stream_variable_bytes(graph, plan)
        ),
        stack_bytes=max(application["stack_bytes"], _deepest_bytes(graph, plan, calls, table)),
        holds_for=f"{table['compiler']}, {' '.join(table['flags'])}",
    )


def unmeasured_kernels(graph: Graph, plan: MemoryPlan | None, core: str) -> tuple[str, ...]:
    """The kernels of a network whose code was not measured, sorted; none if nothing was on a core.

    Args:
        graph: The network; the runtime can run it.
        plan: Of the static runtime; None for TFLM, whose kernels have the names of operators.
        core: The core's name.
    """
    table = _table(_TFLM if plan is None else _STATIC, core)
    if table is None:
        return ()
    if plan is None:
        needed, measured = set(_keys(graph, table)), table["operators"].keys()
    else:
        needed, measured = (
            {call.function for call in _calls(graph, plan)},
            table["functions"].keys(),
        )
    return tuple(sorted(needed - measured))


def is_measured(runtime: str, core: str) -> bool:
    """Whether flash and variables of a runtime were measured on a core."""
    return _table(runtime, core) is not None


def _deepest_bytes(
    graph: Graph, plan: MemoryPlan, calls: list[KernelCall], table: dict[str, Any]
) -> int:
    """The stack of the deepest kernel, and of what calls it."""
    before: dict[str, int] = table["model"]["stack_bytes"]
    works = (work for _, work in plan_work(graph, plan))
    return max(
        before[kind] + _stack_bytes(table["functions"][call.function]["stack_bytes"], work)
        for call, work, kind in zip(calls, works, stack_kinds(plan, calls), strict=True)
    )


def _stack_bytes(by_part: dict[str, int], work: Work) -> int:
    """Of the deepest part of a kernel that runs; of all parts if one was never measured."""
    used = {part for part, count in work.items() if count > 0}
    return max(by_part[part] for part in (used if used <= by_part.keys() else by_part))


def estimate_tflm_code(graph: Graph, model_bytes: int, core: str, family: str = "") -> Code | None:
    """Flash and variables of TFLM, the .tflite included; None if it lacks the core or an operator.

    The variables are those of the interpreter and of the bench application.
    """
    table = _table(_TFLM, core)
    runtime_bytes = None if table is None else tflm_runtime_bytes(graph, table)
    if table is None or runtime_bytes is None:
        return None
    return Code(
        weight_bytes=model_bytes,
        runtime_bytes=runtime_bytes,
        holds_for=table["built"],
        application_bytes=table["application_bytes"] + board_size(core, family).flash_bytes,
        application_ram_bytes=tflm_variables_bytes(graph, table),
    )


def tflm_runtime_bytes(graph: Graph, table: dict[str, Any]) -> int | None:
    """Interpreter and kernels by a table; None if it lacks an operator.

    Operators are registered as in generated projects: for int8 alone where the release has such.
    """
    operators: dict[str, list[int]] = table["operators"]
    keys = _keys(graph, table)
    if not operators.keys() >= set(keys):
        return None
    parts = {part for key in keys for part in operators[key]}
    further = table["bytes_per_further_operator"] * (len(keys) - 1)
    own_bytes = sum(table["sizes"][part] for part in parts)
    return whole_words(table["interpreter_bytes"] + own_bytes + further)


def tflm_variables_bytes(graph: Graph, table: dict[str, Any]) -> int:
    """Variables of TFLM and of the bench application by a table, as the linker aligns them."""
    own: dict[str, Any] = table["variables"]
    keys = _keys(graph, table)
    of_operators: dict[str, int] = {}
    for key in keys:
        of_operators |= own["data_of_operators"].get(key, {})
    data_bytes = own["data_bytes"] + own["data_bytes_per_kind"] * len(keys)
    before_bytes = own["before_arena_bytes"] + own["before_arena_bytes_per_kind"] * len(keys)
    after_bytes: int = own["after_arena_bytes"]
    return (
        _up_to(data_bytes + sum(of_operators.values()), _SECTION_ALIGNMENT)
        + _up_to(before_bytes + _TICKS_BYTES * len(graph.operators), _ARENA_ALIGNMENT)
        + after_bytes
    )


def int8_key(kind: str) -> str:
    """Under which name the table has an operator's kernel for int8 alone."""
    return f"{kind} int8"


def _keys(graph: Graph, table: dict[str, Any]) -> list[str]:
    """Under which names the table has the operators that a network registers."""
    return [_key(own, table["operators"]) for own in registrations(graph)]


def _key(own: Registration, operators: Mapping[str, Any]) -> str:
    key = int8_key(own.kind)
    return key if own.is_int8 and key in operators else own.kind


@cache
def _table(runtime: str, core: str) -> dict[str, Any] | None:
    """What was measured of a runtime on a core; None if nothing was."""
    path = files("codegen").joinpath(code_table(runtime, core))
    if not path.is_file():
        return None
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return table if table["core"] == core else None


def constant_bytes(graph: Graph, plan: MemoryPlan) -> int:
    """Flash for the constants of the static runtime, on any core."""
    return sum(map(_constant_bytes, _calls(graph, plan)))


def _calls(graph: Graph, plan: MemoryPlan) -> list[KernelCall]:
    filled = with_placeholders(graph)
    return [lower_step(filled, step) for step in plan.steps]


def _constant_bytes(call: KernelCall) -> int:
    return sum(constant.size_bytes for constant in call.constants)


def _padding_bytes(call: KernelCall) -> int:
    """Padding after constants whose size is not a multiple of a word."""
    return sum(-constant.size_bytes % _WORD for constant in call.constants)


def whole_words(size: float) -> int:
    """A size in bytes, rounded up to whole words."""
    return _up_to(round(size), _WORD)


def _up_to(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment
