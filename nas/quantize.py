"""Post-training quantization of a lowered network to int8. Pure.

Source: TFLite's 8-bit quantization specification: weights symmetric, one scale for each output
channel; activations asymmetric, one scale; biases int32 with the product of both scales; the
nearest zero point, so that 0 is exact.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import floor

import numpy as np
from numpy.typing import NDArray

from codegen.graph import Graph, Operator, Quantization, Tensor
from firmware.errors import ModelError
from nas.folding import Weights
from nas.layers import Kind, Layer

Range = tuple[float, float]
"""Lowest and highest value."""
IMAGE_RANGE: Range = (0.0, 1.0)
"""Of the input: each of 256 brightnesses is a value of its own, whatever the images hold."""

WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
"""Operators with kernels and biases."""
_LOWEST, _HIGHEST = -128, 127
_MOST_WEIGHT = 127
_MOST_BIAS = 1 << 30
"""Half of what int32 holds: the other half is for the sum of products."""
_PROBABILITIES = Quantization((1 / 256,), (_LOWEST,))
"""Which TFLite prescribes for SOFTMAX."""
_PIXEL_AXES = np.array([1, 2], np.int32)
_RANGED_LAYERS = (Kind.RELU, Kind.MEAN, Kind.DENSE)


def activation_ranges(
    layers: Sequence[Layer], ranges: Sequence[NDArray[np.float32]]
) -> list[Range]:
    """Ranges of the activations that `quantize_graph` asks for, of those after each layer."""
    return [
        (float(own[:, 0].min()), float(own[:, 1].max()))
        for layer, own in zip(layers, ranges, strict=True)
        if layer.kind in _RANGED_LAYERS
    ]


def quantize_graph(graph: Graph, weights: Sequence[Weights], ranges: Sequence[Range]) -> Graph:
    """A lowered graph with its constants and all quantization parameters.

    Args:
        graph: Of convolutions, matrix products, MAX_POOL_2D, MEAN and SOFTMAX.
        weights: Of each convolution and matrix product, in order.
        ranges: Of what each convolution, matrix product and MEAN gives, in order.

    Raises:
        ModelError: A weight or a range is no number: the training has failed.
    """
    tensors = list(graph.tensors)
    left, left_ranges = iter(weights), iter(ranges)
    _set(tensors, graph.inputs[0], quantize_range(*IMAGE_RANGE))
    for operator in graph.operators:
        source = _known(tensors, operator.inputs[0])
        if operator.kind in WEIGHTED:
            _set_constants(tensors, operator, next(left), source.scale)
        elif operator.kind == "MEAN":
            axes = operator.inputs[1]
            tensors[axes] = replace(tensors[axes], data=_PIXEL_AXES)
        _set(tensors, operator.outputs[0], _output(operator, source, left_ranges))
    return replace(graph, tensors=tuple(tensors))


def quantize_range(lowest: float, highest: float) -> Quantization:
    """The scale and zero point of int8 activations within a range, widened to hold 0.

    Raises:
        ModelError: The range is not finite.
    """
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise ModelError(f"activations from {lowest} to {highest} cannot be quantized")
    lowest, highest = min(0.0, lowest), max(0.0, highest)
    if lowest == highest:
        highest = 1.0  # always 0: any scale does
    scale = (highest - lowest) / (_HIGHEST - _LOWEST)
    zero_point = floor(_LOWEST - lowest / scale + 0.5)
    return Quantization((_single(scale),), (min(max(zero_point, _LOWEST), _HIGHEST),))


def _output(operator: Operator, source: Quantization, ranges: Iterator[Range]) -> Quantization:
    if operator.kind == "MAX_POOL_2D":
        return source
    if operator.kind == "SOFTMAX":
        return _PROBABILITIES
    assert operator.kind in (*WEIGHTED, "MEAN"), f"{operator.kind} is in no space of ours"
    return quantize_range(*next(ranges))


def _set_constants(
    tensors: list[Tensor], operator: Operator, weights: Weights, input_scale: float
) -> None:
    """Kernels and biases of an operator."""
    if not (np.isfinite(weights.kernels).all() and np.isfinite(weights.biases).all()):
        raise ModelError("weights that are no numbers cannot be quantized: the training has failed")
    kernels, biases, axis = weights.kernels, weights.biases, weights.channel_axis
    others = tuple(i for i in range(kernels.ndim) if i != axis)
    scales = np.abs(kernels).max(axis=others).astype(np.float64) / _MOST_WEIGHT
    # Where weights are tiny beside the bias, or 0, the bias decides, so that int32 holds it.
    scales = np.maximum(scales, np.abs(biases) / (input_scale * _MOST_BIAS))
    scales = np.where(scales > 0, scales, 1.0).astype(np.float32)
    shape = [1] * kernels.ndim
    shape[axis] = -1
    stored = np.rint(kernels / scales.reshape(shape)).clip(-_MOST_WEIGHT, _MOST_WEIGHT)
    bias_scales = np.float32(input_scale) * scales
    stored_biases = np.rint(biases.astype(np.float64) / bias_scales)
    _, at, bias_at, *_ = operator.inputs
    tensors[at] = _constant(tensors[at], stored.astype(np.int8), scales, axis)
    tensors[bias_at] = _constant(tensors[bias_at], stored_biases.astype(np.int32), bias_scales, 0)


def _constant(
    tensor: Tensor, data: NDArray[np.generic], scales: NDArray[np.float32], axis: int
) -> Tensor:
    assert data.shape == tensor.shape, f"{tensor.name}: {data.shape} is not {tensor.shape}"
    quantization = Quantization(tuple(map(float, scales)), (0,) * len(scales), axis)
    return replace(tensor, data=data, quantization=quantization)


def _known(tensors: list[Tensor], index: int) -> Quantization:
    found = tensors[index].quantization
    assert found is not None, "operators come in the order of execution"
    return found


def _set(tensors: list[Tensor], index: int, quantization: Quantization) -> None:
    tensors[index] = replace(tensors[index], quantization=quantization)


def _single(value: float) -> float:
    """As float32 holds it, which is what the file holds."""
    return float(np.float32(value))
