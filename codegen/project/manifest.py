"""Makes the manifest of a project: predicted values and sources. Reads the golden file's digest."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from codegen.c_code.program import Program
from codegen.c_code.render import ModelText
from codegen.costs.work import plan_work
from codegen.model.graph import Graph, Tensor
from codegen.model.port_names import input_names, output_names
from codegen.operators import count_macc
from codegen.planning.planner import MemoryPlan
from codegen.project.source import ModelSource
from codegen.simplify.executed import dropped
from firmware.files import sha256_of_file
from firmware.records.conversion import to_record
from firmware.records.manifest import (
    MANIFEST_SCHEMA,
    CallRecord,
    DroppedRecord,
    ManifestRecord,
    PortRecord,
    PortType,
    Sizes,
)
from firmware.targets import Target


@dataclass(frozen=True, slots=True)
class Part:
    """A model under one runtime.

    Attributes:
        graph: What the runtime executes of the model.
        model: The model in the form of the templates.
        plan: Memory plan of the static runtime; TFLM makes its own on the chip.
        program: Program of the static runtime; None for TFLM.
        weight_bytes: Constants of the static runtime.
        arena_used_bytes: Bytes of the arena that the runtime is expected to use.
    """

    graph: Graph
    model: ModelText
    plan: MemoryPlan
    program: Program | None
    weight_bytes: int
    arena_used_bytes: int

    @property
    def arena_with_image_bytes(self) -> int:
        """The arena, and the input where its rows are fed and the arena does not hold it."""
        return self.model.arena_bytes + (self.plan.image_bytes if self.program else 0)

    @property
    def flash_bytes(self) -> int:
        """Flash of the model: its constants, or the .tflite."""
        return self.weight_bytes if self.program else self.model.model_bytes


def make_manifest(
    source: ModelSource, model: Graph, part: Part, target: Target, toolchain: str
) -> ManifestRecord:
    """The predicted values of the project, and the sources that it was made from."""
    graph = part.graph
    return ManifestRecord(
        model_name=part.model.name,
        model_sha256=source.sha256,
        target=target.name,
        runtime="static" if part.program else "tflm",
        toolchain=toolchain,
        rounding=graph.rounding,
        environment=target.environment,
        macc=sum(count_macc(graph, operator) for operator in graph.operators),
        dropped=DroppedRecord(**asdict(dropped(model, graph))),
        model_bytes=len(source.content),
        weight_bytes=part.weight_bytes,
        inputs=_ports(graph, graph.inputs, input_names(graph)),
        outputs=_ports(graph, graph.outputs, output_names(graph)),
        operators=tuple(operator.kind for operator in graph.operators),
        steps=_kernel_calls(graph, part.plan) if part.program else _operator_calls(graph),
        estimate=Sizes(
            arena_bytes=part.model.arena_bytes,
            arena_used_bytes=part.arena_used_bytes,
            arena_with_image_bytes=part.arena_with_image_bytes,
            stack_bytes=target.stack_bytes,
            ram_limit_bytes=target.ram_bytes,
            flash_limit_bytes=target.flash_bytes,
        ),
        golden_sha256=sha256_of_file(source.golden) if source.golden else None,
    )


def manifest_json(
    target: Target, manifest: ManifestRecord, *beside: ManifestRecord
) -> dict[str, Any]:
    """The values of manifest.json for a firmware of one or more runtimes."""
    whole = replace(manifest, beside=beside, hardware=replace(target, folder=""))
    return {"schema": MANIFEST_SCHEMA, **to_record(whole)}


def _kernel_calls(graph: Graph, plan: MemoryPlan) -> tuple[CallRecord, ...]:
    return tuple(
        CallRecord(
            operators=tuple(graph.operators[index].kind for index in step.operators),
            input=tuple(graph.tensors[tensor].shape for tensor in step.inputs),
            output=graph.tensors[step.output].shape,
            macc=sum(count_macc(graph, graph.operators[index]) for index in step.operators),
            kernel=kernel,
            work=work,
        )
        for step, (kernel, work) in zip(plan.steps, plan_work(graph, plan), strict=True)
    )


def _operator_calls(graph: Graph) -> tuple[CallRecord, ...]:
    return tuple(
        CallRecord(
            operators=(operator.kind,),
            input=(graph.tensors[operator.inputs[0]].shape,),
            output=graph.tensors[operator.outputs[0]].shape,
            macc=count_macc(graph, operator),
        )
        for operator in graph.operators
    )


def _ports(graph: Graph, tensors: Sequence[int], names: Sequence[str]) -> tuple[PortRecord, ...]:
    return tuple(
        _port(graph.tensors[tensor], name) for tensor, name in zip(tensors, names, strict=True)
    )


def _port(tensor: Tensor, name: str) -> PortRecord:
    own = tensor.quantization
    return PortRecord(
        name=name,
        dtype=cast(PortType, tensor.dtype.value),
        bytes=tensor.size_bytes,
        shape=tensor.shape,
        scale=own.scale if own else None,
        zero_point=own.zero_point if own else None,
    )
