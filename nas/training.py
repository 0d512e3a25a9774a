"""Trains one Keras model from arrays on disk. Needs TensorFlow: for the worker process alone.

Images stay on disk and pass through in pieces; the loop over batches runs inside the graph, which
costs less than Keras's own loop on networks this small. Everything random is derived from the seed
and the number of the epoch, so that training can stop after any epoch and go on later, to the
same bits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.dataset import Dataset
from nas.space import Candidate
from nas.spaces import build_keras_model
from nas.splits import Split

_PIECE_BYTES = 8 << 20
_PREDICTION_BATCH = 64


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained: Adam on the cross-entropy, without augmentation.

    Attributes:
        epochs: Passes over the training images.
        batch_size: Images in each step.
        learning_rate: Of Adam.
        seed: Of the weights, the order of images and the dropout.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int


class Trainer:
    """A network and its optimizer, between epochs.

    Args:
        space: Name of the search space.
        candidate: The network.
        dataset: Its images.
        recipe: How it is trained.
    """

    def __init__(self, space: str, candidate: Candidate, dataset: Dataset, recipe: Recipe) -> None:
        import keras
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        keras.utils.set_random_seed(recipe.seed)
        self._dataset = dataset
        self._recipe = recipe
        self.model = build_keras_model(space, candidate, dataset.shape, len(dataset.classes))
        self._optimizer = keras.optimizers.Adam(recipe.learning_rate)
        self._optimizer.build(self.model.trainable_variables)
        self._train = _training_function(self.model, self._optimizer, recipe.batch_size)
        self._predict = prediction_function(self.model)

    @property
    def state(self) -> list[NDArray[Any]]:
        """Everything that training changes; of `weights`, the optimizer and the dropout."""
        return [np.asarray(v) for v in (*self.model.variables, *self._optimizer.variables)]

    @state.setter
    def state(self, arrays: list[NDArray[Any]]) -> None:
        variables = (*self.model.variables, *self._optimizer.variables)
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)

    @property
    def weights(self) -> list[NDArray[Any]]:
        """What the network needs for inference."""
        return [np.asarray(weight) for weight in self.model.get_weights()]

    def train_epoch(self, epoch: int) -> None:
        """Pass over the training images once, in the order of this epoch."""
        images = self._dataset.images(Split.TRAIN)
        labels = self._dataset.labels(Split.TRAIN)
        order = np.random.default_rng((self._recipe.seed, epoch)).permutation(len(labels))
        batches = max(1, _PIECE_BYTES // (images[0].nbytes * self._recipe.batch_size))
        for piece in _pieces(len(order), batches * self._recipe.batch_size):
            self._train(images[order[piece]], labels[order[piece]])

    def accuracy(self, split: Split) -> float:
        """Fraction of the images of a part whose most probable class is the right one."""
        images, labels = self._dataset.images(split), self._dataset.labels(split)
        correct = 0
        for piece in _pieces(len(labels), _PREDICTION_BATCH):
            predicted = np.asarray(self._predict(images[piece])).argmax(axis=1)
            correct += int((predicted == labels[piece]).sum())
        return correct / len(labels)


def _pieces(count: int, length: int) -> Iterator[slice]:
    for first in range(0, count, length):
        yield slice(first, min(first + length, count))


def prediction_function(model: Any) -> Any:
    """Class probabilities of uint8 images (n, h, w, c), as a compiled function."""
    import tensorflow as tf

    def predict(images: Any) -> Any:
        return model(tf.cast(images, tf.float32), training=False)

    batch = tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)
    return tf.function(predict, input_signature=[batch], autograph=False)


def _training_function(model: Any, optimizer: Any, batch_size: int) -> Any:
    """A compiled function that takes a step for each batch of the images it is given."""
    import keras
    import tensorflow as tf

    def step(images: Any, labels: Any) -> None:
        with tf.GradientTape() as tape:
            probabilities = model(tf.cast(images, tf.float32), training=True)
            loss = tf.reduce_mean(
                keras.losses.sparse_categorical_crossentropy(labels, probabilities)
            )
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)

    def train(images: Any, labels: Any) -> None:
        for first in tf.range(0, tf.shape(labels)[0], batch_size):
            step(images[first : first + batch_size], labels[first : first + batch_size])

    piece = tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)
    return tf.function(train, input_signature=[piece, tf.TensorSpec((None,), tf.int32)])
