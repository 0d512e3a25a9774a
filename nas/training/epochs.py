"""Trains one network from arrays on disk. Needs no TensorFlow.

Images stay on disk and are read as they are needed. Everything random is derived from the seed, the
epoch and the number of the step, so that training can stop after any epoch and go on later, to
the same bits.
"""

from dataclasses import dataclass
from math import cos, pi
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from firmware.errors import ConfigError, DivergedError
from nas.data.dataset import Dataset
from nas.data.splits import Split
from nas.network.description import Network
from nas.network.parameters import initial_parameters, split_parameters
from nas.trainer.network import Augmentation, TrainableNetwork
from nas.trainer.program import LANES

SCHEDULES = ("constant", "cosine")
_WARM_UP = 0.02
"""Share of all steps in which the learning rate rises, with `cosine`."""


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """How a network is trained: Adam on the cross-entropy.

    Attributes:
        epochs: Passes over the training images.
        batch_size: Images in each step, a multiple of 16.
        learning_rate: Of Adam, the highest.
        seed: Of the weights, the order of images, the dropout and the augmentation.
        schedule: One of `SCHEDULES`: the learning rate stays, or falls to 0 along a cosine.
        smoothing: Share of a label that goes to all classes alike.
        flip: Chance that an image is mirrored.
        shift: Rows and columns by which an image is moved at most.
        part: Images that go through the network together, a multiple of 16 that divides the
            batch; the whole batch where it is 0. Normalisation sees a part at a time.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    schedule: str = "constant"
    smoothing: float = 0.0
    flip: float = 0.0
    shift: int = 0
    part: int = 0

    def __post_init__(self) -> None:
        part = self.images_together
        if part < LANES or part % LANES or self.batch_size % part:
            raise ConfigError(
                f"batches of {self.batch_size} in parts of {part} images: both must be multiples "
                f"of {LANES}, and the part must divide the batch"
            )
        if self.schedule not in SCHEDULES:
            raise ConfigError(
                f"unknown schedule {self.schedule!r}; known schedules: {', '.join(SCHEDULES)}"
            )

    @property
    def images_together(self) -> int:
        """Images that go through the network at a time."""
        return self.part or self.batch_size


class Trainer:
    """A network and its optimizer, between epochs; a context manager.

    Args:
        network: What is trained.
        dataset: Its images.
        recipe: How it is trained.
        threads: That work side by side; the result does not depend on it.

    Raises:
        BuildError: The trainer was not compiled before.
        ConfigError: The trainer does not know such a network.
        HostMemoryError: Memory is short.
    """

    def __init__(
        self, network: Network, dataset: Dataset, recipe: TrainingRecipe, threads: int = 1
    ) -> None:
        self.network, self._dataset, self._recipe = network, dataset, recipe
        # Before the network takes its memory: it then takes what the first weights leave behind.
        parameters = initial_parameters(self.network, recipe.seed)
        self.state: NDArray[np.float32] = np.zeros((3, len(parameters)), np.float32)
        self.state[0] = parameters
        del parameters
        self._trained = TrainableNetwork(self.network, recipe.images_together, threads)
        self._images = dataset.images(Split.TRAIN)
        self._labels = dataset.labels(Split.TRAIN)
        self._steps = max(1, len(self._labels) // recipe.batch_size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._trained.__exit__(kind, error, trace)

    @property
    def weights(self) -> list[NDArray[np.float32]]:
        """Parameters as arrays of their shapes, node by node."""
        split = split_parameters(self.state[0].copy(), self.network)
        return [array for own in split for array in own]

    def train_epoch(self, epoch: int) -> float:
        """Pass over the training images once, in the order of this epoch; gives the mean loss.

        Images that do not fill a batch are left out, other ones in each epoch.

        Raises:
            DivergedError: The loss or a parameter is no finite number any more.
        """
        recipe = self._recipe
        order = np.random.default_rng((recipe.seed, epoch)).permutation(len(self._labels))
        first = epoch * self._steps
        try:
            return self._trained.train(
                self.state,
                self._images,
                self._labels,
                np.resize(order, self._steps * recipe.batch_size).astype(np.int64),
                first,
                self._rates(first),
                recipe.seed,
                recipe.batch_size // recipe.images_together,
                Augmentation(recipe.smoothing, recipe.flip, recipe.shift),
            )
        except DivergedError as error:
            raise DivergedError(f"training diverged in epoch {epoch + 1}") from error

    def _rates(self, first: int) -> NDArray[np.float32]:
        recipe = self._recipe
        if recipe.schedule == "constant":
            return np.full(self._steps, recipe.learning_rate, np.float32)
        total = self._steps * recipe.epochs
        warm_up = max(1.0, _WARM_UP * total)
        return np.array(
            [
                recipe.learning_rate * min((step + 1) / warm_up, 0.5 * (1 + cos(pi * step / total)))
                for step in range(first, first + self._steps)
            ],
            np.float32,
        )

    def accuracy(self, split: Split, weights: list[NDArray[np.float32]] | None = None) -> float:
        """Fraction of the images of a part whose most probable class is the right one.

        Args:
            split: The part.
            weights: Other weights than those reached.
        """
        return float((self.answers(split, weights) == self._dataset.labels(split)).mean())

    def answers(
        self, split: Split, weights: list[NDArray[np.float32]] | None = None
    ) -> NDArray[np.int64]:
        """(n,) the most probable class of each image of a part.

        Args:
            split: The part.
            weights: Other weights than those reached.
        """
        parameters = self.state[0]
        if weights is not None:
            parameters = np.concatenate([own.ravel() for own in weights])
        probabilities = self._trained.predict(parameters, self._dataset.images(split))
        answers: NDArray[np.int64] = probabilities.argmax(axis=1)
        return answers
