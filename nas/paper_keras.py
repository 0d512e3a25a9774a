"""The `paper` graph in Keras. Needs TensorFlow: for the worker process alone."""

from typing import Any

from nas import layer_names
from nas.space import Candidate, Shape, channels, check_candidate

_DROPOUT_FRACTION = 0.5


def build_model(
    candidate: Candidate, shape: Shape, classes: int, batch_size: int | None = None
) -> Any:
    """The network of a candidate: images 0 to 255 in float, (n, h, w, c), to class probabilities.

    Batch normalisation stands before each convolution, as in the published graph, so that it
    cannot be folded into it.

    Args:
        candidate: Kernels and cells.
        shape: Height, width and channels of an image.
        classes: Probabilities to give.
        batch_size: Fixed number of images, which the converter needs; None for any.
    """
    from keras import Input, Model, layers

    check_candidate(candidate, shape)
    image = Input(shape, batch_size=batch_size, name=layer_names.INPUT)
    x = layers.Rescaling(1 / 255, name=layer_names.RESCALING)(image)
    for index, kernels in enumerate(channels(candidate)):
        if index > 0:
            x = layers.MaxPooling2D(name=layer_names.pool(index))(x)
        x = layers.BatchNormalization(name=layer_names.batch_norm(index))(x)
        x = layers.Conv2D(
            kernels, 3, padding="same", activation="relu", name=layer_names.conv(index)
        )(x)
    x = layers.GlobalAveragePooling2D(name=layer_names.MEAN)(x)
    x = layers.Dropout(_DROPOUT_FRACTION, name=layer_names.DROPOUT)(x)
    x = layers.Dense(classes, activation="softmax", name=layer_names.DENSE)(x)
    return Model(image, x, name=layer_names.MODEL)
