"""Constants with one element for each output channel: biases, multipliers, shifts. Pure."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.model.fixed_point import Multiplier
from codegen.model.graph import DType, Graph, Operator, Tensor
from codegen.operators.kernel_call import ConstantArray
from codegen.operators.support import (
    LARGEST_DIFFERENCE,
    check_constant,
    check_factors,
    data_of,
)

Integers = NDArray[np.int64]

PATCH_GROUP = 4
"""Elements of a patch that the kernels of convolutions treat at once; NN_GROUP in C."""


def _bias(graph: Graph, operator: Operator) -> Tensor | None:
    has_bias = len(operator.inputs) > 2 and operator.inputs[2] >= 0
    return graph.tensors[operator.inputs[2]] if has_bias else None


def check_bias(graph: Graph, operator: Operator, count: int) -> list[str]:
    """A reason for each way in which the third input cannot be used as `count` biases."""
    bias = _bias(graph, operator)
    if bias is None:
        return []
    wrong_type = [f"with biases in {bias.dtype}"] if bias.dtype is not DType.INT32 else []
    wrong_count = [] if bias.element_count == count else [f"with {bias.element_count} biases"]
    return wrong_type + wrong_count + check_constant(bias, "biases")


def bias_array(graph: Graph, operator: Operator, count: int) -> ConstantArray:
    """The biases, or zeros if the operator has none."""
    bias = _bias(graph, operator)
    values = np.zeros(count, np.int32) if bias is None else np.ravel(data_of(bias))
    return ConstantArray("biases", "int32_t", values)


def padded_rows(weights: NDArray[np.generic]) -> NDArray[np.int8]:
    """Weights (output channels, …) as rows, padded with zeros to whole groups of `PATCH_GROUP`."""
    rows = np.asarray(weights, np.int8).reshape(len(weights), -1)
    return np.pad(rows, ((0, 0), (0, -rows.shape[1] % PATCH_GROUP)))


def folded_bias_array(
    graph: Graph, operator: Operator, rows: NDArray[np.integer[Any]], zero_point: int
) -> ConstantArray:
    """Biases minus the weights' sum times the input's zero point.

    Sums of 32 bits wrap, so the total equals the reference even if the difference overflows.
    """
    bias = np.asarray(bias_array(graph, operator, len(rows)).values, np.int64)
    folded = bias - zero_point * rows.sum(axis=1, dtype=np.int64)
    return ConstantArray("biases", "int32_t", folded.astype(np.uint32).astype(np.int32))


LARGEST_SUM = (1 << 30) - 1
"""Largest sum of products, either sign, that the kernels scale exactly."""


def check_sums(
    graph: Graph,
    operator: Operator,
    rows: NDArray[np.generic],
    multipliers: Callable[[int], Sequence[Multiplier]] | None = None,
    constant: Collection[int] = (),
) -> list[str]:
    """A reason if sums with weights (output channels, …) may exceed `LARGEST_SUM` or overflow.

    If given, `multipliers` returns the factors that scale the sums of the output channels. The
    sums of channels whose output is `constant` are not computed.
    """
    image, output_count = graph.tensors[operator.inputs[0]], len(rows)
    if image.quantization is None:
        return []
    sums = largest_sums(graph, operator, rows)
    sums[list(constant)] = 0
    largest = int(sums.max(initial=0))
    if largest > LARGEST_SUM:
        return [f"with sums up to {largest}"]
    return check_factors(sums.tolist(), multipliers(output_count)) if multipliers else []


def largest_sums(graph: Graph, operator: Operator, rows: NDArray[np.generic]) -> Integers:
    """For each output channel, a bound for the magnitude of its sum."""
    weights = np.abs(np.asarray(rows, np.int64)).reshape(len(rows), -1).sum(axis=1)
    bias = np.abs(np.asarray(bias_array(graph, operator, len(rows)).values, np.int64))
    return np.asarray(weights * LARGEST_DIFFERENCE + bias)


def multiplier_arrays(multipliers: Sequence[Multiplier]) -> tuple[ConstantArray, ConstantArray]:
    """Multipliers and shifts in the form of the kernels."""
    return (
        ConstantArray(
            "multipliers", "int32_t", np.array([m.multiplier for m in multipliers], np.int32)
        ),
        ConstantArray("shifts", "int8_t", np.array([m.shift for m in multipliers], np.int8)),
    )
