"""A network in the trainer, with NumPy arrays as its interface."""

import ctypes
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from firmware.errors import ConfigError, DivergedError
from nas.network.description import Network
from nas.network.shapes import output_shapes
from nas.trainer.library import (
    Array,
    NetworkStatus,
    Source,
    StepSettings,
    TeacherLogits,
    load_library,
)
from nas.trainer.measure import check_status, groups_of, measure
from nas.trainer.program import LANES, program_of

_SCALE = 1 / 255
"""Scale from a byte to the network's input, whether or not the network scales images itself."""
_REASONS = {
    NetworkStatus.SIZE: "an array is too short",
    NetworkStatus.IMAGE: "the order contains an image that does not exist",
    NetworkStatus.LABEL: "a label is not one of the classes",
    NetworkStatus.SETTINGS: "smoothing and flip must be 0 to 1, shift 0 to 32,767, accumulated at "
    "least 1, shares 0 to 1, a temperature above 0",
}
_NO_SHARES: NDArray[np.float32] = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Regularisation during training.

    Attributes:
        smoothing: Fraction of a label that is spread over all classes.
        flip: Probability that an image is mirrored.
        shift: Maximum rows and columns by which an image is shifted.
    """

    smoothing: float = 0.0
    flip: float = 0.0
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Taught:
    """What a teacher says of the images of a training.

    Attributes:
        logits: (n, classes), a row for each image; may be mapped.
        share: Share of the teacher in the loss, 0 to 1; the labels have the rest.
        temperature: What its logits and those of the network are divided by, above 0.
    """

    logits: NDArray[np.float32]
    share: float
    temperature: float


class TrainableNetwork:
    """A network in the trainer. A context manager, because Python does not manage its memory.

    Args:
        network: The network. Nodes are computed in its order.
        batch_size: Images of a part of a batch, a multiple of `LANES`.
        threads: Number of threads, at most one for each `LANES` images. Results do not depend on
            it.

    Raises:
        BuildError: The trainer is not compiled, or cannot be loaded.
        ConfigError: The trainer does not support the network. The message names the node.
        HostMemoryError: There is not enough memory.
    """

    def __init__(self, network: Network, batch_size: int = LANES, threads: int = 1) -> None:
        self._handle = None
        self._library = load_library()
        self.network = network
        self.shapes = output_shapes(network)
        self.classes = self.shapes[-1][2]
        self.part = batch_size
        self.parameter_count = measure(network, batch_size).parameters
        self._program = program_of(network)
        status, refused = ctypes.c_int32(), ctypes.c_int32()
        self._handle = self._library.network_create(
            self._program.rows,
            len(self._program.rows),
            groups_of(batch_size),
            _SCALE,
            ctypes.byref(status),
            ctypes.byref(refused),
        )
        check_status(status.value, refused.value, network, self._program, batch_size)
        self._library.network_use_threads(self._handle, threads)
        self.size_bytes = int(self._library.network_bytes(self._handle))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._library.network_destroy(self._handle)
        self._handle = None

    def _call(self, function: str, *arguments: Any) -> None:
        """Call a function of the trainer for this network.

        Raises:
            ConfigError: An array is too short, or contains invalid indices.
            DivergedError: A result is not finite.
        """
        if self._handle is None:
            raise ConfigError("the network is closed")
        status = getattr(self._library, function)(self._handle, *arguments)
        if status == NetworkStatus.DIVERGED:
            raise DivergedError("the results of the network are not finite")
        if status != NetworkStatus.OK:
            raise ConfigError(f"invalid arguments for the trainer: {_REASONS[status]}")

    def train(
        self,
        state: NDArray[np.float32],
        images: NDArray[np.uint8],
        labels: NDArray[np.int32],
        order: NDArray[np.int64],
        first_step: int,
        rates: NDArray[np.float32],
        seed: int,
        accumulated: int = 1,
        augmentation: Augmentation = Augmentation(),
        shares: NDArray[np.float32] = _NO_SHARES,
        taught: Taught | None = None,
    ) -> float:
        """Run one step of Adam for each learning rate. Returns the mean loss.

        Args:
            state: (3, parameters): the parameters and Adam's moments, updated in place. With
                shares (4, parameters): the average of the parameters follows.
            images: (n, h, w, c), contiguous; may be mapped.
            labels: (n,).
            order: Indices of images, `part` times `accumulated` for each step.
            first_step: Steps taken before these.
            rates: (steps,) learning rates.
            seed: Of dropout and augmentation.
            accumulated: Parts of a batch, whose gradients are added up.
            augmentation: Changes of images and labels.
            shares: (steps,) the share by which a step moves the average towards the new parameters,
                0 to 1; none if there is no average.
            taught: What a teacher says of the images; None without one.

        Raises:
            ConfigError: An array is too short, or contains invalid indices.
            DivergedError: The loss, a parameter or a moment is not finite.
        """
        loss = ctypes.c_double()
        self._call(
            "network_train",
            Array(state),
            self._source(images, labels, order, taught),
            _settings(augmentation, accumulated, seed),
            first_step,
            Array(rates),
            Array(shares),
            loss,
        )
        return loss.value

    def gradients(
        self,
        parameters: NDArray[np.float32],
        images: NDArray[np.uint8],
        labels: NDArray[np.int32],
        taught: Taught | None = None,
    ) -> tuple[float, NDArray[np.float32]]:
        """The loss of the first `part` images and its gradients.

        Raises:
            ConfigError: There are fewer images.
            DivergedError: The loss or a gradient is not finite.
        """
        gradients = np.zeros(self.parameter_count, np.float32)
        loss = ctypes.c_double()
        self._call(
            "network_gradients",
            Array(parameters),
            self._source(images, labels, np.arange(len(images), dtype=np.int64), taught),
            _settings(Augmentation(), 1, 0),
            Array(gradients),
            loss,
        )
        return loss.value, gradients

    def predict(
        self, parameters: NDArray[np.float32], images: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """Class probabilities (n, classes).

        Raises:
            DivergedError: A parameter or a probability is not finite.
        """
        return self._answers("network_predict", parameters, images)

    def logits(
        self, parameters: NDArray[np.float32], images: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """The values before the softmax (n, classes).

        Raises:
            DivergedError: A parameter or a value is not finite.
        """
        return self._answers("network_logits", parameters, images)

    def _answers(
        self, function: str, parameters: NDArray[np.float32], images: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        order = np.arange(len(images), dtype=np.int64)
        answers = np.zeros((len(images), self.classes), np.float32)
        self._call(function, Array(parameters), self._source(images, None, order), Array(answers))
        return answers

    def ranges(
        self,
        parameters: NDArray[np.float32],
        images: NDArray[np.uint8],
        order: NDArray[np.int64] | None = None,
    ) -> dict[int, NDArray[np.float32]]:
        """Ranges of the nodes' outputs for some images: (channels, 2), lowest and highest value.

        By the index of the node, without the image, its rescaling and the softmax.

        Args:
            parameters: All of them, flat.
            images: (n, h, w, c), contiguous; may be mapped.
            order: Indices of the images to use; all if None.

        Raises:
            DivergedError: A parameter or a value is not finite.
        """
        nodes = self._program.nodes[1:]
        ends = np.cumsum([self.shapes[node][2] for node in nodes])
        ranges = np.tile(np.array([np.inf, -np.inf], np.float32), (ends[-1], 1))
        chosen = np.arange(len(images), dtype=np.int64) if order is None else order
        source = self._source(images, None, chosen)
        self._call("network_ranges", Array(parameters), source, Array(ranges))
        return dict(zip(nodes, np.split(ranges, ends[:-1]), strict=True))

    def _source(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int32] | None,
        order: NDArray[np.int64],
        taught: Taught | None = None,
    ) -> Source:
        if images.shape[1:] != self.network.image:
            raise ConfigError(
                f"images are of {images.shape[1:]}, the network is for {self.network.image}"
            )
        if taught is None:
            return Source(images, labels, order)
        if taught.logits.shape[1:] != (self.classes,):
            raise ConfigError(
                f"a teacher's logits are of {taught.logits.shape}, the network has {self.classes} "
                "classes"
            )
        teacher = TeacherLogits(taught.logits, taught.share, taught.temperature)
        return Source(images, labels, order, teacher)


def _settings(augmentation: Augmentation, accumulated: int, seed: int) -> StepSettings:
    return StepSettings(
        augmentation.smoothing,
        augmentation.flip,
        augmentation.shift,
        accumulated,
        seed & (2**64 - 1),
    )
