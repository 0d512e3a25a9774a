"""TensorFlow's converter to int8. Needs TensorFlow: for the worker process alone."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def convert_int8(model: Any, images: NDArray[np.uint8], scale: float, ports: str) -> bytes:
    """The .tflite of a Keras model, int8 inside.

    Args:
        model: Takes one float image.
        images: (n, h, w, c) representative images.
        scale: From a byte to the model's input.
        ports: Type of input and output, `uint8` or `int8`.
    """
    import tensorflow as tf

    def representative() -> Iterator[list[NDArray[np.float32]]]:
        for image in images:
            yield [image[np.newaxis].astype(np.float32) * np.float32(scale)]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.as_dtype(ports)
    converter.inference_output_type = tf.as_dtype(ports)
    return bytes(converter.convert())
