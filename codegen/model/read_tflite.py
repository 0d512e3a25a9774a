"""Reads a .tflite file as a graph. Uses the generated schema classes of flatbuffers.

In a damaged flatbuffer, accessors may read anywhere inside or outside the file. So every number is
checked before it is used, and every exception of an accessor becomes a `ModelError`.
"""

import struct
from dataclasses import replace
from math import isfinite, prod
from pathlib import Path
from typing import Any

import numpy as np
import tflite

from codegen.model.flatbuffer import BoundedFlatBuffer, whole_number
from codegen.model.graph import DType, Graph, Operator, Quantization, Tensor
from codegen.model.model_file import check_is_tflite, read_model_file
from codegen.model.operator_options import names_of, read_options
from codegen.model.port_names import read_port_names
from firmware.errors import ModelError

MOST_TENSOR_ELEMENTS = 1 << 26
"""Of all activations 16 times as many; no microcontroller holds them."""
MOST_TENSORS, MOST_OPERATORS = 8192, 1024
"""Of a model; those of microcontrollers have some hundreds."""
_MOST_ACTIVATIONS = 16 * MOST_TENSOR_ELEMENTS
_MOST_DIMENSIONS = 32
_DTYPES = {
    tflite.TensorType.INT8: DType.INT8,
    tflite.TensorType.UINT8: DType.UINT8,
    tflite.TensorType.BOOL: DType.BOOL,
    tflite.TensorType.INT16: DType.INT16,
    tflite.TensorType.INT32: DType.INT32,
    tflite.TensorType.INT64: DType.INT64,
    tflite.TensorType.FLOAT16: DType.FLOAT16,
    tflite.TensorType.FLOAT32: DType.FLOAT32,
}
_OPERATOR_NAMES = names_of(tflite.BuiltinOperator)
# Slots of fields that are read without an accessor. Source: TFLite's schema.fbs; slot = 4 + 2 · id.
_SHAPE, _NAME = 4, 10
_SCALE, _ZERO_POINT = 8, 10
_FIRST_INDICES, _SECOND_INDICES = 6, 8
"""Inputs and outputs, of an operator as of a subgraph."""
_DATA, _CUSTOM_CODE, _BUILTIN_CODE = 4, 6, 10


def read_tflite(path: Path) -> Graph:
    """Read a model from a file.

    Raises:
        ModelError: The file does not exist, or `parse_tflite` rejects its content.
    """
    return parse_model(path, read_model_file(path))


def parse_model(path: Path, content: bytes) -> Graph:
    """The graph from the content of a file that was already read.

    Raises:
        ModelError: `parse_tflite` rejects it; the text names the file.
    """
    try:
        return parse_tflite(content)
    except ModelError as error:
        raise ModelError(f"{str(path)!r} is not a usable .tflite: {error}") from error


def parse_tflite(content: bytes) -> Graph:
    """The graph of the first subgraph in the bytes of a .tflite file.

    Raises:
        ModelError: The bytes are not a TFLite model, or are damaged.
    """
    check_is_tflite(content)
    try:
        return _Reader(content).graph()
    except ModelError:
        raise
    except (
        struct.error,
        ValueError,
        IndexError,
        TypeError,
        AttributeError,
        OverflowError,
        KeyError,
        MemoryError,
    ) as error:
        raise ModelError(f"damaged flatbuffer ({error or type(error).__name__})") from error


