"""Estimates a network on its target, operator by operator. Pure; does not use TensorFlow."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from codegen.check import reasons_against
from codegen.costs.code_size import Code, estimate_code, estimate_tflm_code, unmeasured_kernels
from codegen.costs.work import plan_work, stream_work
from codegen.model.graph import Graph
from codegen.operators import count_macc
from codegen.planning.planner import MemoryPlan, plan_graph
from codegen.simplify.executed import Dropped, dropped, executed_graph
from codegen.tflm.kernels import is_modelled_core
from firmware.errors import ModelError
from firmware.records.estimate import ESTIMATE_SCHEMA
from firmware.targets import Target
from nas.estimator.cost import Cost, Limits, check_runtime, exceeded, with_chip, with_linked
from nas.estimator.memory import Block, Ram, live_bytes, static_memory, tflm_memory, unknown_memory
from nas.estimator.speed import SpeedModel, shipped_speed_model
from nas.estimator.time_needed import Time, estimate_time


@dataclass(frozen=True, slots=True)
class OperatorEstimate:
    """The estimate of an operator.

    Attributes:
        index: Position in the order of execution; the static runtime executes no operator whose
            output is known.
        kind: Its name in TFLite.
        name: Name of its first output in the file; empty for candidates.
        input_shapes: Shapes of the activations that it reads, batch included.
        output_shape: Shape of its first output, batch included.
        macc: Multiply-accumulates.
        weight_bytes: Constants that it reads, in flash.
        live_bytes: Bytes of the arena in use while it runs; None if the arena is not known.
        ticks: Cycles or instructions of the kernel call of which it is the first operator; None
            if it is not the first, or nothing is known.
        ticks_error: Median relative error of `ticks` for networks not used for fitting.
    """

    index: int
    kind: str
    name: str
    input_shapes: tuple[tuple[int, ...], ...]
    output_shape: tuple[int, ...]
    macc: int
    weight_bytes: int
    live_bytes: int | None
    ticks: int | None = None
    ticks_error: float | None = None


@dataclass(frozen=True, slots=True)
class Exceeded:
    """An exceeded limit, and the operator that needs the most."""

    name: str
    needed: int
    limit: int
    operator: int | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimate of a network on a target.

    Attributes:
        name: The file or the candidate.
        runtime: `static` or `tflm`.
        target: The chip.
        cost: Its needs, as in a search.
        limits: Its limits.
        ram: RAM in detail.
        code: Flash in detail; None if no build was measured.
        time: Instructions or cycles; None if nothing was measured.
        operators: In execution order.
        blocks: The arena over time; empty if it is not known.
        dropped: What the runtime does not compute of the model.
        unsupported: What the runtime cannot run.
        unmodelled: Kinds of operators whose own memory is not known.
        unmeasured: Kernels whose code was not measured, so that there is no `code`.
        untimed: Kernels whose time was not measured, so that there is no time of an inference.
    """

    name: str
    runtime: str
    target: Target
    cost: Cost
    limits: Limits
    ram: Ram
    code: Code | None
    time: Time | None
    operators: tuple[OperatorEstimate, ...]
    blocks: tuple[Block, ...]
    dropped: Dropped
    unsupported: tuple[str, ...]
    unmodelled: tuple[str, ...]
    unmeasured: tuple[str, ...]
    untimed: tuple[str, ...]

    @property
    def linked_flash_bytes(self) -> int | None:
        """Flash of the whole firmware: model, runtime, application."""
        if self.code is None or self.code.application_bytes is None:
            return None
        own = self.code.weight_bytes
        return own + self.code.runtime_bytes + self.code.application_bytes

    @property
    def exceeded(self) -> tuple[Exceeded, ...]:
        """The exceeded limits, worst first."""
        own = {"RAM": self._most("live_bytes"), "flash": self._most("weight_bytes")}
        macc = self._most("macc")
        return tuple(
            Exceeded(need.name, need.needed, need.limit, own.get(need.name.split()[-1], macc))
            for need in exceeded(self.cost, self.limits)
        )

    @property
    def fits(self) -> bool:
        """Whether all needs are known and within limits, and all operators are supported."""
        return not self.exceeded and not self.unsupported and not self.unmodelled

    def _most(self, attribute: str) -> int | None:
        """The first operator with the largest value of an attribute."""
        most = max(self.operators, key=lambda o: getattr(o, attribute) or 0, default=None)
        return most.index if most is not None else None

    def as_record(self) -> dict[str, Any]:
        """The estimate as JSON values; `docs/estimates.md` describes them."""
        return {
            "schema": ESTIMATE_SCHEMA,
            "model": self.name,
            "target": self.target.name,
            "runtime": self.runtime,
            **asdict(self.cost),
            "limits": asdict(self.limits),
            "fits": self.fits,
            "exceeded": [asdict(exceeded) for exceeded in self.exceeded],
            "ram": asdict(self.ram) | {"linked_bytes": self.ram.linked_bytes},
            "flash": None
            if self.code is None
            else asdict(self.code) | {"linked_bytes": self.linked_flash_bytes},
            "time": None if self.time is None else asdict(self.time),
            "dropped": asdict(self.dropped),
            "unsupported": list(self.unsupported),
            "unmodelled": list(self.unmodelled),
            "unmeasured": list(self.unmeasured),
            "untimed": list(self.untimed),
            "operators": [asdict(operator) for operator in self.operators],
            "blocks": [asdict(block) for block in self.blocks],
        }


