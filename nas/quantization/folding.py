"""Folds batch normalisations into the weights of convolutions. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas.network.description import (
    Convolution,
    Dense,
    DepthwiseConvolution,
    Network,
    Normalisation,
    Operation,
)
from nas.network.fusion import owners
from nas.network.parameters import split_parameters

Floats = NDArray[np.float32]

_EPSILON = np.float32(1e-3)
"""Epsilon of batch normalisation, as in trainer/normalisation.c."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The float constants of a convolution or matrix product.

    Attributes:
        kernels: Weights in TFLite's layout: (out, h, w, in); (1, h, w, channels) for a depthwise
            convolution; (out, in) for a matrix product.
        biases: One for each output channel.
        channel_axis: Dimension of the output channels in `kernels`.
    """

    kernels: Floats
    biases: Floats
    channel_axis: int = 0


def fold_layers(network: Network, parameters: Floats) -> dict[int, Weights]:
    """The weights of each convolution and matrix product, by its node.

    A normalisation directly after a convolution is folded into it; others stay.

    Args:
        network: The network.
        parameters: The parameters of all nodes, flat, in the order of the trainer.
    """
    folded: dict[int, Weights] = {}
    split, owner_of = split_parameters(parameters, network), owners(network)
    for index, (node, own) in enumerate(zip(network.nodes, split, strict=True)):
        if isinstance(node.operation, Convolution | DepthwiseConvolution | Dense):
            folded[index] = _weights(node.operation, own)
        elif isinstance(node.operation, Normalisation) and owner_of[index] != index:
            folded[owner_of[index]] = _normalised(folded[owner_of[index]], *own)
    return folded


def _weights(operation: Operation, own: Sequence[Floats]) -> Weights:
    kernels = own[0]
    if isinstance(operation, DepthwiseConvolution):
        kernels, axis = kernels.transpose(3, 0, 1, 2), 3
    else:
        kernels, axis = np.moveaxis(kernels, -1, 0), 0
    biases = own[1] if len(own) > 1 else np.zeros(kernels.shape[axis], np.float32)
    return Weights(np.ascontiguousarray(kernels), biases, axis)


def _normalised(
    weights: Weights, gamma: Floats, beta: Floats, mean: Floats, variance: Floats
) -> Weights:
    """The weights of gamma · (kernels · x + biases − mean) / sqrt(variance + epsilon) + beta."""
    factors = gamma / np.sqrt(variance + _EPSILON)
    shape = [1] * weights.kernels.ndim
    shape[weights.channel_axis] = -1
    return Weights(
        weights.kernels * factors.reshape(shape),
        (weights.biases - mean) * factors + beta,
        weights.channel_axis,
    )
