"""Networks in Keras. Needs TensorFlow: for the worker process alone."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.network.description import (
    Addition,
    AveragePooling,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Dropout,
    Image,
    MaxPooling,
    Mean,
    Network,
    Normalisation,
    Operation,
    Relu,
    Rescaling,
    Softmax,
)
from nas.network.parameters import split_parameters
from nas.tensorflow.names import MODEL, layer_names


def build_keras_model(network: Network, batch_size: int | None = None) -> Any:
    """A Keras model of a network: float images (n, h, w, c) in, probabilities (n, classes) out.

    Args:
        network: What to build. Images are 0 to 255 if it rescales, else 0 to 1.
        batch_size: Fixed number of images, which the converter needs; None for any.
    """
    from keras import Input, Model

    names, readers = layer_names(network), network.readers()
    values: list[Any] = []
    for index, node in enumerate(network.nodes):
        operation = node.operation
        if isinstance(operation, Image):
            values.append(Input(operation.shape, batch_size=batch_size, name=names[index]))
            continue
        inputs = [values[source] for source in node.inputs]
        if _is_part_of_layer(network, index):
            values.append(inputs[0])
            continue
        after = network.nodes[readers[index][0]].operation if len(readers[index]) == 1 else None
        layer = _layer(operation, names[index], after)
        values.append(layer(inputs if len(inputs) > 1 else inputs[0]))
    return Model(values[0], values[-1], name=MODEL)


def set_parameters(model: Any, network: Network, flat: NDArray[np.float32]) -> None:
    """Give a model of a network the parameters that the trainer has, in its order."""
    for name, own in zip(layer_names(network), split_parameters(flat, network), strict=True):
        if own:
            model.get_layer(name).set_weights(own)


def _is_part_of_layer(network: Network, index: int) -> bool:
    """Whether the Keras layer before an operation has it as its activation."""
    node = network.nodes[index]
    before = network.nodes[node.inputs[0]].operation
    if isinstance(node.operation, Softmax):
        return isinstance(before, Dense)
    is_alone = len(network.readers()[node.inputs[0]]) == 1
    return is_alone and isinstance(node.operation, Relu) and _has_activation(before, node.operation)


def _has_activation(operation: Operation, after: Operation | None) -> bool:
    """Whether an operation is a convolution with biases whose ReLU has no limit."""
    is_convolution = isinstance(operation, Convolution | DepthwiseConvolution)
    is_plain = isinstance(after, Relu) and after.highest is None
    return is_plain and is_convolution and getattr(operation, "has_bias", False)


def _layer(operation: Operation, name: str, after: Operation | None) -> Any:
    """The layer of an operation, with the activation that its only reader is."""
    from keras import layers

    if isinstance(operation, Convolution | DepthwiseConvolution):
        options = {
            "strides": operation.stride,
            "padding": "same",
            "activation": "relu" if _has_activation(operation, after) else None,
            "use_bias": operation.has_bias,
            "name": name,
        }
        if isinstance(operation, Convolution):
            return layers.Conv2D(operation.channels, operation.kernel, **options)
        return layers.DepthwiseConv2D(operation.kernel, **options)
    if isinstance(operation, Dense):
        activation = "softmax" if isinstance(after, Softmax) else None
        return layers.Dense(operation.channels, activation=activation, name=name)
    if isinstance(operation, Rescaling):
        return layers.Rescaling(1 / 255, name=name)
    if isinstance(operation, Relu):
        return layers.ReLU(max_value=operation.highest, name=name)
    if isinstance(operation, MaxPooling):
        return layers.MaxPooling2D(operation.size, name=name)
    if isinstance(operation, AveragePooling):
        return layers.AveragePooling2D(operation.size, name=name)
    if isinstance(operation, Dropout):
        return layers.Dropout(operation.rate, name=name)
    plain = {
        Normalisation: layers.BatchNormalization,
        Addition: layers.Add,
        Mean: layers.GlobalAveragePooling2D,
        Softmax: layers.Softmax,
    }
    return plain[type(operation)](name=name)
