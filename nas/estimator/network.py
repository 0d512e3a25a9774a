"""Estimates a network on its target, operator by operator. Pure; does not use TensorFlow."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from codegen.check import reasons_against
from codegen.costs.code_size import Code
from codegen.costs.speed import SpeedModel
from codegen.model.graph import Graph
from codegen.operators import count_macc
from codegen.simplify.executed import Dropped, dropped, executed_graph
from firmware.errors import ModelError
from firmware.records.estimate import ESTIMATE_SCHEMA
from firmware.targets import Target
from nas.estimator.cost import Cost, Limits, check_runtime, exceeded, with_chip, with_linked
from nas.estimator.memory import Block, Ram
from nas.estimator.modelled_time import ModelledTime
from nas.estimator.parts import Parts, static_parts, tflm_parts
from nas.estimator.time_needed import Time


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
        modelled_cycles: Modelled cycles of that kernel call.
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
    modelled_cycles: int | None = None


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
        modelled_time: Modelled cycles; None if there are none for this target, or if `time` is of a
            measured board.
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
    modelled_time: ModelledTime | None
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
            "modelled_time": None if self.modelled_time is None else asdict(self.modelled_time),
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
        speed_model: Prices of a measured board; by default those that come with the SDK, in
            instructions and in modelled cycles.

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
        parts = static_parts(graph, target, speed_model, reasons.texts)
    else:
        parts = tflm_parts(graph, model_bytes, target, reasons.texts)
    operators = _timed_operators(graph, parts)
    macc = sum(own.macc for own in operators)
    return Estimate(
        name=name,
        runtime=runtime,
        target=target,
        cost=_cost(Cost(macc, model_bytes, parts.ram.arena_bytes), graph, parts, limits),
        limits=limits,
        ram=parts.ram,
        code=parts.code,
        time=parts.time,
        modelled_time=parts.modelled_time,
        operators=operators,
        blocks=parts.blocks,
        dropped=dropped(model, graph),
        unsupported=parts.unsupported,
        unmodelled=parts.unmodelled,
        unmeasured=parts.unmeasured,
        untimed=parts.untimed,
    )


def _cost(cost: Cost, graph: Graph, parts: Parts, limits: Limits) -> Cost:
    """The needs with those of the whole firmware, as far as they are known."""
    if parts.code is None and parts.unsupported:
        return cost
    return with_linked(cost, graph, parts.plan, parts.code, limits)


def _timed_operators(graph: Graph, parts: Parts) -> tuple[OperatorEstimate, ...]:
    return tuple(
        replace(operator, **parts.ticks.get(operator.index, {}))
        for operator in _operators(graph, parts.live_bytes)
    )


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
