"""Post-training quantization of a lowered network to int8. Pure.

Source: TFLite's 8-bit quantization specification: weights symmetric, one scale for each output
channel; activations asymmetric, one scale; biases int32 with the product of both scales; the
nearest zero point, so that 0 is exact.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import floor

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import Graph, Operator, Quantization, Tensor
from firmware.errors import ModelError
from nas.network.int8_graph import Int8Graph, Role
from nas.quantization.folding import Weights

Range = tuple[float, float]
"""Lowest and highest value."""
MOST_INT8_DROP = 0.005
"""Largest loss of validation accuracy, as a fraction, from float to int8. If it is exceeded, the
network is calibrated with more images, and the run warns if that does not help."""
IMAGE_RANGE: Range = (0.0, 1.0)
"""Scale of the input: each of the 256 brightness levels has its own int8 value."""

_LOWEST, _HIGHEST = -128, 127
_MOST_WEIGHT = 127
_MOST_BIAS = 1 << 30
"""Half of the range of int32; the other half is for the sum of products."""
_PROBABILITIES = Quantization((1 / 256,), (_LOWEST,))
"""Output scale and zero point that TFLite prescribes for SOFTMAX."""
_RANGED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MEAN", "ADD")
"""Operators whose outputs have their own range."""
_KEPT = ("MAX_POOL_2D", "AVERAGE_POOL_2D", "RELU", "RELU6")
"""Operators whose outputs have the scale of their input."""


def quantize_graph(
    lowered: Int8Graph, weights: Mapping[int, Weights], ranges: Mapping[int, Range]
) -> Graph:
    """The graph of a network with its constants and all quantization parameters.

    Args:
        lowered: The graph of a network whose normalisations are all folded, with int8 input.
        weights: The weights of each convolution and matrix product, by its node.
        ranges: The range of the output of each node that is the last one of an operator.

    Raises:
        ModelError: A weight or a range is not finite (the training has failed), or an operator
            cannot be quantized.
    """
    graph, origins = lowered.graph, lowered.origins
    tensors = list(graph.tensors)
    _set(tensors, graph.inputs[0], quantize_range(*IMAGE_RANGE))
    for operator in graph.operators:
        source = _known(tensors, operator.inputs[0])
        constants = {origins[i]: i for i in operator.inputs if tensors[i].is_constant}
        for (role, node), at in constants.items():
            if role is Role.KERNELS:
                biases_at = constants[Role.BIASES, node]
                _set_constants(tensors, at, biases_at, weights[node], source.scale)
        result = operator.outputs[0]
        _set(tensors, result, _output(operator, source, ranges.get(origins[result][1])))
    return replace(graph, tensors=tuple(tensors))


def quantize_range(lowest: float, highest: float) -> Quantization:
    """The scale and zero point of int8 activations within a range, widened to contain 0.

    Raises:
        ModelError: The range is not finite.
    """
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise ModelError(f"activations from {lowest} to {highest} cannot be quantized")
    lowest, highest = min(0.0, lowest), max(0.0, highest)
    if lowest == highest:
        highest = 1.0  # always 0: any scale is correct
    scale = (highest - lowest) / (_HIGHEST - _LOWEST)
    zero_point = floor(_LOWEST - lowest / scale + 0.5)
    return Quantization((_single(scale),), (min(max(zero_point, _LOWEST), _HIGHEST),))


def _output(operator: Operator, source: Quantization, own: Range | None) -> Quantization:
    if operator.kind in _KEPT:
        return source
    if operator.kind == "SOFTMAX":
        return _PROBABILITIES
    if operator.kind not in _RANGED or own is None:
        raise ModelError(f"{operator.kind} cannot be quantized here; --converter tensorflow may")
    return quantize_range(*own)


def _set_constants(
    tensors: list[Tensor], at: int, biases_at: int, weights: Weights, input_scale: float
) -> None:
    """The kernels and the biases of an operator, at their indices."""
    if not (np.isfinite(weights.kernels).all() and np.isfinite(weights.biases).all()):
        raise ModelError("weights that are not finite cannot be quantized: the training has failed")
    kernels, biases, axis = weights.kernels, weights.biases, weights.channel_axis
    others = tuple(i for i in range(kernels.ndim) if i != axis)
    scales = np.abs(kernels).max(axis=others).astype(np.float64) / _MOST_WEIGHT
    # If weights are 0 or tiny beside the bias, the bias determines the scale, to fit int32.
    scales = np.maximum(scales, np.abs(biases) / (input_scale * _MOST_BIAS))
    scales = np.where(scales > 0, scales, 1.0).astype(np.float32)
    shape = [1] * kernels.ndim
    shape[axis] = -1
    stored = np.rint(kernels / scales.reshape(shape)).clip(-_MOST_WEIGHT, _MOST_WEIGHT)
    bias_scales = np.float32(input_scale) * scales
    stored_biases = np.rint(biases.astype(np.float64) / bias_scales).astype(np.int32)
    tensors[at] = _constant(tensors[at], stored.astype(np.int8), scales, axis)
    tensors[biases_at] = _constant(
        tensors[biases_at], stored_biases.astype(np.int32), bias_scales, 0
    )


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
    """The value rounded to float32, as in the file."""
    return float(np.float32(value))
