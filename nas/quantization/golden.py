"""Inputs of golden files, and golden files. Reads models, writes .npz files."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import DType, Graph
from codegen.model.port_names import input_names
from firmware.errors import ConfigError, ModelError
from firmware.files import replacing, sha256_of_file
from firmware.records.golden import MODEL_SHA256, ROUNDING, array_names

SAMPLES = 16
SEED = 0

_SMOOTH_CELLS = 4
"""Rows and columns of the random values that are interpolated to a smooth image."""


Arrays = Mapping[str, NDArray[np.generic]]
"""Arrays of a golden file, (n, …) each, by `firmware.records.golden.array_names`."""


def golden_inputs(graph: Graph, samples: int, seed: int) -> Arrays:
    """Seeded inputs of a model, shape (n, …) without the batch, in the types of its inputs.

    Noise, smooth images and images of the two extreme values alternate, because each saturates
    different activations.

    Raises:
        ConfigError: The number of samples is below 1.
        ModelError: An input takes more than one sample at a time.
    """
    if samples < 1:
        raise ConfigError(f"the number of samples is {samples}, expected at least 1")
    rng = np.random.default_rng(seed)
    makers = (_noise, _smooth, _extremes)
    arrays = {}
    for name, index in inputs_by_name(graph).items():
        tensor = graph.tensors[index]
        fractions = [makers[sample % 3](tensor.shape[1:], rng) for sample in range(samples)]
        arrays[name] = np.stack([_in_type(fraction, graph, index) for fraction in fractions])
    return arrays


def inputs_by_name(graph: Graph) -> dict[str, int]:
    """The tensors of the model's inputs, in order, by the names of their arrays.

    Raises:
        ModelError: One takes more than one sample at a time.
    """
    if any(graph.tensors[index].shape[:1] != (1,) for index in graph.inputs):
        raise ModelError("each input of the model must take one sample at a time")
    return dict(zip(array_names("input", input_names(graph)), graph.inputs, strict=True))


def write_golden(path: Path, model: Path, arrays: Arrays, rounding: str) -> None:
    """Write inputs and outputs, their rounding and the hash of the model atomically."""
    texts = {MODEL_SHA256: sha256_of_file(model), ROUNDING: rounding}
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(
            stream,
            allow_pickle=False,
            **arrays,
            **{name: np.asarray(text) for name, text in texts.items()},
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


def _in_type(fraction: NDArray[np.float64], graph: Graph, index: int) -> NDArray[np.generic]:
    """Scale values of 0 to 1 to the range of the input that is tensor `index`."""
    tensor = graph.tensors[index]
    if tensor.dtype is DType.UINT8:
        return np.rint(fraction * 255).astype(np.uint8)
    if tensor.dtype is DType.INT8:
        return (np.rint(fraction * 255) - 128).astype(np.int8)
    if tensor.dtype is not DType.FLOAT32:
        raise ModelError(
            f"an input of the model is {tensor.dtype}, expected int8, uint8 or float32"
        )
    lowest, highest = _float_range(graph, index)
    return (lowest + fraction * (highest - lowest)).astype(np.float32)


def _float_range(graph: Graph, index: int) -> tuple[float, float]:
    """The range that the QUANTIZE of an input can represent."""
    for operator in graph.operators:
        if operator.kind == "QUANTIZE" and operator.inputs == (index,):
            quantization = graph.tensors[operator.outputs[0]].quantization
            if quantization is not None:
                first = -128 - quantization.zero_point
                return first * quantization.scale, (first + 255) * quantization.scale
    raise ModelError("the model takes float32 and does not quantize it, so it is not an int8 model")
