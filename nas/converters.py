"""Who can make the .tflite of a network, and how large it will be. Pure."""

import numpy as np

from codegen.graph import Graph, Operator
from nas.folding import Weights
from nas.model_size import predict_model_bytes
from nas.quantize import WEIGHTED, quantize_graph
from nas.write_tflite import write_tflite

OWN = "own"
"""Ours: small files, no TensorFlow."""
TENSORFLOW = "tensorflow"
"""TensorFlow's, whose files hold names, a signature and metadata besides."""
CONVERTERS = (OWN, TENSORFLOW)


def predict_bytes(graph: Graph, converter: str) -> int:
    """Bytes of the .tflite of a lowered graph, before it is trained and converted."""
    if converter == TENSORFLOW:
        return predict_model_bytes(graph)
    # Equal shapes give files of equal sizes: one of zeros is as large as the trained one.
    weights = [_zeros(graph, operator) for operator in graph.operators if operator.kind in WEIGHTED]
    ranges = [(0.0, 1.0)] * len(graph.operators)
    return len(write_tflite(quantize_graph(graph, weights, ranges)))


def _zeros(graph: Graph, operator: Operator) -> Weights:
    kernels, biases = (
        np.zeros(graph.tensors[index].shape, np.float32) for index in operator.inputs[1:3]
    )
    return Weights(kernels, biases, 3 if operator.kind == "DEPTHWISE_CONV_2D" else 0)
