"""Networks as the trainer takes them: a list of layers. Pure.

Each search space gives its networks here once more, beside the graph of the .tflite and the Keras
model for the converter; parameters come in the order of Keras's `get_weights`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import prod, sqrt

import numpy as np
from numpy.typing import NDArray

from nas.network.description import Shape
from nas.spaces import Candidate
from nas.spaces.cells import channels

LANES = 16
"""Images that the trainer has side by side (LANES in trainer/lanes.h)."""
DROPOUT_FRACTION = 0.5
_KERNEL = 3


class Kind(IntEnum):
    """Kinds of layers, numbered as in trainer/layers.h."""

    BATCH_NORM = 1
    CONVOLUTION = 2
    DEPTHWISE = 3
    RELU = 4
    MAX_POOL = 5
    MEAN = 6
    DROPOUT = 7
    DENSE = 8


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a network.

    Attributes:
        kind: What it does.
        channels: That it gives, of convolutions and matrix products.
        size: Rows and columns of a kernel; odd.
        has_bias: Whether a convolution adds biases.
        rate: Share of values that a dropout sets to 0.
    """

    kind: Kind
    channels: int = 0
    size: int = 0
    has_bias: bool = True
    rate: float = 0.0


def paper_layers(candidate: Candidate, shape: Shape, classes: int) -> list[Layer]:
    """The published network: batch normalisation before each convolution.

    Raises:
        ConfigError: The candidate has more cells than the input allows.
    """
    check_candidate(candidate, shape)
    cells = [
        [Layer(Kind.BATCH_NORM), Layer(Kind.CONVOLUTION, kernels, _KERNEL), Layer(Kind.RELU)]
        for kernels in channels(candidate)
    ]
    return _pooled(cells, classes)


def folded_layers(candidate: Candidate, shape: Shape, classes: int) -> list[Layer]:
    """The same network with batch normalisation after each convolution.

    Raises:
        ConfigError: The candidate has more cells than the input allows.
    """
    check_candidate(candidate, shape)
    cells = [
        _normalised(Layer(Kind.CONVOLUTION, kernels, _KERNEL, has_bias=False))
        for kernels in channels(candidate)
    ]
    return _pooled(cells, classes)


def separable_layers(candidate: Candidate, shape: Shape, classes: int) -> list[Layer]:
    """As `folded_layers`; cells have a depthwise convolution and one of 1×1.

    Raises:
        ConfigError: The candidate has more cells than the input allows.
    """
    check_candidate(candidate, shape)
    first, *others = channels(candidate)
    cells = [_normalised(Layer(Kind.CONVOLUTION, first, _KERNEL, has_bias=False))]
    cells += [
        [
            *_normalised(Layer(Kind.DEPTHWISE, size=_KERNEL, has_bias=False)),
            *_normalised(Layer(Kind.CONVOLUTION, kernels, 1, has_bias=False)),
        ]
        for kernels in others
    ]
    return _pooled(cells, classes)


def _normalised(convolution: Layer) -> list[Layer]:
    return [convolution, Layer(Kind.BATCH_NORM), Layer(Kind.RELU)]


def _pooled(cells: list[list[Layer]], classes: int) -> list[Layer]:
    """Cells with a pooling before each but the first, and the classifier after the last."""
    first, *others = cells
    pooled = [layer for cell in others for layer in (Layer(Kind.MAX_POOL), *cell)]
    dropout = Layer(Kind.DROPOUT, rate=DROPOUT_FRACTION)
    return [*first, *pooled, Layer(Kind.MEAN), dropout, Layer(Kind.DENSE, classes)]


def output_shapes(layers: Sequence[Layer], shape: Shape) -> list[Shape]:
    """Height, width and channels of what each layer gives, for images of a shape."""
    shapes: list[Shape] = []
    height, width, depth = shape
    for layer in layers:
        if layer.kind in (Kind.CONVOLUTION, Kind.DENSE):
            depth = layer.channels
        elif layer.kind is Kind.MAX_POOL:
            height, width = height // 2, width // 2
        elif layer.kind is Kind.MEAN:
            height = width = 1
        shapes.append((height, width, depth))
    return shapes


def parameter_shapes(layers: Sequence[Layer], input_channels: int) -> list[tuple[int, ...]]:
    """Shapes of all parameters, in the order of Keras's `get_weights`."""
    shapes: list[tuple[int, ...]] = []
    depth = input_channels
    for layer in layers:
        if layer.kind is Kind.BATCH_NORM:
            shapes += [(depth,)] * 4
        elif layer.kind is Kind.DEPTHWISE:
            shapes += [(layer.size, layer.size, depth, 1), (depth,)][: 1 + layer.has_bias]
        elif layer.kind is Kind.CONVOLUTION:
            weights = (layer.size, layer.size, depth, layer.channels)
            shapes += [weights, (layer.channels,)][: 1 + layer.has_bias]
            depth = layer.channels
        elif layer.kind is Kind.DENSE:
            shapes += [(depth, layer.channels), (layer.channels,)]
    return shapes


def parameter_count(layers: Sequence[Layer], input_channels: int) -> int:
    """All parameters of some layers."""
    return sum(prod(shape) for shape in parameter_shapes(layers, input_channels))


def initial_parameters(
    layers: Sequence[Layer], input_channels: int, seed: int
) -> NDArray[np.float32]:
    """All parameters of a network before training, flat.

    Weights are uniform, biases 0, a normalisation changes nothing.

    Source: Glorot and Bengio, 2010, equation 16: ± sqrt(6 / (inputs + outputs)).
    """
    rng = np.random.default_rng(seed)
    parts: list[NDArray[np.float32]] = []
    depth = input_channels
    for layer in layers:
        own = parameter_shapes([layer], depth)
        if layer.kind is Kind.BATCH_NORM:
            parts += [np.full(depth, value, np.float32) for value in (1, 0, 0, 1)]
        elif own:
            parts.append(_glorot(rng, own[0], layer.kind is Kind.DEPTHWISE))
            parts += [np.zeros(shape, np.float32) for shape in own[1:]]
        if layer.kind in (Kind.CONVOLUTION, Kind.DENSE):
            depth = layer.channels
    return np.concatenate([part.ravel() for part in parts])


def _glorot(
    rng: np.random.Generator, shape: tuple[int, ...], is_depthwise: bool
) -> NDArray[np.float32]:
    """Weights of a shape: (rows, columns, inputs, outputs), or (inputs, outputs).

    Each output of a depthwise convolution, (rows, columns, channels, 1), has one input.
    """
    taps = prod(shape[:-2])
    inputs = taps * (1 if is_depthwise else shape[-2])
    limit = sqrt(6 / (inputs + taps * shape[-1]))
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def split_parameters(
    flat: NDArray[np.float32], layers: Sequence[Layer], input_channels: int
) -> list[NDArray[np.float32]]:
    """Flat parameters as arrays of their own shapes."""
    shapes = parameter_shapes(layers, input_channels)
    ends = np.cumsum([prod(shape) for shape in shapes])
    return [
        part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)
    ]
