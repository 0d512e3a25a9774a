"""The model's inputs and outputs in the form of the templates. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from codegen.c_code.c_source import literal
from codegen.c_code.program import C_TYPES
from codegen.model.fixed_point import type_range
from codegen.model.graph import DType, Graph, Tensor
from codegen.model.port_names import input_names, output_names
from codegen.planning.planner import MemoryPlan


@dataclass(frozen=True, slots=True)
class PortText:
    """An input or output of the model in the form of the templates.

    Attributes:
        what: `input` or `output`.
        own_name: Its own name, such as `left`; empty if there is one input or output alone.
        value_type: The type of an element in the API; a name of the model's own for `c_type` if
            there is one input or output alone.
    """

    what: str
    own_name: str
    value_type: str
    c_type: str
    dimensions: str
    count: int
    size_bytes: int
    offset: int
    scale: str
    zero_point: int
    lowest: int
    highest: int

    @property
    def upper(self) -> str:
        """The prefix of the macro names."""
        return self.name.upper()

    @property
    def name(self) -> str:
        """`input`; of several also its own name, such as `input_left`."""
        return f"{self.what}_{self.own_name}" if self.own_name else self.what

    @property
    def quoted(self) -> str:
        """Its own name in texts, after a space."""
        return f' "{self.own_name}"' if self.own_name else ""

    @property
    def db_flip(self) -> int:
        """The bits that the bench flips in each byte of `db`: image files contain 0..255."""
        return 0x80 if (self.c_type, self.zero_point) == ("int8_t", -128) else 0


def input_texts(graph: Graph, plan: MemoryPlan, model: str) -> tuple[PortText, ...]:
    """The inputs of the model of this C name."""
    return _ports(graph, plan, f"{model}_input_t", graph.inputs, input_names(graph))


def output_texts(graph: Graph, plan: MemoryPlan, model: str) -> tuple[PortText, ...]:
    """The outputs of the model of this C name."""
    return _ports(graph, plan, f"{model}_output_t", graph.outputs, output_names(graph))


def _ports(
    graph: Graph, plan: MemoryPlan, own_type: str, tensors: Sequence[int], names: Sequence[str]
) -> tuple[PortText, ...]:
    if len(tensors) == 1:
        return (_port(graph, plan, tensors[0], "", own_type),)
    return tuple(
        _port(graph, plan, tensor, name, C_TYPES[graph.tensors[tensor].dtype])
        for tensor, name in zip(tensors, names, strict=True)
    )


def _port(
    graph: Graph, plan: MemoryPlan, tensor_index: int, own_name: str, value_type: str
) -> PortText:
    tensor = graph.tensors[tensor_index]
    quantized = tensor.dtype in (DType.INT8, DType.UINT8) and tensor.quantization is not None
    lowest, highest = type_range(tensor.dtype) if quantized else (0, 0)
    return PortText(
        what="input" if tensor_index in graph.inputs else "output",
        own_name=own_name,
        value_type=value_type,
        c_type=C_TYPES[tensor.dtype],
        dimensions="".join(f"[{size}]" for size in tensor.shape[1:]),
        count=tensor.element_count,
        size_bytes=tensor.size_bytes,
        offset=plan.offsets[tensor_index],
        scale=_scale(tensor) if quantized else "",
        zero_point=tensor.quantization.zero_point if quantized and tensor.quantization else 0,
        lowest=lowest,
        highest=highest,
    )


def _scale(tensor: Tensor) -> str:
    assert tensor.quantization is not None
    return literal(tensor.quantization.scale)
