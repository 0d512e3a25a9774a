"""The interface of a supported operator, and checks shared by several operators. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codegen.model.fixed_point import (
    Multiplier,
    activation_range,
    overflows,
    quantize_multiplier,
    type_range,
)
from codegen.model.graph import DType, Graph, Operator, Quantization, Tensor
from codegen.operators.kernel_call import KernelCall
from codegen.operators.macc import CountMacc
from codegen.operators.memory import Memory
from codegen.operators.rows import RowsNeeded, RowWindow, images_have_rows

LARGEST_DIFFERENCE = 255
"""Between a stored value of 8 bits and a zero point."""
ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")


@dataclass(frozen=True, slots=True)
class OperatorSupport:
    """One supported operator. No field has a default: each is a fact about its kernel.

    Attributes:
        check: Every reason why this operator cannot be generated, such as `with batch 2`;
            empty if it can. Works without quantisation, for candidates that are not trained yet.
        lower: The kernel call; needs quantisation and constants, and an operator without reasons.
        rows: The rows of its inputs that one row of its output needs; `not_by_rows` if it needs
            whole tensors. An operator with a window has a kernel that makes single rows.
        input_counts: Numbers of inputs that the operator may have, ascending; `check` and `lower`
            may rely on them.
        memory: Where its output may lie, and what else its kernel needs.
        count_macc: Its multiply-accumulates.
    """

    check: Callable[[Graph, Operator], list[str]]
    lower: Callable[[Graph, Operator], KernelCall]
    rows: RowsNeeded
    input_counts: tuple[int, ...]
    memory: Memory
    count_macc: CountMacc

    def reasons(self, graph: Graph, operator: Operator) -> list[str]:
        """Like `check`, for operators with any number of inputs and outputs."""
        given, needed = len(operator.inputs), self.input_counts[0]
        if given not in self.input_counts or len(operator.outputs) != 1:
            return [f"with {given} inputs and {len(operator.outputs)} outputs"]
        if any(tensor.is_state for tensor in graph.inputs_of(operator)):
            return ["of a tensor that nothing writes"]
        if min(operator.inputs[:needed]) < 0:
            return [f"without input {operator.inputs.index(-1)}"]
        tensors = (*graph.inputs_of(operator), *graph.outputs_of(operator))
        if any(not tensor.is_constant and tensor.element_count == 0 for tensor in tensors):
            return ["of an empty tensor"]
        if all(tensor.is_constant for tensor in graph.inputs_of(operator)):
            return ["of constants alone"]
        return list(dict.fromkeys(self.check(graph, operator)))

    def row_window(self, graph: Graph, operator: Operator) -> RowWindow | None:
        """Like `rows`, for operators with any inputs and outputs, such as a computed shape."""
        if not self._has_inputs(operator):
            return None
        tensors = (*graph.inputs_of(operator), *graph.outputs_of(operator))
        computed = [tensor for tensor in tensors if not tensor.is_constant]
        return self.rows(graph, operator) if images_have_rows(computed) else None

    def scratch_bytes(self, graph: Graph, operator: Operator) -> int:
        """Like `Memory.scratch_bytes`, for operators with any number of inputs and outputs."""
        return self.memory.scratch_bytes(graph, operator) if self._has_inputs(operator) else 0

    def overlap_bytes(self, graph: Graph, operator: Operator) -> int | None:
        """Like `Memory.overlap_bytes`, for operators with any number of inputs and outputs."""
        return self.memory.overlap_bytes(graph, operator) if self._has_inputs(operator) else None

    def _has_inputs(self, operator: Operator) -> bool:
        needed = self.input_counts[0]
        has_counts = len(operator.inputs) in self.input_counts and len(operator.outputs) == 1
        return has_counts and min(operator.inputs[:needed]) >= 0


def check_types(tensors: Sequence[Tensor], allowed: Sequence[DType]) -> list[str]:
    """A reason for each type that is not allowed."""
    wrong = sorted({tensor.dtype.value for tensor in tensors if tensor.dtype not in allowed})
    return [f"in {name}" for name in wrong]


def check_index_type(tensor: Tensor, what: str) -> list[str]:
    """A reason if indices, such as axes, are not int32."""
    return [] if tensor.dtype is DType.INT32 else [f"with {what} in {tensor.dtype}"]


def check_factors(largest: Sequence[int], factors: Sequence[Multiplier]) -> list[str]:
    """A reason if numbers of this magnitude overflow when they are scaled.

    Args:
        largest: For each factor, the largest magnitude that it scales.
        factors: From a product's or an input's scale to another one.
    """
    for own, factor in zip(largest, factors, strict=True):
        if overflows(own, factor):
            real = factor.multiplier * 2.0 ** (factor.shift - 31)
            return [f"with scales that give a factor of {real:.3g} for sums up to {own}"]
    return []


def check_quantization(
    graph: Graph, operator: Operator, weights: Tensor | None = None, axis: int = 0
) -> list[str]:
    """A reason for each way in which the 8-bit tensors' scales and zero points cannot be used.

    A network with a constant whose data are not known yet does not need them.

    Args:
        graph: The network.
        operator: Its operator; all its tensors but `weights` must have one scale.
        weights: Weights, which may have one scale for each output channel.
        axis: The dimension of the weights for the output channels.
    """
    if any(tensor.is_constant and tensor.data is None for tensor in graph.tensors):
        return []
    reasons = []
    for tensor in (*graph.inputs_of(operator), *graph.outputs_of(operator)):
        if tensor.dtype not in (DType.INT8, DType.UINT8):
            continue
        if tensor.quantization is None:
            reasons.append("without quantization")
        elif tensor is weights:
            reasons += _check_weights(tensor, tensor.quantization, axis)
        else:
            reasons += _check_one_scale(tensor, tensor.quantization)
    return reasons


def _check_weights(weights: Tensor, quantization: Quantization, axis: int) -> list[str]:
    count = len(quantization.scales)
    if count == 1:
        return _check_one_scale(weights, quantization)
    if quantization.axis != axis or count != weights.shape[axis]:
        return [f"with {count} weight scales along axis {quantization.axis}"]
    return ["with weight zero points"] if any(quantization.zero_points) else []


def _check_one_scale(tensor: Tensor, quantization: Quantization) -> list[str]:
    if len(quantization.scales) != 1:
        return [f"with {len(quantization.scales)} scales of an activation"]
    lowest, highest = type_range(tensor.dtype)
    inside = lowest <= quantization.zero_point <= highest
    return [] if inside else [f"with zero point {quantization.zero_point} in {tensor.dtype}"]


def check_output_shape(output: Tensor, expected: Sequence[int]) -> list[str]:
    """A reason if an operator's output does not have the shape that the operator gives."""
    if output.shape == tuple(expected):
        return []
    return [f"with output {list(output.shape)} where {list(expected)} results"]


