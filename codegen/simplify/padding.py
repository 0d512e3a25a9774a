"""Leaves out the PADs that pad nothing, or what the next convolution pads itself. Pure."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import Graph, Operator
from codegen.operators.support import data_of, integer_option
from codegen.operators.window_side import padding_before

_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")


def merge_padding(graph: Graph) -> Graph:
    """The network without such PADs. The graph must have passed `check_operators`.

    A convolution with VALID padding after a PAD becomes one with SAME padding if its windows lie at
    the same places: both read the zero point outside the image.
    """
    pads = {o.outputs[0]: o for o in graph.operators if o.kind == "PAD"}
    operators: list[Operator] = []
    same: dict[int, int] = {}
    for operator in graph.operators:
        inputs = tuple(same.get(tensor, tensor) for tensor in operator.inputs)
        own = replace(operator, inputs=inputs)
        if own.kind == "PAD" and not _amounts(graph, own).any():
            same[own.outputs[0]] = own.inputs[0]
        pad = pads.get(own.inputs[0])
        if pad is not None and _pads_like_same(graph, pad, own):
            source = same.get(pad.inputs[0], pad.inputs[0])
            own = replace(
                own, inputs=(source, *own.inputs[1:]), options={**own.options, "padding": "SAME"}
            )
        operators.append(own)
    read = {tensor for operator in operators for tensor in operator.inputs} | set(graph.outputs)
    kept = tuple(o for o in operators if o.kind != "PAD" or o.outputs[0] in read)
    return graph if len(kept) == len(operators) else replace(graph, operators=kept)


def _amounts(graph: Graph, pad: Operator) -> NDArray[np.int64]:
    """Elements before and after, for each dimension."""
    return np.asarray(data_of(graph.tensors[pad.inputs[1]]), np.int64)


def _pads_like_same(graph: Graph, pad: Operator, convolution: Operator) -> bool:
    """Whether a convolution of the PAD's input with SAME padding has the same windows."""
    if convolution.kind not in _CONVOLUTIONS or convolution.options.get("padding") != "VALID":
        return False
    amounts = _amounts(graph, pad)
    if len(amounts) != 4 or amounts[0].any() or amounts[3].any():
        return False
    image, weights = graph.tensors[pad.inputs[0]], graph.tensors[convolution.inputs[1]]
    output = graph.tensors[convolution.outputs[0]]
    for axis, side in ((1, "h"), (2, "w")):
        stride = integer_option(convolution, f"stride_{side}", 1)
        dilation = integer_option(convolution, f"dilation_{side}_factor", 1)
        window, size = (weights.shape[axis] - 1) * dilation + 1, image.shape[axis]
        before = padding_before(size, window, stride, "SAME")
        if before != amounts[axis][0] or output.shape[axis] != -(-size // stride):
            return False
    return True