def estimate(
    name: str,
    graph: Graph,
    model_bytes: int,
    target: Target,
    limits: Limits,
    runtime: str,
    speed_model: SpeedModel | None = None,
) -> Estimate:
    """Estimate a network whose .tflite has, or will have, `model_bytes`.

    Args:
        name: Name in the estimate.
        graph: The network.
        model_bytes: Size of the .tflite.
        target: The chip.
        limits: The limits.
        runtime: `static` or `tflm`.
        speed_model: Prices of kernels; by default the instruction model that comes with the SDK.

    Raises:
        ConfigError: There is no such runtime.
        ModelError: Its memory cannot be planned, for example because it computes in float32; the
            text gives all reasons.
    """
    check_runtime(runtime)
    limits, model = with_chip(limits, target), graph
    reasons = reasons_against(graph, runtime)
    if not reasons.can_be_planned:
        raise ModelError(reasons.refusal)
    if runtime == "static":
        graph = executed_graph(graph)
        parts = _static(graph, target, speed_model, reasons.texts)
    else:
        parts = _tflm(graph, model_bytes, target, reasons.texts)
    operators = _timed_operators(graph, parts)
    cost = Cost(sum(own.macc for own in operators), model_bytes, parts.ram.arena_bytes)
    if parts.code is not None or not parts.unsupported:
        cost = with_linked(cost, graph, parts.plan, parts.code, limits)
    return Estimate(
        name=name,
        runtime=runtime,
        target=target,
        cost=cost,
        limits=limits,
        ram=parts.ram,
        code=parts.code,
        time=parts.time,
        operators=operators,
        blocks=parts.blocks,
        dropped=dropped(model, graph),
        unsupported=parts.unsupported,
        unmodelled=parts.unmodelled,
        unmeasured=parts.unmeasured,
        untimed=parts.untimed,
    )


def _timed_operators(graph: Graph, parts: "_Parts") -> tuple[OperatorEstimate, ...]:
    return tuple(
        replace(operator, **parts.ticks.get(operator.index, {}))
        for operator in _operators(graph, parts.live_bytes)
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts of an estimate that depend on the runtime."""

    ram: Ram
    blocks: tuple[Block, ...]
    live_bytes: tuple[int | None, ...]
    unsupported: tuple[str, ...]
    unmodelled: tuple[str, ...] = ()
    unmeasured: tuple[str, ...] = ()
    untimed: tuple[str, ...] = ()
    code: Code | None = None
    time: Time | None = None
    ticks: dict[int, dict[str, Any]] = field(default_factory=dict)
    plan: MemoryPlan | None = None


def _static(
    graph: Graph, target: Target, speed_model: SpeedModel | None, unsupported: tuple[str, ...]
) -> _Parts:
    plan = plan_graph(graph)
    code = None if unsupported else estimate_code(graph, plan, target.core)
    ram, blocks = static_memory(graph, plan, code, target.stack_bytes)
    parts = _Parts(ram, blocks, plan.live_bytes, unsupported, code=code, plan=plan)
    if unsupported:
        return parts
    parts = replace(parts, unmeasured=unmeasured_kernels(graph, plan, target.core))
    prices = speed_model or shipped_speed_model("static", target.core)
    if prices is None:
        return parts
    calls = plan_work(graph, plan) + stream_work(plan)
    time, by_call = estimate_time(prices, calls, target.core_hz)
    untimed = sorted({kernel for kernel, _ in calls} - prices.kernels.keys())
    return replace(parts, time=time, ticks=_by_operator(plan, by_call), untimed=tuple(untimed))


def _tflm(graph: Graph, model_bytes: int, target: Target, unsupported: tuple[str, ...]) -> _Parts:
    code = estimate_tflm_code(graph, model_bytes, target.core)
    if not is_modelled_core(target.core):
        unknown = (None,) * len(graph.operators)
        missing = (f"scratch buffers on {target.core}",)
        return _Parts(unknown_memory(graph), (), unknown, unsupported, missing, code=code)
    ram, blocks, unmodelled = tflm_memory(graph, code, target.stack_bytes)
    live = live_bytes(blocks, len(graph.operators))
    unmeasured = () if unsupported else unmeasured_kernels(graph, None, target.core)
    return _Parts(ram, blocks, live, unsupported, unmodelled, unmeasured, code=code)


def _operators(graph: Graph, live: tuple[int | None, ...]) -> tuple[OperatorEstimate, ...]:
    return tuple(
        OperatorEstimate(
            index=index,
            kind=operator.kind,
            name=graph.outputs_of(operator)[0].name,
            input_shapes=tuple(t.shape for t in graph.inputs_of(operator) if not t.is_constant),
            output_shape=graph.outputs_of(operator)[0].shape,
            macc=count_macc(graph, operator),
            weight_bytes=sum(t.size_bytes for t in graph.inputs_of(operator) if t.is_constant),
            live_bytes=live[index],
        )
        for index, operator in enumerate(graph.operators)
    )


def _by_operator(
    plan: MemoryPlan, by_call: list[tuple[int | None, float | None]]
) -> dict[int, dict[str, Any]]:
    return {
        step.operators[0]: {"ticks": ticks, "ticks_error": error}
        for step, (ticks, error) in zip(plan.steps, by_call, strict=False)
    }
