"""One network in the trainer, with numpy arrays around it."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from firmware.errors import ConfigError
from nas.layers import LANES, Layer, output_shapes
from nas.space import Shape
from nas.trainer.library import Recipe, Source, load_library


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
        ConfigError: The layers make no network, or memory is short.
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
        rows = np.array(
            [
                (layer.kind, layer.channels, layer.size, layer.has_bias, round(1000 * layer.rate))
                for layer in layers
            ],
            np.int32,
        )
        self.part = batch_size
        self._handle = self._library.network_create(
            rows.ctypes.data,
            len(rows),
            np.array(shape, np.int32).ctypes.data,
            max(1, batch_size // LANES),
            scale,
            offset,
        )
        if not self._handle:
            raise ConfigError(f"no network can be made of {len(rows)} layers for images of {shape}")
        self._library.network_use_threads(self._handle, min(threads, max(1, batch_size // LANES)))
        self.parameter_count = int(self._library.network_parameters(self._handle))
        self.size_bytes = int(self._library.network_bytes(self._handle))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._library.network_destroy(self._handle)
        self._handle = None

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
        """
        assert len(order) >= len(rates) * self.part * accumulated
        recipe = _recipe(augmentation, accumulated, seed)
        return float(
            self._library.network_train(
                self._handle,
                state.ctypes.data,
                ctypes.byref(_source(images, labels, order)),
                ctypes.byref(recipe),
                len(rates),
                first_step,
                rates.ctypes.data,
            )
        )

    def gradients(
        self, parameters: NDArray[np.float32], images: NDArray[np.uint8], labels: NDArray[np.int32]
    ) -> tuple[float, NDArray[np.float32]]:
        """The loss of one part of a batch, and its gradients."""
        order = np.arange(len(images), dtype=np.int64)
        gradients = np.zeros(self.parameter_count, np.float32)
        loss = self._library.network_gradients(
            self._handle,
            parameters.ctypes.data,
            ctypes.byref(_source(images, labels, order)),
            ctypes.byref(_recipe(Augmentation(), 1, 0)),
            gradients.ctypes.data,
        )
        return float(loss), gradients

    def predict(
        self, parameters: NDArray[np.float32], images: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """Class probabilities (n, classes)."""
        order = np.arange(len(images), dtype=np.int64)
        probabilities = np.zeros((len(images), self.classes), np.float32)
        self._library.network_predict(
            self._handle,
            parameters.ctypes.data,
            ctypes.byref(_source(images, None, order)),
            len(images),
            probabilities.ctypes.data,
        )
        return probabilities

    def ranges(
        self, parameters: NDArray[np.float32], images: NDArray[np.uint8]
    ) -> list[NDArray[np.float32]]:
        """What each layer gives for some images: (channels, 2), lowest and highest values."""
        shapes = output_shapes(self.layers, self.shape)
        ends = np.cumsum([channels for _, _, channels in shapes])
        ranges = np.tile(np.array([np.inf, -np.inf], np.float32), (ends[-1], 1))
        order = np.arange(len(images), dtype=np.int64)
        self._library.network_ranges(
            self._handle,
            parameters.ctypes.data,
            ctypes.byref(_source(images, None, order)),
            len(images),
            ranges.ctypes.data,
        )
        return np.split(ranges, ends[:-1])


def _source(
    images: NDArray[np.uint8], labels: NDArray[np.int32] | None, order: NDArray[np.int64]
) -> Source:
    assert images.dtype == np.uint8
    assert images.flags.c_contiguous
    pointer: Any = None if labels is None else labels.ctypes.data
    return Source(images.ctypes.data, pointer, order.ctypes.data)


def _recipe(augmentation: Augmentation, accumulated: int, seed: int) -> Recipe:
    return Recipe(
        augmentation.smoothing,
        augmentation.flip,
        augmentation.shift,
        accumulated,
        seed & (2**64 - 1),
    )
