"""What a network will take of its target, operator by operator. Pure; needs no TensorFlow."""

from dataclasses import asdict, dataclass
from typing import Any

from codegen.graph import DType, Graph, count_macc
from codegen.operators import check_operators
from codegen.planner import aligned, plan_graph, unfused_buffers
from firmware.errors import ModelError
from firmware.targets import Target
from nas.cost import Cost, Limits, arena_bytes, needs


@dataclass(frozen=True, slots=True)
class OperatorEstimate:
    """One operator of a network.

    Attributes:
        index: Position in the order of execution.
        kind: TFLite's name.
        output_shape: Of its first output, batch included.
        macc: Multiply-accumulates.
        weight_bytes: Constants that it reads, in flash.
        live_bytes: Activations alive while it runs, each rounded up to the arena's alignment.
    """

    index: int
    kind: str
    output_shape: tuple[int, ...]
    macc: int
    weight_bytes: int
    live_bytes: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A network on a target.

    Attributes:
        name: The file or the candidate.
        cost: Its needs.
        operators: In execution order.
        unsupported: What the static runtime cannot generate of it; empty for TFLM.
    """

    name: str
    runtime: str
    target: str
    cost: Cost
    limits: Limits
    operators: tuple[OperatorEstimate, ...]
    unsupported: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether every need is within its limit and every operator can be generated."""
        within = all(need.needed <= need.limit for need in needs(self.cost, self.limits))
        return within and not self.unsupported

    def as_record(self) -> dict[str, Any]:
        """The estimate as JSON holds it."""
        return {
            "schema": 1,
            "model": self.name,
            "target": self.target,
            "runtime": self.runtime,
            **asdict(self.cost),
            "limits": asdict(self.limits),
            "fits": self.fits,
            "unsupported": list(self.unsupported),
            "operators": [
                {**asdict(operator), "output_shape": list(operator.output_shape)}
                for operator in self.operators
            ],
        }


def estimate(
    name: str, graph: Graph, model_bytes: int, target: Target, limits: Limits, runtime: str
) -> Estimate:
    """Estimate a network whose .tflite has, or will have, `model_bytes`.

    Raises:
        ConfigError: There is no such runtime.
        ModelError: The network computes in float.
    """
    _check_int8(graph)
    operators = _operators(graph, runtime)
    cost = Cost(
        macc=sum(operator.macc for operator in operators),
        model_bytes=model_bytes,
        arena_bytes=arena_bytes(graph, runtime),
    )
    # Candidates have no weights yet, and consist of supported operators alone.
    has_data = any(tensor.data is not None for tensor in graph.tensors)
    unsupported = check_operators(graph) if runtime == "static" and has_data else []
    return Estimate(name, runtime, target.name, cost, limits, operators, tuple(unsupported))


def _check_int8(graph: Graph) -> None:
    in_float = [
        f"op {index} {operator.kind}"
        for index, operator in enumerate(graph.operators)
        if operator.kind not in ("QUANTIZE", "DEQUANTIZE")
        and any(t.dtype is DType.FLOAT32 for t in graph.inputs_of(operator))
    ]
    if in_float:
        raise ModelError(
            f"the model computes in float32: {', '.join(in_float)}; quantize it to int8 first"
        )


def _operators(graph: Graph, runtime: str) -> tuple[OperatorEstimate, ...]:
    live = _live_bytes(graph, runtime)
    return tuple(
        OperatorEstimate(
            index=index,
            kind=operator.kind,
            output_shape=graph.outputs_of(operator)[0].shape,
            macc=count_macc(graph, operator),
            weight_bytes=sum(t.size_bytes for t in graph.inputs_of(operator) if t.is_constant),
            live_bytes=live[index],
        )
        for index, operator in enumerate(graph.operators)
    )


def _live_bytes(graph: Graph, runtime: str) -> tuple[int, ...]:
    """Activations alive during each operator; TFLM does nothing in place."""
    if runtime == "static":
        return plan_graph(graph).live_bytes
    buffers = unfused_buffers(graph)
    return tuple(
        sum(aligned(b.size_bytes) for b in buffers if b.first_op <= op < b.end_op)
        for op in range(len(graph.operators))
    )
