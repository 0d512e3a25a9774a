"""Output channels with large sums whose output is a constant. Pure.

A filter whose weights became zero in training has a tiny scale, and a bias that the converter
limits to ±2^30: more than the kernels scale exactly. But every input gives the same output, and
a small bias with another factor gives it too.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.model.fixed_point import Multiplier, overflows, rescale, type_range
from codegen.model.graph import Graph, Operator
from codegen.operators.channels import (
    LARGEST_SUM,
    bias_array,
    check_sums,
    folded_bias_array,
    largest_sums,
    multiplier_arrays,
)
from codegen.operators.kernel_call import ConstantArray
from codegen.operators.support import output_limits, zero_point_of

Rows = NDArray[np.integer[Any]]
"""Weights (output channels, …)."""

_QUARTER = Multiplier(1 << 30, -1)
"""A factor of 1/4, with which the kernels give a quarter of a multiple of 4 exactly."""
_LARGEST_INT32 = (1 << 31) - 1


def check_channels(
    graph: Graph,
    operator: Operator,
    rows: Rows,
    multipliers: Callable[[int], Sequence[Multiplier]],
) -> list[str]:
    """Like `check_sums`, but sums may be large where the output is a constant."""
    tensors = (*graph.inputs_of(operator)[:2], *graph.outputs_of(operator))
    if any(tensor.quantization is None for tensor in tensors):
        return []
    constant = constant_outputs(graph, operator, rows, multipliers(len(rows)))
    return check_sums(graph, operator, rows, multipliers, constant)


def constant_outputs(
    graph: Graph, operator: Operator, rows: Rows, multipliers: Sequence[Multiplier]
) -> dict[int, int]:
    """Channels with larger sums than `LARGEST_SUM` of which all give one output.

    The value is that output minus the zero point. Outputs rise with the sum, so those of the
    smallest and of the largest sum are compared.
    """
    (output,) = graph.outputs_of(operator)
    zero_point, limits = zero_point_of(output), output_limits(operator, output)
    biases = np.asarray(bias_array(graph, operator, len(rows)).values, np.int64)
    found = {}
    for channel in np.flatnonzero(largest_sums(graph, operator, rows) > LARGEST_SUM).tolist():
        sums = biases[channel] + _extremes(graph, operator, rows[channel])
        largest = int(np.abs(sums).max())
        if largest > _LARGEST_INT32 or overflows(largest, multipliers[channel]):
            continue
        lowest, highest = np.clip(rescale(sums, multipliers[channel]) + zero_point, *limits)
        if lowest == highest:
            found[channel] = int(lowest) - zero_point
    return found


def _extremes(graph: Graph, operator: Operator, weights: Rows) -> NDArray[np.int64]:
    """The smallest and the largest sum of products; padding adds nothing to either."""
    image = graph.tensors[operator.inputs[0]]
    ends = np.array(type_range(image.dtype), np.int64) - zero_point_of(image)
    products = np.multiply.outer(ends, np.ravel(weights).astype(np.int64))
    return np.array([products.min(axis=0).sum(), products.max(axis=0).sum()])


def channel_arrays(
    graph: Graph, operator: Operator, rows: NDArray[np.int8], multipliers: Sequence[Multiplier]
) -> tuple[NDArray[np.int8], tuple[ConstantArray, ...]]:
    """Weights, and biases, multipliers and shifts, of a convolution that passed `check_channels`.

    Args:
        graph: The network.
        operator: The convolution.
        rows: Weights (output channels, elements), with zeros that fill up groups.
        multipliers: From sums to outputs, for each output channel.
    """
    zero_point = zero_point_of(graph.tensors[operator.inputs[0]])
    bias = folded_bias_array(graph, operator, rows, zero_point)
    weights, values, factors = rows.copy(), bias.values.copy(), list(multipliers)
    for channel, constant in constant_outputs(graph, operator, rows, multipliers).items():
        weights[channel] = 0
        values[channel] = 4 * constant
        factors[channel] = _QUARTER
    biases = ConstantArray(bias.name, bias.c_type, values)
    return weights, (biases, *multiplier_arrays(factors))
