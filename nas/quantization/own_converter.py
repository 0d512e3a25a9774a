"""Converts trained networks to int8 without TensorFlow: by our own trainer and writer."""

import numpy as np
from numpy.typing import NDArray

from nas.network.description import Network
from nas.network.int8_graph import lower
from nas.quantization.folding import fold_layers
from nas.quantization.quantize import quantize_graph
from nas.quantization.write_tflite import write_tflite
from nas.trainer.network import TrainableNetwork


def convert(
    network: Network,
    parameters: NDArray[np.float32],
    images: NDArray[np.uint8],
    order: NDArray[np.int64] | None = None,
) -> bytes:
    """The .tflite of a trained network.

    Args:
        network: What was trained.
        parameters: All of them, flat, as the trainer has them.
        images: (n, h, w, c), for which the ranges of the activations are measured; may be mapped.
        order: Indices of those that count; all if None.

    Raises:
        ModelError: Parameters are no numbers.
    """
    with TrainableNetwork(network) as trainable:
        measured = trainable.ranges(parameters, images, order)
    ranges = {
        node: (float(own[:, 0].min()), float(own[:, 1].max())) for node, own in measured.items()
    }
    return write_tflite(quantize_graph(lower(network), fold_layers(network, parameters), ranges))
