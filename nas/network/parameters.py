"""The parameters of a network, stored one after the other in one flat array. Pure."""

from collections.abc import Sequence
from math import prod, sqrt

import numpy as np
from numpy.typing import NDArray

from nas.network.description import DepthwiseConvolution, Network, Normalisation, Operation
from nas.network.shapes import parameter_shapes

Floats = NDArray[np.float32]


def initial_parameters(network: Network, seed: int) -> Floats:
    """All parameters of a network before training, flat, node by node.

    Weights are uniform, biases are 0, and a normalisation is the identity.

    Source: Glorot and Bengio, 2010, equation 16: ± sqrt(6 / (inputs + outputs)).
    """
    rng = np.random.default_rng(seed)
    parts: list[Floats] = []
    for node, shapes in zip(network.nodes, parameter_shapes(network), strict=True):
        if shapes:
            parts += _initial(rng, node.operation, shapes)
    return np.concatenate([part.ravel() for part in parts])


def _initial(
    rng: np.random.Generator, operation: Operation, shapes: Sequence[tuple[int, ...]]
) -> list[Floats]:
    if isinstance(operation, Normalisation):
        return [np.full(shapes[0], value, np.float32) for value in (1, 0, 0, 1)]
    kernels, *biases = shapes
    weights = _glorot(rng, kernels, isinstance(operation, DepthwiseConvolution))
    return [weights, *(np.zeros(shape, np.float32) for shape in biases)]


def _glorot(rng: np.random.Generator, shape: tuple[int, ...], is_depthwise: bool) -> Floats:
    """Weights of a shape: (rows, columns, inputs, outputs), or (inputs, outputs).

    Each output of a depthwise convolution, (rows, columns, channels, 1), has one input.
    """
    taps = prod(shape[:-2])
    inputs = taps * (1 if is_depthwise else shape[-2])
    limit = sqrt(6 / (inputs + taps * shape[-1]))
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def split_parameters(flat: Floats, network: Network) -> list[list[Floats]]:
    """For each node, its parameters as arrays of their shapes; views of the flat array."""
    first, split = 0, []
    for shapes in parameter_shapes(network):
        own = []
        for shape in shapes:
            own.append(flat[first : first + prod(shape)].reshape(shape))
            first += prod(shape)
        split.append(own)
    assert first == len(flat), f"{len(flat)} parameters for a network of {first}"
    return split
