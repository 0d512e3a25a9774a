"""Leaves out the PADs that pad nothing, or what the next operator pads itself. Pure."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import Graph, Operator
from codegen.operators.pad import PADS, pad_value
from codegen.operators.support import (
    data_of,
    has_rows,
    integer_option,
    output_limits,
    zero_point_of,
)
from codegen.operators.window_side import EXPLICIT, dilated_window, padding_before

_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_FILTER = ("height", "width")


def merge_padding(graph: Graph) -> Graph:
    """The network without such PADs. The graph must have passed `check_operators`.

    A convolution reads the zero point outside the image, and MAX_POOL_2D ignores what lies there.
    The operator after a PAD of such values gets the PAD's margins as its own.
    """
    pads = {o.outputs[0]: o for o in graph.operators if o.kind in PADS}
    operators: list[Operator] = []
    same: dict[int, int] = {}
    for operator in graph.operators:
        inputs = tuple(same.get(tensor, tensor) for tensor in operator.inputs)
        own = replace(operator, inputs=inputs)
        if own.kind in PADS and not _amounts(graph, own).any():
            same[own.outputs[0]] = own.inputs[0]
        pad = pads.get(own.inputs[0])
        margins = None if pad is None else _margins(graph, pad, own)
        if pad is not None and margins is not None:
            source = same.get(pad.inputs[0], pad.inputs[0])
            own = replace(own, inputs=(source, *own.inputs[1:]), options={**own.options, **margins})
        operators.append(own)
    read = {tensor for operator in operators for tensor in operator.inputs} | set(graph.outputs)
    kept = tuple(o for o in operators if o.kind not in PADS or o.outputs[0] in read)
    return graph if len(kept) == len(operators) else replace(graph, operators=kept)


def _amounts(graph: Graph, pad: Operator) -> NDArray[np.int64]:
    """Elements before and after, for each dimension."""
    return np.asarray(data_of(graph.tensors[pad.inputs[1]]), np.int64)


def _window(graph: Graph, pad: Operator, operator: Operator) -> tuple[int, int] | None:
    """Rows and columns of the windows of an operator that pads like a PAD; None for others.

    The largest of a window stays the same without values that its activation raises to its lowest
    output.
    """
    value, image = pad_value(graph, pad), graph.tensors[pad.outputs[0]]
    if operator.kind in _CONVOLUTIONS and value == zero_point_of(image):
        _, height, width, _ = graph.tensors[operator.inputs[1]].shape
        return dilated_window(operator, (height, width))
    if operator.kind == "MAX_POOL_2D" and value <= output_limits(operator, image)[0]:
        height, width = (integer_option(operator, f"filter_{own}", 0) for own in _FILTER)
        return height, width
    return None


def _margins(graph: Graph, pad: Operator, operator: Operator) -> dict[str, int | str] | None:
    """The options by which an operator on the PAD's input has the same windows.

    None if there are none, or if a window would lie outside the image: kernels read some of it.
    """
    amounts, image = _amounts(graph, pad), graph.tensors[pad.inputs[0]]
    window = _window(graph, pad, operator) if has_rows(image) else None
    if window is None or amounts[0].any() or amounts[3].any():
        return None
    padded, output = graph.tensors[pad.outputs[0]], graph.tensors[operator.outputs[0]]
    options: dict[str, int | str] = {"padding": EXPLICIT}
    for axis, side in enumerate("hw", 1):
        size, own = image.shape[axis], window[axis - 1]
        before = padding_before(operator, side, padded.shape[axis], own) + int(amounts[axis][0])
        last = (output.shape[axis] - 1) * integer_option(operator, f"stride_{side}", 1) - before
        if before >= own or last >= size:
            return None
        options |= {f"before_{side}": before, f"after_{side}": max(0, last + own - size)}
    return options
