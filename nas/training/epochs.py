"""Trains one network on the images of a dataset. Does not use TensorFlow. I/O.

Images stay on disk and are read when they are needed. All random numbers are derived from the
seed, the epoch and the step, so that a training that is resumed after any epoch gives the same
result to the bit.
"""

from dataclasses import dataclass
from math import cos, pi
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from firmware.errors import ConfigError, DivergedError
from nas.data.dataset import Dataset
from nas.data.splits import Split
from nas.network.description import Network
from nas.network.parameters import initial_parameters, split_parameters
from nas.trainer.network import Augmentation, Taught, TrainableNetwork
from nas.trainer.program import LANES

SCHEDULES = ("constant", "cosine")
_WARM_UP = 0.02
"""Fraction of all steps in which the learning rate rises, with the `cosine` schedule."""
_AVERAGED_PART = 0.5
"""Fraction of all steps, at the end, over which weights may be averaged."""


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """The hyperparameters of a training: Adam on the cross-entropy.

    Attributes:
        epochs: Passes over the training images.
        batch_size: Images in each step, a multiple of 16.
        learning_rate: Highest learning rate of Adam.
        seed: Seed of the weights, the order of the images, the dropout and the augmentation.
        schedule: Learning-rate schedule, one of `SCHEDULES`: constant, or a warm-up followed by a
            cosine decay to 0.
        smoothing: Label smoothing: fraction of a label that is spread over all classes.
        flip: Probability that an image is mirrored.
        shift: Largest shift of an image, in rows and in columns.
        part: Images that go through the network at a time, a multiple of 16 that divides the
            batch; 0 for the whole batch. Batch normalisation uses the statistics of a part;
            gradients are added over the parts.
        average: Time constant of an exponential moving average of the weights and of the moving
            statistics, as a fraction of all steps; 0 for no average. It begins with the second
            half of the training. Its values are evaluated and kept instead of the last ones.
            Source: Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging,
            1992; as a moving average: Tarvainen and Valpola, Mean teachers, 2017.
        teacher: SHA-256 of the model of a teacher; empty for none.
        taught: Share of the teacher in the loss, 0 to 1; the labels have the rest.
        temperature: What the logits of both networks are divided by, above 0. Source of the loss:
            Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015.
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
    average: float = 0.0
    teacher: str = ""
    taught: float = 0.0
    temperature: float = 1.0

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
        if not 0 <= self.average <= 1:
            raise ConfigError(f"the average is over {self.average} of the steps, expected 0 to 1")

    @property
    def images_together(self) -> int:
        """Images that go through the network at a time."""
        return self.part or self.batch_size


class Trainer:
    """A network and its optimizer, trained epoch by epoch; a context manager.

    Args:
        network: The network.
        dataset: The images.
        recipe: The hyperparameters.
        threads: Number of threads; the result does not depend on it.
        logits: The logits of the teacher for the training images, (n, classes) as a .npy.

    Raises:
        BuildError: The trainer is not compiled yet.
        ConfigError: The trainer does not support the network.
        HostMemoryError: There is not enough memory.
    """

    def __init__(
        self,
        network: Network,
        dataset: Dataset,
        recipe: TrainingRecipe,
        threads: int = 1,
        logits: Path | None = None,
    ) -> None:
        self.network, self._dataset, self._recipe = network, dataset, recipe
        # Made before the network allocates memory, which then reuses the memory that this frees.
        parameters = initial_parameters(self.network, recipe.seed)
        rows = 4 if recipe.average else 3
        self.state: NDArray[np.float32] = np.zeros((rows, len(parameters)), np.float32)
        self.state[0] = parameters
        del parameters
        self._trained = TrainableNetwork(self.network, recipe.images_together, threads)
        self._images = dataset.images(Split.TRAIN)
        self._labels = dataset.labels(Split.TRAIN)
        self._taught = None
        if logits is not None:
            mapped = np.load(logits, mmap_mode="r")
            if len(mapped) != len(self._labels):
                raise ConfigError(
                    f"the teacher speaks of {len(mapped):,} training images, there are "
                    f"{len(self._labels):,}"
                )
            self._taught = Taught(mapped, recipe.taught, recipe.temperature)
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
    def _evaluated(self) -> NDArray[np.float32]:
        """The parameters that are evaluated: their average, if the recipe has one."""
        parameters: NDArray[np.float32] = self.state[3 if self._recipe.average else 0]
        return parameters

    @property
    def weights(self) -> list[NDArray[np.float32]]:
        """The parameters as arrays in their shapes, node by node; averages, if there are any."""
        split = split_parameters(self._evaluated.copy(), self.network)
        return [array for own in split for array in own]

    def train_epoch(self, epoch: int) -> float:
        """Pass over the training images once; returns the mean loss.

        Images that do not fill a batch are left out; their choice changes with the epoch.

        Args:
            epoch: Number of the epoch, from 0; determines the order of the images.

        Raises:
            DivergedError: The loss or a parameter is no longer finite.
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
                self._shares(first),
                self._taught,
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

    def _shares(self, first: int) -> NDArray[np.float32]:
        """The share by which each step of an epoch moves the average towards the new weights.

        The average is a copy of the weights until averaging begins, then their mean until that
        spans the time constant.
        """
        if not self._recipe.average:
            return np.zeros(0, np.float32)
        total = self._steps * self._recipe.epochs
        span = max(1.0, self._recipe.average * total)
        begin = round((1 - _AVERAGED_PART) * total)
        averaged = np.arange(first - begin, first - begin + self._steps)
        shares: NDArray[np.float32] = (1 / (1 + averaged.clip(0, span - 1))).astype(np.float32)
        return shares

    def accuracy(self, split: Split, weights: list[NDArray[np.float32]] | None = None) -> float:
        """Fraction of the images of a part that are classified correctly.

        Args:
            split: The part.
            weights: Weights to use instead of the current ones.
        """
        return float((self.answers(split, weights) == self._dataset.labels(split)).mean())

    def answers(
        self, split: Split, weights: list[NDArray[np.float32]] | None = None
    ) -> NDArray[np.int64]:
        """The most probable class of each image of a part, shape (n,).

        Args:
            split: The part.
            weights: Weights to use instead of the current ones.
        """
        parameters = self._evaluated
        if weights is not None:
            parameters = np.concatenate([own.ravel() for own in weights])
        probabilities = self._trained.predict(parameters, self._dataset.images(split))
        answers: NDArray[np.int64] = probabilities.argmax(axis=1)
        return answers