def check_same_scale(source: Tensor, output: Tensor) -> list[str]:
    """A reason if an output has another scale or zero point than the input that it repeats."""
    is_same = source.quantization == output.quantization
    return [] if is_same else ["with an output of another scale than its input"]


def check_activation(operator: Operator) -> list[str]:
    """A reason if the fused activation is not supported."""
    activation = operator.options.get("fused_activation_function", "NONE")
    return [] if activation in ACTIVATIONS else [f"with fused {activation}"]


def check_batch(tensor: Tensor) -> list[str]:
    """A reason if a tensor (n, …) holds more than one image."""
    return [f"with batch {tensor.shape[0]}"] if tensor.shape and tensor.shape[0] != 1 else []


def check_constant(tensor: Tensor, what: str) -> list[str]:
    """A reason if a tensor is not a constant, but must be one."""
    return [] if tensor.is_constant else [f"with computed {what}"]


def output_limits(operator: Operator, output: Tensor) -> tuple[int, int]:
    """Lowest and highest stored value of the operator's fused activation."""
    assert output.quantization is not None
    activation = str(operator.options.get("fused_activation_function", "NONE"))
    return activation_range(activation, output.quantization.scale, output.quantization.zero_point)


def has_scales(graph: Graph, operator: Operator) -> bool:
    """Whether the scales are known yet."""
    tensors = (*graph.inputs_of(operator), *graph.outputs_of(operator))
    return all(tensor.quantization is not None for tensor in tensors)


def has_rows(tensor: Tensor) -> bool:
    """Whether a tensor is one image (1, h, w, c), which kernels on rows go through row by row."""
    return len(tensor.shape) == 4 and tensor.shape[0] == 1


def row_count(tensor: Tensor) -> int:
    """Rows of a tensor; one that is no image is one row."""
    return tensor.shape[1] if has_rows(tensor) else 1


def row_elements(tensor: Tensor) -> int:
    """Elements of each of its rows."""
    return tensor.element_count // max(row_count(tensor), 1)


def scale_of(tensor: Tensor) -> float:
    """The only scale of a tensor."""
    assert tensor.quantization is not None
    return tensor.quantization.scale


def scale_ratio(source: Tensor, output: Tensor) -> Multiplier:
    """The factor from the scale of one tensor to that of another."""
    return quantize_multiplier(scale_of(source) / scale_of(output))


def zero_point_of(tensor: Tensor) -> int:
    """The only zero point of a tensor."""
    assert tensor.quantization is not None
    return tensor.quantization.zero_point


def data_of(tensor: Tensor) -> NDArray[np.generic]:
    """The elements of a constant."""
    assert tensor.data is not None
    return tensor.data


def integer_option(operator: Operator, name: str, default: int) -> int:
    """An integer option, or its default in the schema."""
    return int(operator.options.get(name, default))
