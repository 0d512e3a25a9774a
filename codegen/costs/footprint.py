"""Decides whether a network fits a chip, from the firmware's size as the linker counts it. Pure.

The search, the estimate, the generator and the report use this module, so that they agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from codegen.costs.code_size import Code, constant_bytes, estimate_code, estimate_tflm_code
from codegen.model.graph import Graph
from codegen.planning.placement import aligned
from codegen.planning.planner import MemoryPlan


@dataclass(frozen=True, slots=True)
class Footprint:
    """A lower bound for the firmware of a network: parts that were not measured count as 0.

    Attributes:
        ram_bytes: Arena, variables, reserved stack.
        flash_bytes: Weights (or the .tflite), runtime, application.
        application_bytes: The application's part of the flash.
    """

    ram_bytes: int
    flash_bytes: int
    application_bytes: int = 0


def code_of(
    graph: Graph,
    plan: MemoryPlan | None,
    model_bytes: int,
    runtime: str,
    core: str,
    family: str = "",
) -> Code | None:
    """Flash and stack of a runtime; None if no build of it was measured.

    Args:
        graph: The network; the runtime can run it.
        plan: Of the static runtime; None for TFLM.
        model_bytes: Of the .tflite.
        runtime: `static` or `tflm`.
        core: The core's name.
        family: Of the chip, on which the size of the board support depends.
    """
    if runtime == "tflm" or plan is None:
        return estimate_tflm_code(graph, model_bytes, core, family)
    return estimate_code(graph, plan, core, family)


def footprint(
    graph: Graph,
    plan: MemoryPlan | None,
    model_bytes: int,
    arena_bytes: int,
    code: Code | None,
    stack_bytes: int,
) -> Footprint:
    """The RAM and flash of the firmware, from its parts.

    Args:
        graph: The network; the runtime can run it.
        plan: Of the static runtime; None for TFLM.
        model_bytes: Of the .tflite.
        arena_bytes: Of the arena.
        code: The result of `code_of`.
        stack_bytes: Stack that the linker script reserves.
    """
    if code is None:
        flash_bytes = model_bytes if plan is None else constant_bytes(graph, plan)
    else:
        flash_bytes = code.weight_bytes + code.runtime_bytes
    application_bytes = (code and code.application_bytes) or 0
    return Footprint(
        arena_bytes + (variables_bytes(graph, code) or 0) + stack_bytes,
        flash_bytes + application_bytes,
        application_bytes,
    )


def variables_bytes(graph: Graph, code: Code | None) -> int | None:
    """The variables of the firmware, the kept output included; None if no build was measured."""
    if code is None or code.application_ram_bytes is None:
        return None
    return code.application_ram_bytes + kept_output_bytes(graph)


def kept_output_bytes(graph: Graph) -> int:
    """The copy of the outputs that the bench application keeps."""
    return aligned(sum(graph.tensors[output].size_bytes for output in graph.outputs))


def together(parts: Sequence[Footprint]) -> Footprint:
    """Several runtimes in one firmware, which share the arena and the application."""
    application_bytes = max(part.application_bytes for part in parts)
    own = sum(part.flash_bytes - part.application_bytes for part in parts)
    return Footprint(max(p.ram_bytes for p in parts), own + application_bytes, application_bytes)
