"""The `folded` graph in Keras. Needs TensorFlow: for the worker process alone."""

from typing import Any

from nas import layer_names
from nas.layers import DROPOUT_FRACTION
from nas.space import Candidate, Shape, channels, check_candidate


def build_model(
    candidate: Candidate, shape: Shape, classes: int, batch_size: int | None = None
) -> Any:
    """The network of a candidate: images 0 to 1 in float, (n, h, w, c), to class probabilities.

    Batch normalisation stands after each convolution, so that the converter folds it away.

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
        if index > 0:
            x = layers.MaxPooling2D(name=layer_names.pool(index))(x)
        x = layers.Conv2D(kernels, 3, padding="same", use_bias=False, name=layer_names.conv(index))(
            x
        )
        x = layers.BatchNormalization(name=layer_names.batch_norm(index))(x)
        x = layers.ReLU(name=layer_names.relu(index))(x)
    x = layers.GlobalAveragePooling2D(name=layer_names.MEAN)(x)
    x = layers.Dropout(DROPOUT_FRACTION, name=layer_names.DROPOUT)(x)
    x = layers.Dense(classes, activation="softmax", name=layer_names.DENSE)(x)
    return Model(image, x, name=layer_names.MODEL)
