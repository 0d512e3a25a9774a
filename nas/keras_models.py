"""The graphs of all spaces in Keras. Needs TensorFlow: for the worker process alone.

Each builder takes a candidate, the (height, width, channels) of an image, the number of classes,
and a fixed number of images, which the converter needs, or None for any. Its model takes images
(n, h, w, c) in float and gives class probabilities (n, classes).
"""

from typing import Any

from nas import layer_names
from nas.layers import DROPOUT_FRACTION
from nas.space import Candidate, Shape, channels, check_candidate


def build_paper(
    candidate: Candidate, shape: Shape, classes: int, batch_size: int | None = None
) -> Any:
    """The network of a candidate of `paper`, for images 0 to 255.

    Batch normalisation stands before each convolution, as in the published graph, so that it
    cannot be folded into it.
    """
    from keras import layers

    check_candidate(candidate, shape)
    image = _input(shape, batch_size)
    x = layers.Rescaling(1 / 255, name=layer_names.RESCALING)(image)
    for index, kernels in enumerate(channels(candidate)):
        if index > 0:
            x = layers.MaxPooling2D(name=layer_names.pool(index))(x)
        x = layers.BatchNormalization(name=layer_names.batch_norm(index))(x)
        x = layers.Conv2D(
            kernels, 3, padding="same", activation="relu", name=layer_names.conv(index)
        )(x)
    return _finished(image, x, classes)


def build_folded(
    candidate: Candidate, shape: Shape, classes: int, batch_size: int | None = None
) -> Any:
    """The network of a candidate of `folded`, for images 0 to 1.

    Batch normalisation stands after each convolution, so that the converter folds it away.
    """
    return _build_folded(candidate, shape, classes, batch_size, is_separable=False)


def build_separable(
    candidate: Candidate, shape: Shape, classes: int, batch_size: int | None = None
) -> Any:
    """As `build_folded`; the convolutions of cells are a depthwise one and one of 1×1."""
    return _build_folded(candidate, shape, classes, batch_size, is_separable=True)


def _build_folded(
    candidate: Candidate, shape: Shape, classes: int, batch_size: int | None, is_separable: bool
) -> Any:
    from keras import layers

    check_candidate(candidate, shape)
    image = x = _input(shape, batch_size)
    for index, kernels in enumerate(channels(candidate)):
        if index > 0:
            x = layers.MaxPooling2D(name=layer_names.pool(index))(x)
        size = 3
        if index > 0 and is_separable:
            x = layers.DepthwiseConv2D(
                3, padding="same", use_bias=False, name=layer_names.depthwise(index)
            )(x)
            x = layers.BatchNormalization(name=layer_names.depthwise_norm(index))(x)
            x = layers.ReLU(name=layer_names.depthwise_relu(index))(x)
            size = 1
        x = layers.Conv2D(
            kernels, size, padding="same", use_bias=False, name=layer_names.conv(index)
        )(x)
        x = layers.BatchNormalization(name=layer_names.batch_norm(index))(x)
        x = layers.ReLU(name=layer_names.relu(index))(x)
    return _finished(image, x, classes)


def _input(shape: Shape, batch_size: int | None) -> Any:
    from keras import Input

    return Input(shape, batch_size=batch_size, name=layer_names.INPUT)


def _finished(image: Any, x: Any, classes: int) -> Any:
    """The model, with the classifier after its cells."""
    from keras import Model, layers

    x = layers.GlobalAveragePooling2D(name=layer_names.MEAN)(x)
    x = layers.Dropout(DROPOUT_FRACTION, name=layer_names.DROPOUT)(x)
    x = layers.Dense(classes, activation="softmax", name=layer_names.DENSE)(x)
    return Model(image, x, name=layer_names.MODEL)
