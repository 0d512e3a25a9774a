"""Multiply-accumulates of an operator. Pure."""

from collections.abc import Callable
from math import prod

from codegen.model.graph import Graph, Operator

CountMacc = Callable[[Graph, Operator], int]
"""Counts the multiply-accumulates of an operator; padding counts like data, as in published tables.

It must accept any number of inputs and outputs, because damaged models are counted, too.
"""


def no_macc(graph: Graph, operator: Operator) -> int:
    """For an operator that multiplies no weights."""
    del graph, operator
    return 0


def weight_macc(graph: Graph, operator: Operator) -> int:
    """For weights (outputs, …): as many for each output as it has weights.

    Source: MACC = h·w·c_out·k_h·k_w·c_in for a convolution.
    """
    return _per_output(graph, operator, slice(1, None))


def depthwise_macc(graph: Graph, operator: Operator) -> int:
    """For weights (1, h, w, c): each output is made from one channel."""
    return _per_output(graph, operator, slice(1, 3))


def transposed_macc(graph: Graph, operator: Operator) -> int:
    """For TRANSPOSE_CONV: each pixel of the input is multiplied by all weights (c_out, h, w, c)."""
    if len(operator.inputs) < 3 or min(operator.inputs[1:3]) < 0:
        return 0
    weights, image = (graph.tensors[i] for i in operator.inputs[1:3])
    return image.element_count * prod(weights.shape[:3])


def _per_output(graph: Graph, operator: Operator, sides: slice) -> int:
    if len(operator.inputs) < 2 or operator.inputs[1] < 0 or not operator.outputs:
        return 0
    weights = graph.tensors[operator.inputs[1]]
    return graph.tensors[operator.outputs[0]].element_count * prod(weights.shape[sides])
