"""Converts trained networks to int8 with our own trainer and writer, without TensorFlow."""

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
        network: The network.
        parameters: All parameters, flat, in the order of the trainer.
        images: Images for the calibration, shape (n, h, w, c); may be a memory map.
        order: Indices of the images to use; None for all.

    Raises:
        ModelError: Parameters are not finite.
    """
    with TrainableNetwork(network) as trainable:
        measured = trainable.ranges(parameters, images, order)
    ranges = {
        node: (float(own[:, 0].min()), float(own[:, 1].max())) for node, own in measured.items()
    }
    return write_tflite(quantize_graph(lower(network), fold_layers(network, parameters), ranges))
