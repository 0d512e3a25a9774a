"""Placeholders for the unknown weights and scales of a candidate. Pure."""

from dataclasses import replace

import numpy as np

from codegen.model.graph import DType, Graph, Quantization, Tensor


def with_placeholders(graph: Graph) -> Graph:
    """A network that can be lowered: unknown weights and scales are replaced by placeholders.

    The size of the generated code depends only on shapes.
    """
    return replace(graph, tensors=tuple(_with_placeholder(tensor) for tensor in graph.tensors))


def _with_placeholder(tensor: Tensor) -> Tensor:
    changed = tensor
    if tensor.is_constant and tensor.data is None:
        changed = replace(changed, data=np.zeros(tensor.shape, tensor.dtype.value))
    if tensor.quantization is None and tensor.dtype in (DType.INT8, DType.UINT8):
        count = max(tensor.expected_scales, 1)
        axis = tensor.shape.index(count) if count > 1 and count in tensor.shape else 0
        changed = replace(changed, quantization=Quantization((0.01,) * count, (0,) * count, axis))
    return changed
