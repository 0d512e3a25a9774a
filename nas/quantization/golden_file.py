"""Reads the inputs of a golden file from a file of the user."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import Graph
from firmware.array_file import MOST_GOLDEN_BYTES, read_arrays
from firmware.errors import ModelError
from firmware.regular_file import read_regular, refusal

_ARRAY = "inputs"


def read_inputs(path: Path, graph: Graph) -> NDArray[Any]:
    """Inputs of a model, shape (n, …) without the batch: a .npy, or the array `inputs` of an .npz.

    Raises:
        FileError: The file is damaged, or its array does not fit the model.
        ModelError: The model does not have exactly one input of a single sample.
    """
    if len(graph.inputs) != 1 or graph.tensors[graph.inputs[0]].shape[:1] != (1,):
        raise ModelError("the model must have one input that takes one sample at a time")
    tensor = graph.tensors[graph.inputs[0]]
    inputs = _read_npy(path) if path.suffix == ".npy" else _read_npz(path)
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


def _read_npz(path: Path) -> NDArray[Any]:
    return read_arrays(path, [_ARRAY], MOST_GOLDEN_BYTES)[_ARRAY]


def _read_npy(path: Path) -> NDArray[Any]:
    content = read_regular(path, MOST_GOLDEN_BYTES)
    try:
        array: NDArray[Any] = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, MemoryError, OverflowError) as error:
        raise refusal(
            path, "is not a .npy of numbers, or is damaged; write it with numpy.save"
        ) from error
    return array
