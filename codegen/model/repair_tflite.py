"""Repairs a .tflite for LiteRT if a tensor's quantized dimension does not exist. Pure."""

import struct

import tflite

_QUANTIZED_DIMENSION = 16
"""Slot of the field. Source: TFLite's schema.fbs; slot = 4 + 2 · id."""


def with_possible_dimensions(content: bytes) -> bytes:
    """The same model, in which the scales of each tensor of rank 1 lie along its dimension 0.

    Some converters give a bias, which has rank 1, the quantized dimension of its weights, such as
    3. A bias has only one dimension, so dimension 0 must be meant. TensorFlow Lite Micro ignores
    the value, but LiteRT rejects the model.

    Args:
        content: A model that `parse_tflite` reads.
    """
    repaired = bytearray(content)
    subgraph = tflite.Model.GetRootAs(content, 0).Subgraphs(0)
    for index in range(subgraph.TensorsLength()):
        tensor = subgraph.Tensors(index)
        parameters = tensor.Quantization()
        if parameters is None or tensor.ShapeLength() != 1:
            continue
        table = parameters._tab
        offset = table.Offset(_QUANTIZED_DIMENSION)
        if offset and parameters.ScaleLength() > 0 and parameters.QuantizedDimension() != 0:
            struct.pack_into("<i", repaired, table.Pos + offset, 0)
    return bytes(repaired)
