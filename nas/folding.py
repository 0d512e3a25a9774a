"""Trained layers as the operators of a .tflite have them: normalisation folded away. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas.layers import Kind, Layer, split_parameters

Floats = NDArray[np.float32]

_EPSILON = np.float32(1e-3)
"""Added to each variance, as in trainer/normalisation.c."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Constants of one convolution or matrix product, in float.

    Attributes:
        kernels: In TFLite's layout: (out, h, w, in); (1, h, w, channels) of a depthwise
            convolution; (out, in) of a matrix product.
        biases: One for each output channel.
        channel_axis: Dimension of `kernels` along which the output channels lie.
    """

    kernels: Floats
    biases: Floats
    channel_axis: int = 0


def fold_layers(layers: Sequence[Layer], parameters: Floats, channels: int) -> list[Weights]:
    """Convolutions and matrix products in order; each with the normalisation that follows it.

    Args:
        layers: Of a network whose normalisations all follow a convolution.
        parameters: Of all layers, flat, as the trainer has them.
        channels: Of the images.
    """
    arrays = iter(split_parameters(parameters, layers, channels))
    folded: list[Weights] = []
    for layer in layers:
        if layer.kind is Kind.BATCH_NORM:
            folded[-1] = _normalised(folded[-1], *(next(arrays) for _ in range(4)))
        elif layer.kind in (Kind.CONVOLUTION, Kind.DEPTHWISE, Kind.DENSE):
            folded.append(_weights(layer, arrays))
    return folded


def _weights(layer: Layer, arrays: Iterator[Floats]) -> Weights:
    kernels = next(arrays)
    if layer.kind is Kind.DEPTHWISE:
        kernels, axis = kernels.transpose(3, 0, 1, 2), 3
    else:
        kernels, axis = np.moveaxis(kernels, -1, 0), 0
    has_bias = layer.kind is Kind.DENSE or layer.has_bias
    biases = next(arrays) if has_bias else np.zeros(kernels.shape[axis], np.float32)
    return Weights(np.ascontiguousarray(kernels), biases, axis)


def _normalised(
    weights: Weights, gamma: Floats, beta: Floats, mean: Floats, variance: Floats
) -> Weights:
    """Of gamma · (kernels · x + biases − mean) / sqrt(variance + epsilon) + beta."""
    factors = gamma / np.sqrt(variance + _EPSILON)
    shape = [1] * weights.kernels.ndim
    shape[weights.channel_axis] = -1
    return Weights(
        weights.kernels * factors.reshape(shape),
        (weights.biases - mean) * factors + beta,
        weights.channel_axis,
    )
