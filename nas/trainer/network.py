"""One network in the trainer, with numpy arrays around it."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from firmware.errors import ConfigError, DivergedError, HostMemoryError
from nas.layers import LANES, Layer, output_shapes
from nas.network.description import Shape
from nas.trainer.library import Array, Recipe, Source, Status, address_of, load_library

_REASONS = {
    Status.SIZE: "an array is shorter than what it has to hold",
    Status.IMAGE: "the order names an image that is not there",
    Status.LABEL: "a label is none of the classes",
    Status.RECIPE: "smoothing and flip are shares of 1, shift is 0 to 32,767, a batch has a part",
}


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How a network is regularised while it trains.

    Attributes:
        smoothing: Share of a label that goes to all classes alike.
        flip: Chance that an image is mirrored.
        shift: Rows and columns by which an image is moved at most.
    """

    smoothing: float = 0.0
    flip: float = 0.0
    shift: int = 0


class Network:
    """A network of the trainer; a context manager, because its memory is not Python's.

    Args:
        layers: In order; the last one gives the logits.
        shape: Of an image.
        batch_size: Images of a part of a batch, a multiple of `LANES`.
        scale: From a byte to the network's input, with `offset`.
        offset: Added after scaling.
        threads: That work side by side, at most one for each `LANES` images; results do not
            depend on it.

    Raises:
        ConfigError: The layers make no network.
        HostMemoryError: Memory is short.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        shape: Shape,
        batch_size: int = LANES,
        scale: float = 1 / 255,
        offset: float = 0.0,
        threads: int = 1,
    ) -> None:
        self._library = load_library()
        self.layers = tuple(layers)
        self.shape = shape
        self.classes = layers[-1].channels
        self.part = batch_size
        rows, sizes = (
            np.array([_row(layer) for layer in layers], np.int32),
            np.array(shape, np.int32),
        )
        status = ctypes.c_int32()
        self._handle = self._library.network_create(
            address_of(rows, np.int32),
            len(rows),
            address_of(sizes, np.int32),
            max(1, batch_size // LANES),
            scale,
            offset,
            ctypes.byref(status),
        )
        if status.value == Status.MEMORY:
            raise HostMemoryError(
                f"the memory of this host is too short for a network of {len(rows)} layers, images "
                f"of {shape} and parts of {batch_size}"
            )
        if not self._handle:
            raise ConfigError(f"no network can be made of {len(rows)} layers for images of {shape}")
        self._library.network_use_threads(self._handle, threads)
        self.parameter_count = int(self._library.network_parameters(self._handle))
        self.size_bytes = int(self._library.network_bytes(self._handle))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._library.network_destroy(self._handle)
        self._handle = None

    def _call(self, function: str, *arguments: Any) -> None:
        """Call a function of the library on this network.

        Raises:
            ConfigError: An array is too short, or names what is not there.
            DivergedError: A number that came out is not finite.
        """
        if self._handle is None:
            raise ConfigError("the network was closed before")
        status = getattr(self._library, function)(self._handle, *arguments)
        if status == Status.DIVERGED:
            raise DivergedError("the network gives numbers that are not finite")
        if status != Status.OK:
            raise ConfigError(f"the trainer refuses what it was given: {_REASONS[status]}")

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
    ) -> float:
        """Take a step of Adam for each learning rate; gives the mean loss.

        Args:
            state: (3, parameters): the parameters and Adam's moments; changed.
            images: (n, h, w, c), contiguous; may be mapped.
            labels: (n,).
            order: Indices of images, `part` times `accumulated` for each step.
            first_step: Steps taken before these.
            rates: (steps,) learning rates.
            seed: Of dropout and augmentation.
            accumulated: Parts of a batch, whose gradients are added up.
            augmentation: Changes of images and labels.

        Raises:
            ConfigError: An array is too short, or names what is not there.
            DivergedError: The loss, a parameter or a moment is no finite number any more.
        """
        loss = ctypes.c_double()
        self._call(
            "network_train",
            Array(state),
            self._source(images, labels, order),
            _recipe(augmentation, accumulated, seed),
            first_step,
            Array(rates),
            loss,
        )
        return loss.value

    def gradients(
        self, parameters: NDArray[np.float32], images: NDArray[np.uint8], labels: NDArray[np.int32]
    ) -> tuple[float, NDArray[np.float32]]:
        """The loss of the first `part` images, and its gradients.

        Raises:
            ConfigError: There are fewer images.
            DivergedError: The loss or a gradient is no finite number.
        """
        gradients = np.zeros(self.parameter_count, np.float32)
        loss = ctypes.c_double()
        self._call(
            "network_gradients",
            Array(parameters),
            self._source(images, labels, np.arange(len(images), dtype=np.int64)),
            _recipe(Augmentation(), 1, 0),
            Array(gradients),
            loss,
        )
        return loss.value, gradients

    def predict(
        self, parameters: NDArray[np.float32], images: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """Class probabilities (n, classes).

        Raises:
            DivergedError: A parameter or a probability is no finite number.
        """
        order = np.arange(len(images), dtype=np.int64)
        probabilities = np.zeros((len(images), self.classes), np.float32)
        source = self._source(images, None, order)
        self._call("network_predict", Array(parameters), source, Array(probabilities))
        return probabilities

    def ranges(
        self,
        parameters: NDArray[np.float32],
        images: NDArray[np.uint8],
        order: NDArray[np.int64] | None = None,
    ) -> list[NDArray[np.float32]]:
        """What each layer gives for some images: (channels, 2), lowest and highest values.

        Args:
            parameters: All of them, flat.
            images: (n, h, w, c), contiguous; may be mapped.
            order: Indices of the images that count; all if None.

        Raises:
            DivergedError: A parameter or a value is no finite number.
        """
        shapes = output_shapes(self.layers, self.shape)
        ends = np.cumsum([channels for _, _, channels in shapes])
        ranges = np.tile(np.array([np.inf, -np.inf], np.float32), (ends[-1], 1))
        chosen = np.arange(len(images), dtype=np.int64) if order is None else order
        source = self._source(images, None, chosen)
        self._call("network_ranges", Array(parameters), source, Array(ranges))
        return np.split(ranges, ends[:-1])

    def _source(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int32] | None,
        order: NDArray[np.int64],
    ) -> Source:
        if images.shape[1:] != self.shape:
            raise ConfigError(f"images are of {images.shape[1:]}, the network is for {self.shape}")
        return Source(images, labels, order)


def _row(layer: Layer) -> tuple[int, int, int, int, int]:
    """A layer as `network_create` takes it."""
    return layer.kind, layer.channels, layer.size, layer.has_bias, round(1000 * layer.rate)


def _recipe(augmentation: Augmentation, accumulated: int, seed: int) -> Recipe:
    return Recipe(
        augmentation.smoothing,
        augmentation.flip,
        augmentation.shift,
        accumulated,
        seed & (2**64 - 1),
    )
