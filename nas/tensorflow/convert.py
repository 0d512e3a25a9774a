"""Converts to int8 with TensorFlow. Imports TensorFlow: only for the worker process."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nas.network.description import Network
from nas.tensorflow.keras_model import build_keras_model, set_parameters


def convert_int8(
    network: Network, parameters: NDArray[np.float32], images: NDArray[np.uint8]
) -> bytes:
    """The .tflite of a trained network, int8 inside; uint8 in and out if it rescales.

    Args:
        network: The network.
        parameters: All parameters, flat, in the order of the trainer.
        images: Representative images, shape (n, h, w, c).
    """
    import tensorflow as tf

    model = build_keras_model(network, batch_size=1)
    set_parameters(model, network, parameters)

    def representative() -> Iterator[list[NDArray[np.float32]]]:
        for image in images:
            yield [image[np.newaxis].astype(np.float32) * np.float32(network.image_scale)]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    ports = tf.uint8 if network.has_rescaling else tf.int8
    converter.inference_input_type = ports
    converter.inference_output_type = ports
    return bytes(converter.convert())
