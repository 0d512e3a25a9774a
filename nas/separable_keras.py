"""The `separable` graph in Keras. Needs TensorFlow: for the worker process alone."""

from typing import Any

from nas import layer_names
from nas.layers import DROPOUT_FRACTION
from nas.space import Candidate, Shape, channels, check_candidate


def build_model(
    candidate: Candidate, shape: Shape, classes: int, batch_size: int | None = None
) -> Any:
    """The network of a candidate: images 0 to 1 in float, (n, h, w, c), to class probabilities.

    The first convolution is a whole one; those of the cells are a depthwise one and one of 1×1.

    Args:
        candidate: Kernels and cells.
        shape: Height, width and channels of an image.
        classes: Probabilities to give.
        batch_size: Fixed number of images, which the converter needs; None for any.
    """
    from keras import Input, Model, layers

    check_candidate(candidate, shape)
    image = x = Input(shape, batch_size=batch_size, name=layer_names.INPUT)
    for index, kernels in enumerate(channels(candidate)):
        size = 3
        if index > 0:
            x = layers.MaxPooling2D(name=layer_names.pool(index))(x)
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
    x = layers.GlobalAveragePooling2D(name=layer_names.MEAN)(x)
    x = layers.Dropout(DROPOUT_FRACTION, name=layer_names.DROPOUT)(x)
    x = layers.Dense(classes, activation="softmax", name=layer_names.DENSE)(x)
    return Model(image, x, name=layer_names.MODEL)
