"""A .tflite as LiteRT takes it, where a converter named a dimension that a tensor has not. Pure."""

import struct

import tflite

_QUANTIZED_DIMENSION = 16
"""Slot of the field. Source: TFLite's schema.fbs; slot = 4 + 2 · id."""


def with_possible_dimensions(content: bytes) -> bytes:
    """The same model, in which the scales of each tensor of rank 1 lie along its dimension 0.

    Some converters give a bias, of rank 1, the dimension along which the scales of its weights lie,
    such as 3. There is one dimension only, so that only it can be meant; TensorFlow Lite Micro
    never looks, LiteRT refuses the model.

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
