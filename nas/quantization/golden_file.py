"""Reads the inputs of a golden file from a file of the user."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import Graph, Tensor
from firmware.array_file import MOST_GOLDEN_BYTES, read_arrays
from firmware.regular_file import read_regular, refusal
from nas.quantization.golden import Arrays, inputs_by_name


def read_inputs(path: Path, graph: Graph) -> Arrays:
    """Inputs of a model, shape (n, …) without the batch.

    A .npy of the only input, or an .npz with the arrays that a golden file of the model has.

    Raises:
        FileError: The file is damaged, or an array does not fit the model.
        ModelError: An input takes more than one sample at a time.
    """
    tensors = inputs_by_name(graph)
    if path.suffix != ".npy":
        arrays = read_arrays(path, tensors, MOST_GOLDEN_BYTES)
    elif len(tensors) == 1:
        arrays = dict.fromkeys(tensors, _read_npy(path))
    else:
        raise refusal(path, f"is one array, the model takes an .npz of {', '.join(tensors)}")
    if len({len(own) for own in arrays.values() if own.shape}) > 1:
        raise refusal(path, "contains another number of samples for each input")
    return {name: _checked(path, arrays[name], graph.tensors[i]) for name, i in tensors.items()}


def _checked(path: Path, inputs: NDArray[Any], tensor: Tensor) -> NDArray[Any]:
    """An array of a file that has the shape and the type of an input."""
    wanted = tensor.shape[1:]
    if inputs.shape[1:] != wanted or len(inputs.shape) != len(tensor.shape) or not len(inputs):
        dimensions = ", ".join(map(str, wanted))
        raise refusal(
            path,
            f"contains an array of shape {inputs.shape}, the model takes (n, {dimensions}) with n "
            "of at least 1",
        )
    if inputs.dtype != np.dtype(tensor.dtype.value):
        raise refusal(
            path,
            f"contains {inputs.dtype}, the model takes {tensor.dtype.value}; convert the array "
            "first, with the model's scale and zero point",
        )
    if inputs.dtype.kind == "f" and not np.isfinite(inputs).all():
        raise refusal(path, "contains values that are not finite")
    return np.ascontiguousarray(inputs)


def _read_npy(path: Path) -> NDArray[Any]:
    content = read_regular(path, MOST_GOLDEN_BYTES)
    try:
        array: NDArray[Any] = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, MemoryError, OverflowError) as error:
        raise refusal(
            path, "is not a .npy of numbers, or is damaged; write it with numpy.save"
        ) from error
    return array
