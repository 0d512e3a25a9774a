"""Loss, gradients and probabilities of a network in Keras, in float64. Needs TensorFlow.

The model is built here again, node by node, and not with the project's own models, so that the
trainer is compared with code that shares only the description with it. In float64, because
Keras's own rounding in float32 is up to 1,000 times that of the trainer: it computes a variance
as the difference of two means, and rounding decides which of two nearly equal pixels is pooled.
"""

import pickle
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

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


def gradients(arguments: dict[str, Any], _: object) -> dict[str, Any]:
    """Loss, gradients and probabilities of a batch, without dropout; a task of a worker.

    Arguments: `network` (file of the pickled network), `batch` (.npz: `images`, `labels`,
    `parameters`), `out` (.npz to write: `loss`, `gradients`, `probabilities`, and `after`, the
    parameters with the moving means and variances as the step leaves them).
    """
    import keras
    import tensorflow as tf

    keras.config.set_dtype_policy("float64")
    network = pickle.loads(Path(arguments["network"]).read_bytes())  # noqa: S301 (the test's own)
    with np.load(arguments["batch"]) as batch:
        labels, parameters = batch["labels"], batch["parameters"]
        images = batch["images"] * network.image_scale
    model, layers = build(network)
    for layer, own in zip(layers, split_parameters(parameters, network), strict=True):
        layer.set_weights(
            [array.reshape(w.shape) for array, w in zip(own, layer.weights, strict=True)]
        )
    probabilities = np.asarray(model(images, training=False))
    with tf.GradientTape() as tape:
        predicted = model(images, training=True)
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, predicted))
    # Trained ones come first in each layer; those that move by themselves have no gradient.
    found = iter(tape.gradient(loss, [v for layer in layers for v in layer.trainable_variables]))
    flat = [
        np.ravel(next(found))
        if any(v is own for own in layer.trainable_variables)
        else np.zeros(prod(v.shape))
        for layer in layers
        for v in layer.weights
    ]
    assert predicted.dtype == "float64"
    after = [np.ravel(weight) for layer in layers for weight in layer.get_weights()]
    np.savez(
        arguments["out"],
        loss=float(loss),
        gradients=np.concatenate(flat),
        probabilities=probabilities,
        after=np.concatenate(after),
    )
    return {}


def build(network: Network) -> tuple[Any, list[Any]]:
    """The model, and the layer of each node in the order of the nodes."""
    import keras

    results: list[Any] = []
    layers: list[Any] = []
    for node in network.nodes:
        layer = _layer(node.operation)
        layers.append(layer)
        inputs = [results[source] for source in node.inputs]
        if isinstance(node.operation, Image):
            results.append(layer.output)
        elif isinstance(node.operation, Softmax):
            results.append(layer(keras.layers.Flatten()(inputs[0])))
        else:
            results.append(layer(inputs if len(inputs) > 1 else inputs[0]))
    return keras.Model(results[0], results[-1]), layers


def _layer(operation: Operation) -> Any:  # noqa: C901 (a table)
    from keras import layers

    match operation:
        case Image(shape):
            return layers.InputLayer(shape=shape)
        case Rescaling():
            return layers.Rescaling(1 / 255)
        case Convolution(channels, kernel, stride, has_bias):
            return layers.Conv2D(channels, kernel, stride, "same", use_bias=has_bias)
        case DepthwiseConvolution(kernel, stride, has_bias):
            return layers.DepthwiseConv2D(kernel, stride, "same", use_bias=has_bias)
        case Normalisation():
            return layers.BatchNormalization()
        case Relu(highest):
            return layers.ReLU(max_value=highest)
        case Addition():
            return layers.Add()
        case MaxPooling(size):
            return layers.MaxPooling2D(size)
        case AveragePooling(size):
            return layers.AveragePooling2D(size)
        case Mean():
            return layers.GlobalAveragePooling2D(keepdims=True)
        case Dropout():
            return layers.Dropout(0.0)
        case Dense(channels):
            return layers.Dense(channels)
        case Softmax():
            return layers.Softmax()
