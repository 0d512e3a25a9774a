"""The parts of an estimate that depend on the runtime: memory, code, time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from codegen.costs.code_size import Code, estimate_code, estimate_tflm_code, unmeasured_kernels
from codegen.costs.convolution_work import Work
from codegen.costs.speed import SpeedModel, shipped_speed_model
from codegen.costs.work import plan_work, stream_work
from codegen.model.graph import Graph
from codegen.planning.planner import MemoryPlan, plan_graph
from codegen.tflm.kernels import is_modelled_core
from firmware.targets import Target
from nas.estimator.memory import Block, Ram, live_bytes, static_memory, tflm_memory, unknown_memory
from nas.estimator.modelled_time import ModelledTime, estimate_modelled_time
from nas.estimator.time_needed import Time, estimate_time


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts; `docs/estimates.md` describes them.

    Attributes:
        ticks: Fields of the first operator of each kernel call, by its index.
        plan: Of the static runtime.
    """

    ram: Ram
    blocks: tuple[Block, ...]
    live_bytes: tuple[int | None, ...]
    unsupported: tuple[str, ...]
    unmodelled: tuple[str, ...] = ()
    unmeasured: tuple[str, ...] = ()
    untimed: tuple[str, ...] = ()
    code: Code | None = None
    time: Time | None = None
    modelled_time: ModelledTime | None = None
    ticks: dict[int, dict[str, Any]] = field(default_factory=dict)
    plan: MemoryPlan | None = None


def static_parts(
    graph: Graph, target: Target, speed_model: SpeedModel | None, unsupported: tuple[str, ...]
) -> Parts:
    """The parts with the static runtime."""
    plan = plan_graph(graph)
    code = None if unsupported else estimate_code(graph, plan, target.core, target.family)
    ram, blocks = static_memory(graph, plan, code, target.stack_bytes)
    parts = Parts(ram, blocks, plan.live_bytes, unsupported, code=code, plan=plan)
    if unsupported:
        return parts
    parts = replace(parts, unmeasured=unmeasured_kernels(graph, plan, target.core))
    return _timed(parts, plan, plan_work(graph, plan) + stream_work(plan), target, speed_model)


def _timed(
    parts: Parts,
    plan: MemoryPlan,
    calls: list[tuple[str, Work]],
    target: Target,
    measured: SpeedModel | None,
) -> Parts:
    """The parts with the time of the calls; cycles are modelled unless a board's are known."""
    prices = measured or shipped_speed_model("static", target.core)
    if prices is None:
        return parts
    time, by_call = estimate_time(prices, calls, target.core_hz)
    modelled, cycles = (
        (None, [None] * len(calls)) if time.is_calibrated else estimate_modelled_time(target, calls)
    )
    return replace(
        parts,
        time=time,
        modelled_time=modelled,
        ticks=_by_operator(plan, by_call, cycles),
        untimed=tuple(sorted({kernel for kernel, _ in calls} - prices.kernels.keys())),
    )


def tflm_parts(
    graph: Graph, model_bytes: int, target: Target, unsupported: tuple[str, ...]
) -> Parts:
    """The parts with TensorFlow Lite Micro."""
    code = estimate_tflm_code(graph, model_bytes, target.core, target.family)
    if not is_modelled_core(target.processor):
        unknown = (None,) * len(graph.operators)
        missing = (f"scratch buffers on {target.core}",)
        return Parts(unknown_memory(graph), (), unknown, unsupported, missing, code=code)
    ram, blocks, unmodelled = tflm_memory(graph, code, target.stack_bytes)
    live = live_bytes(blocks, len(graph.operators))
    unmeasured = () if unsupported else unmeasured_kernels(graph, None, target.core)
    return Parts(ram, blocks, live, unsupported, unmodelled, unmeasured, code=code)


def _by_operator(
    plan: MemoryPlan, by_call: list[tuple[int | None, float | None]], cycles: Sequence[int | None]
) -> dict[int, dict[str, Any]]:
    return {
        step.operators[0]: {"ticks": ticks, "ticks_error": error, "modelled_cycles": own}
        for step, (ticks, error), own in zip(plan.steps, by_call, cycles, strict=False)
    }
