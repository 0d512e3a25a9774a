"""Converts trained networks to int8 without TensorFlow: by our own trainer and writer."""

import numpy as np
from numpy.typing import NDArray

from nas.folding import fold_layers
from nas.quantize import activation_ranges, quantize_graph
from nas.space import Candidate
from nas.spaces import find_space
from nas.trainer.network import TrainableNetwork
from nas.write_tflite import write_tflite


def convert(
    space: str,
    candidate: Candidate,
    classes: int,
    parameters: NDArray[np.float32],
    images: NDArray[np.uint8],
    order: NDArray[np.int64] | None = None,
) -> bytes:
    """The .tflite of a trained candidate.

    Args:
        space: Name of its space.
        candidate: The network.
        classes: That it tells apart.
        parameters: All of them, flat, as the trainer has them.
        images: (n, h, w, c), for which the ranges of the activations are measured; may be mapped.
        order: Indices of those that count; all if None.

    Raises:
        ModelError: Parameters are no numbers.
    """
    definition, shape = find_space(space), images.shape[1:]
    layers = definition.layers(candidate, shape, classes)
    with TrainableNetwork(definition.network(candidate, shape, classes)) as network:
        found = network.ranges(parameters, images, order)
    ranges = activation_ranges(layers, list(found.values()))
    graph = definition.lower(candidate, shape, classes)
    return write_tflite(quantize_graph(graph, fold_layers(layers, parameters, shape[2]), ranges))
