"""FULLY_CONNECTED of many vectors as a 1×1 convolution, which multiplies four at once. Pure.

TFLite-Micro scales both in the same way, so the outputs are the same.
"""

from dataclasses import replace

import numpy as np

from codegen.model.graph import Graph, Operator, Tensor
from codegen.model.operator_options import Options
from codegen.operators.channels import PATCH_GROUP
from codegen.operators.convolution_memory import CONVOLUTION_MEMORY, SCRATCH_BYTES_PER_GROUP
from codegen.operators.memory import Memory

_FEWEST = 2 * PATCH_GROUP
"""Rows, or columns, of a matrix below which a convolution saves less than a tenth."""
_OPTIONS: Options = {"padding": "VALID", "stride_h": 1, "stride_w": 1}


def as_convolution(graph: Graph, operator: Operator) -> tuple[Graph, Operator] | None:
    """The graph in which a FULLY_CONNECTED is a convolution, and that; None if it stays as it is.

    Each vector is a pixel of an image of one row. The patches that a convolution needs besides must
    take no more bytes than it saves by writing the output over the input: then the arena does not
    grow, and there are nine vectors or more.
    """
    tensors = list(graph.tensors)
    source, weights = (tensors[index] for index in operator.inputs[:2])
    output = tensors[operator.outputs[0]]
    if graph.rounding != "tflm" or len(weights.shape) != 2 or min(weights.shape) < _FEWEST:
        return None
    rows, columns = weights.shape
    vectors, left = divmod(source.element_count, columns)
    scratch_bytes = SCRATCH_BYTES_PER_GROUP * -(-columns // PATCH_GROUP)
    if vectors * min(rows, columns) < scratch_bytes or left or _has_zero_point(weights):
        return None
    if output.element_count != vectors * rows or operator.outputs[0] in operator.inputs:
        return None
    tensors[operator.inputs[0]] = replace(source, shape=(1, 1, vectors, columns))
    tensors[operator.outputs[0]] = replace(output, shape=(1, 1, vectors, rows))
    shape = (rows, 1, 1, columns)
    data = None if weights.data is None else np.reshape(weights.data, shape)
    tensors[operator.inputs[1]] = replace(weights, shape=shape, data=data)
    activation = operator.options.get("fused_activation_function", "NONE")
    options: Options = {**_OPTIONS, "fused_activation_function": activation}
    convolution = replace(operator, kind="CONV_2D", options=options)
    return replace(graph, tensors=tuple(tensors)), convolution


def _has_zero_point(weights: Tensor) -> bool:
    return weights.quantization is not None and any(weights.quantization.zero_points)


def _scratch_bytes(graph: Graph, operator: Operator) -> int:
    own = as_convolution(graph, operator)
    return 0 if own is None else CONVOLUTION_MEMORY.scratch_bytes(*own)


def _overlap_bytes(graph: Graph, operator: Operator) -> int | None:
    own = as_convolution(graph, operator)
    return None if own is None else CONVOLUTION_MEMORY.overlap_bytes(*own)


VECTORS_MEMORY = Memory(False, _scratch_bytes, _overlap_bytes)
"""Of FULLY_CONNECTED."""
