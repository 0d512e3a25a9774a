"""A .tflite file for a graph that has no weights yet: random ones, scales as many as expected."""

import numpy as np
import tflite

from benchmarks.tflite_builder import ModelBuilder
from codegen.model.graph import DType, Graph, Operator, Tensor

_NUMBERS = {
    "mode": tflite.MirrorPadMode,
    "padding": tflite.Padding,
    "fused_activation_function": tflite.ActivationFunctionType,
    "weights_format": tflite.FullyConnectedOptionsWeightsFormat,
}
_SCALE = 0.05


def graph_file(graph: Graph, seed: int = 0, largest: int = 100) -> bytes:
    """The bytes of a model with the tensors and operators of a graph, in their order.

    Weights are random below `largest`, unless they are known.
    """
    rng = np.random.default_rng(seed)
    builder = ModelBuilder()
    for index, tensor in enumerate(graph.tensors):
        _add_tensor(builder, graph, index, tensor, rng, largest)
    for operator in graph.operators:
        builder.operator(operator.kind, operator.inputs, operator.outputs, **options(operator))
    return builder.build(graph.inputs, graph.outputs)


def _add_tensor(
    builder: ModelBuilder,
    graph: Graph,
    index: int,
    tensor: Tensor,
    rng: np.random.Generator,
    largest: int,
) -> None:
    scales = [_SCALE] * tensor.scale_count or None
    if not tensor.is_constant:
        is_probability = any(o.kind == "SOFTMAX" and index in o.outputs for o in graph.operators)
        scale, zero_point = (1 / 256, -128) if is_probability else (_SCALE, 0)
        builder.activation(tensor.shape, scale if scales else None, zero_point, tensor.dtype.value)
        return
    data = rng.integers(-largest, largest, tensor.shape).astype(tensor.dtype.value)
    if tensor.data is not None:
        data = tensor.data
    reader = next(o for o in graph.operators if index in o.inputs)
    if reader.kind == "MEAN":
        data = np.array([1, 2], np.int32)
    is_depthwise_kernel = reader.kind == "DEPTHWISE_CONV_2D" and len(tensor.shape) == 4
    if scales and tensor.dtype is DType.INT32:
        # A bias has the scale of the products, or TensorFlow Lite Micro refuses it.
        scales = [_SCALE * _SCALE] * len(scales)
    builder.constant(data, scales, 0, 3 if is_depthwise_kernel else 0)


def options(operator: Operator) -> dict[str, int | float | bool]:
    """The options of an operator, enumerations as numbers."""
    return {
        name: getattr(_NUMBERS[name], value) if isinstance(value, str) else value
        for name, value in operator.options.items()
    }
