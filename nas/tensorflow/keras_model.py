"""Builds networks in Keras. Imports TensorFlow: only for the worker process."""

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
        network: The network. Its images are 0 to 255 if it rescales, else 0 to 1.
        batch_size: Fixed number of images, which the converter needs; None for any.
    """
    from keras import Input, Model

    names, only_readers = layer_names(network), _only_readers(network)
    values: list[Any] = []
    for index, node in enumerate(network.nodes):
        operation = node.operation
        if isinstance(operation, Image):
            values.append(Input(operation.shape, batch_size=batch_size, name=names[index]))
            continue
        inputs = [values[source] for source in node.inputs]
        source = node.inputs[0]
        if _has_activation(network.nodes[source].operation, only_readers[source]):
            values.append(inputs[0])
            continue
        after = only_readers[index]
        layer = _layer(operation, names[index], after)
        values.append(layer(inputs if len(inputs) > 1 else inputs[0]))
    return Model(values[0], values[-1], name=MODEL)


def set_parameters(model: Any, network: Network, flat: NDArray[np.float32]) -> None:
    """Set the parameters of a model, given in the order of the trainer."""
    for name, own in zip(layer_names(network), split_parameters(flat, network), strict=True):
        if own:
            model.get_layer(name).set_weights(own)


def _only_readers(network: Network) -> list[Operation | None]:
    """For each node, the only operation that reads it; None if there are several or none."""
    return [network.nodes[own[0]].operation if len(own) == 1 else None for own in network.readers()]


def _has_activation(operation: Operation, after: Operation | None) -> bool:
    """Whether the Keras layer of an operation can contain the next one as its activation."""
    if isinstance(operation, Convolution | DepthwiseConvolution):
        return operation.has_bias and isinstance(after, Relu) and after.highest is None
    return isinstance(operation, Dense) and isinstance(after, Softmax)


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
        activation = "softmax" if _has_activation(operation, after) else None
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
