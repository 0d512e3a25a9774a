"""Predicts the .tflite of a network that is not trained: its graph and its size. Pure."""

import numpy as np

from codegen.model.graph import Graph
from nas.network.description import Network
from nas.network.int8_graph import Int8Graph, Role, lower
from nas.quantization.folding import Weights
from nas.quantization.quantize import quantize_graph
from nas.quantization.write_tflite import write_tflite
from nas.spaces.converters import TENSORFLOW
from nas.tensorflow.model_size import predict_model_bytes
from nas.tensorflow.names import with_tensorflow_names


def predict_file(network: Network, converter: str) -> tuple[Graph, int]:
    """The graph in the .tflite of a network, without weights, and the bytes of the file.

    Raises:
        ConfigError: The network has no int8 form.
        ModelError: The converter cannot convert it.
    """
    lowered = lower(network)
    if converter == TENSORFLOW:
        graph = with_tensorflow_names(network, lowered)
        return graph, predict_model_bytes(graph)
    # Files of equal shapes have equal sizes, so weights of zero give the size of the trained file.
    ranges = dict.fromkeys(range(len(network.nodes)), (0.0, 1.0))
    return lowered.graph, len(write_tflite(quantize_graph(lowered, _zeros(lowered), ranges)))


def _zeros(lowered: Int8Graph) -> dict[int, Weights]:
    """Weights of each convolution and matrix product, by node."""
    zeros: dict[int, Weights] = {}
    for operator in lowered.graph.operators:
        for index in operator.inputs:
            role, node = lowered.origins[index]
            if role is Role.KERNELS:
                kernels, biases = (
                    np.zeros(lowered.graph.tensors[at].shape, np.float32)
                    for at in operator.inputs[1:3]
                )
                axis = 3 if operator.kind == "DEPTHWISE_CONV_2D" else 0
                zeros[node] = Weights(kernels, biases, axis)
    return zeros
