"""Inputs of golden files, and golden files. Reads models, writes .npz files."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import DType, Graph, Tensor
from firmware.errors import ConfigError, ModelError
from firmware.files import replacing, sha256_of_file

SAMPLES = 16
SEED = 0

_SMOOTH_CELLS = 4
"""Rows and columns of the random values that are interpolated to a smooth image."""


def golden_inputs(graph: Graph, samples: int, seed: int) -> NDArray[np.generic]:
    """Seeded inputs of a model, shape (n, …) without the batch, in the type of its input.

    Noise, smooth images and images of the two extreme values alternate, because each saturates
    different activations.

    Raises:
        ConfigError: The number of samples is below 1.
        ModelError: The model does not have exactly one input of a single image.
    """
    if samples < 1:
        raise ConfigError(f"the number of samples is {samples}, expected at least 1")
    if len(graph.inputs) != 1 or graph.tensors[graph.inputs[0]].shape[:1] != (1,):
        raise ModelError("the model must have one input that takes one sample at a time")
    tensor = graph.tensors[graph.inputs[0]]
    rng = np.random.default_rng(seed)
    makers = (_noise, _smooth, _extremes)
    fractions = [makers[index % 3](tensor.shape[1:], rng) for index in range(samples)]
    return np.stack([_in_type(fraction, graph, tensor) for fraction in fractions])


def write_golden(
    path: Path,
    model: Path,
    inputs: NDArray[np.generic],
    outputs: NDArray[np.generic],
    rounding: str,
) -> None:
    """Write the inputs, the outputs, their rounding and the hash of the model atomically."""
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(
            stream,
            inputs=inputs,
            outputs=outputs,
            model_sha256=np.asarray(sha256_of_file(model)),
            rounding=np.asarray(rounding),
        )


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.random(shape)


def _extremes(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.integers(0, 2, shape).astype(np.float64)


def _smooth(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """Random values interpolated along the first two dimensions."""
    values = rng.random([min(size, _SMOOTH_CELLS) for size in shape[:2]] + list(shape[2:]))
    for axis, size in enumerate(shape[:2]):
        known = np.linspace(0.0, 1.0, values.shape[axis])
        wanted = np.linspace(0.0, 1.0, size)
        values = np.apply_along_axis(lambda line: np.interp(wanted, known, line), axis, values)  # noqa: B023
    return values


def _in_type(fraction: NDArray[np.float64], graph: Graph, tensor: Tensor) -> NDArray[np.generic]:
    """Scale values of 0 to 1 to the range of the input."""
    if tensor.dtype is DType.UINT8:
        return np.rint(fraction * 255).astype(np.uint8)
    if tensor.dtype is DType.INT8:
        return (np.rint(fraction * 255) - 128).astype(np.int8)
    if tensor.dtype is not DType.FLOAT32:
        raise ModelError(f"the model's input is {tensor.dtype}, expected int8, uint8 or float32")
    lowest, highest = _float_range(graph)
    return (lowest + fraction * (highest - lowest)).astype(np.float32)


def _float_range(graph: Graph) -> tuple[float, float]:
    """The range that the model's first QUANTIZE can represent."""
    for operator in graph.operators:
        if operator.kind == "QUANTIZE" and operator.inputs == graph.inputs:
            quantization = graph.tensors[operator.outputs[0]].quantization
            if quantization is not None:
                first = -128 - quantization.zero_point
                return first * quantization.scale, (first + 255) * quantization.scale
    raise ModelError("the model takes float32 and does not quantize it, so it is not an int8 model")