class _Reader:
    """Reads one model. Used for one call of `parse_tflite`."""

    def __init__(self, content: bytes) -> None:
        self._file = BoundedFlatBuffer(content)
        self._model = tflite.Model.GetRootAs(content, 0)
        self._activation_elements = 0

    def graph(self) -> Graph:
        if self._model.SubgraphsLength() == 0:
            raise ModelError("no subgraph")
        subgraph = self._model.Subgraphs(0)
        tensors = [
            self._tensor(subgraph.Tensors(i), i)
            for i in range(_at_most(MOST_TENSORS, subgraph.TensorsLength(), "tensors"))
        ]
        operators = tuple(
            self._operator(subgraph.Operators(i), i, len(tensors))
            for i in range(_at_most(MOST_OPERATORS, subgraph.OperatorsLength(), "operators"))
        )
        inputs = self._indices(subgraph, _FIRST_INDICES, len(tensors), "model inputs")
        outputs = self._indices(subgraph, _SECOND_INDICES, len(tensors), "outputs")
        if not operators or not inputs or not outputs:
            raise ModelError("no operators, inputs or outputs")
        _check_order(tensors, operators, inputs, outputs)
        return Graph(
            tuple(tensors),
            operators,
            inputs,
            outputs,
            self._model.SubgraphsLength(),
            port_names=read_port_names(self._file, self._model),
        )

    def _tensor(self, entry: Any, index: int) -> Tensor:
        dimensions = self._file.numbers(entry, _SHAPE, "<i4", "dimensions of tensors")
        if len(dimensions) > _MOST_DIMENSIONS:
            raise ModelError(f"tensor {index} has {len(dimensions)} dimensions")
        shape = tuple(map(int, dimensions))
        if any(size < 0 for size in shape) or prod(shape) > MOST_TENSOR_ELEMENTS:
            raise ModelError(f"tensor {index} has the shape {list(shape)}")
        if entry.Sparsity() is not None:
            raise ModelError(
                f"tensor {index} is stored without its zeros; convert the model without "
                "Optimize.EXPERIMENTAL_SPARSITY"
            )
        dtype = _DTYPES.get(entry.Type(), DType.OTHER)
        data = self._buffer(entry.Buffer())
        if data is None:
            self._activation_elements += prod(shape)
            if self._activation_elements > _MOST_ACTIVATIONS:
                raise ModelError(f"the activations have more than {_MOST_ACTIVATIONS} elements")
        return Tensor(
            name=self._file.text(entry, _NAME, "names of tensors"),
            shape=shape,
            dtype=dtype,
            is_constant=data is not None,
            quantization=self._quantization(entry, shape, index),
            data=None if data is None else _elements(data, shape, dtype, index),
            is_state=bool(entry.IsVariable()) and data is None,
        )

    def _buffer(self, index: int) -> memoryview | None:
        """The bytes of a constant; None for the empty buffer of an activation."""
        if not 0 <= index < self._model.BuffersLength():
            raise ModelError(f"damaged flatbuffer: no buffer {index}")
        return self._file.data(self._model.Buffers(index), _DATA, "constants") or None

    def _operator(self, entry: Any, index: int, tensor_count: int) -> Operator:
        inputs = self._indices(
            entry, _FIRST_INDICES, tensor_count, f"inputs of operator {index}", -1
        )
        outputs = self._indices(
            entry, _SECOND_INDICES, tensor_count, f"outputs of operator {index}"
        )
        return Operator(self._kind(entry, index), inputs, outputs, read_options(entry))

    def _kind(self, entry: Any, index: int) -> str:
        """The name of an operator.

        Source: TFLite, GetBuiltinCode: the larger of the two fields for the code, each as stored.
        """
        code_index = entry.OpcodeIndex()
        if not 0 <= code_index < self._model.OperatorCodesLength():
            raise ModelError(f"damaged flatbuffer: operator {index} has no code {code_index}")
        code = self._model.OperatorCodes(code_index)
        number = max(whole_number(code, _BUILTIN_CODE), code.DeprecatedBuiltinCode())
        kind = _OPERATOR_NAMES.get(number, f"operator code {number}")
        if kind != "CUSTOM":
            return kind
        return f"CUSTOM {self._file.text(code, _CUSTOM_CODE, 'names of operators')[:40]!r}"

    def _indices(
        self, table: Any, slot: int, tensor_count: int, what: str, lowest: int = 0
    ) -> tuple[int, ...]:
        indices = self._file.numbers(table, slot, "<i4", what)
        if len(indices) and not lowest <= indices.min() <= indices.max() < tensor_count:
            shown = ", ".join(map(str, indices[:8]))
            raise ModelError(f"damaged flatbuffer: {what} are {shown} of {tensor_count} tensors")
        return tuple(map(int, indices))

    def _quantization(self, entry: Any, shape: tuple[int, ...], index: int) -> Quantization | None:
        parameters = entry.Quantization()
        if parameters is None:
            return None
        scales = self._file.numbers(parameters, _SCALE, "<f4", "scales").tolist()
        count = len(scales)
        if count == 0:
            return None
        points = self._file.numbers(parameters, _ZERO_POINT, "<i8", "zero points").tolist()
        zero_points = points or [0] * count
        axis = int(parameters.QuantizedDimension()) if count > 1 else 0
        if not all(map(isfinite, scales)) or min(scales) <= 0 or len(zero_points) != count:
            raise ModelError(f"tensor {index} has impossible quantization parameters")
        # Some converters name a dimension that a bias of rank 1 does not have; use its only
        # dimension.
        axis = 0 if len(shape) == 1 else axis
        if count > 1 and not (0 <= axis < len(shape) and shape[axis] == count):
            raise ModelError(f"tensor {index} of shape {list(shape)} has {count} scales")
        return Quantization(tuple(scales), tuple(zero_points), axis)


def _at_most(limit: int, count: int, what: str) -> int:
    if count > limit:
        raise ModelError(f"{count:,} {what}, expected at most {limit:,}")
    return count


def _check_order(
    tensors: list[Tensor],
    operators: tuple[Operator, ...],
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
) -> None:
    """Check that each tensor, except state, is written once and before it is read.

    A custom operator may read a tensor that no operator writes. This is its own memory: Vela passes
    scratch memory to an Ethos-U in this way. Such tensors are marked as state here.
    """
    known = {i for i, t in enumerate(tensors) if t.is_constant or t.is_state} | set(inputs)
    for index, operator in enumerate(operators):
        unknown = [i for i in operator.inputs if i >= 0 and i not in known]
        if unknown and operator.kind.startswith("CUSTOM"):
            for own in unknown:
                tensors[own] = replace(tensors[own], is_state=True)
            known |= set(unknown)
        elif unknown:
            raise ModelError(f"operator {index} reads tensor {unknown[0]} before it is written")
        again = [i for i in operator.outputs if i in known]
        if again:
            raise ModelError(f"operator {index} writes tensor {again[0]} again")
        known |= set(operator.outputs)
    if not set(outputs) <= known:
        raise ModelError("an output of the model is never written")


def _elements(
    data: memoryview, shape: tuple[int, ...], dtype: DType, index: int
) -> np.ndarray[Any, np.dtype[Any]]:
    if dtype is DType.OTHER:
        return np.frombuffer(data, np.uint8)
    expected = prod(shape) * dtype.size_bytes
    if len(data) != expected:
        raise ModelError(f"tensor {index} holds {len(data)} bytes, expected {expected}")
    return np.frombuffer(data, np.dtype(dtype.value).newbyteorder("<")).reshape(shape)
