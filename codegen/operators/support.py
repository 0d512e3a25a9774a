"""What an operator must tell to be generated, and checks that several operators share. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import activation_range
from codegen.graph import DType, Graph, Operator, Tensor
from codegen.kernel_call import KernelCall

ACTIVATIONS = ("NONE", "RELU", "RELU6")


@dataclass(frozen=True, slots=True)
class OperatorSupport:
    """One supported operator.

    Attributes:
        check: Every reason why this operator cannot be generated, such as `with dilation 2`;
            empty if it can. Works without quantisation, for networks that do not exist yet.
        lower: The kernel call; needs quantisation and constants, and an operator without reasons.
        works_in_place: True if the output may lie exactly over the first activation.
    """

    check: Callable[[Graph, Operator], list[str]]
    lower: Callable[[Graph, Operator], KernelCall]
    works_in_place: bool = False


def check_types(tensors: Sequence[Tensor], allowed: Sequence[DType]) -> list[str]:
    """A reason for each type that is not allowed."""
    wrong = sorted({tensor.dtype.value for tensor in tensors if tensor.dtype not in allowed})
    return [f"in {name}" for name in wrong]


def check_quantization(graph: Graph, operator: Operator) -> list[str]:
    """A reason if an 8-bit tensor of a network that has its data lacks scale or zero point."""
    tensors = [*graph.inputs_of(operator), *graph.outputs_of(operator)]
    if any(tensor.is_constant and tensor.data is None for tensor in tensors):
        return []
    eight_bit = [t for t in tensors if t.dtype in (DType.INT8, DType.UINT8)]
    return ["without quantization"] if any(t.quantization is None for t in eight_bit) else []


def check_activation(operator: Operator) -> list[str]:
    """A reason if the fused activation is not supported."""
    activation = operator.options.get("fused_activation_function", "NONE")
    return [] if activation in ACTIVATIONS else [f"with fused {activation}"]


def check_batch(tensor: Tensor) -> list[str]:
    """A reason if a tensor (n, …) holds more than one image."""
    return [f"with batch {tensor.shape[0]}"] if tensor.shape and tensor.shape[0] != 1 else []


def check_constant(tensor: Tensor, what: str) -> list[str]:
    """A reason if a tensor is computed where a constant is needed."""
    return [] if tensor.is_constant else [f"with computed {what}"]


def output_limits(operator: Operator, output: Tensor) -> tuple[int, int]:
    """Lowest and highest stored value that the operator's fused activation lets pass."""
    assert output.quantization is not None
    activation = str(operator.options.get("fused_activation_function", "NONE"))
    return activation_range(activation, output.quantization.scale, output.quantization.zero_point)


def scale_of(tensor: Tensor) -> float:
    """The only scale of a tensor."""
    assert tensor.quantization is not None
    return tensor.quantization.scale


def zero_point_of(tensor: Tensor) -> int:
    """The only zero point of a tensor."""
    assert tensor.quantization is not None
    return tensor.quantization.zero_point


def data_of(tensor: Tensor) -> NDArray[np.generic]:
    """The elements of a constant."""
    assert tensor.data is not None
    return tensor.data


def integer_option(operator: Operator, name: str, default: int) -> int:
    """An option that is a whole number, or its default in the schema."""
    return int(operator.options.get(name, default))
