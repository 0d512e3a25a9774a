"""A .tflite file as a graph. Reads flatbuffers through the generated schema classes.

A flatbuffer has no checksum: a damaged one leads its accessors anywhere inside the file, or out of
it. So every number read is bounded before it is used, and whatever an accessor raises becomes a
`ModelError`.
"""

import re
import struct
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tflite

from codegen.graph import DType, Graph, Operator, Quantization, Tensor
from firmware.errors import ModelError

MOST_ITEMS = 20_000
"""Tensors, operators, or dimensions' product per tensor list above which a file is refused."""
MOST_TENSOR_BYTES = 1 << 30
_IDENTIFIER = b"TFL3"
_SMALLEST_BYTES = 16

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


def _names_of(enumeration: type) -> dict[int, str]:
    return {
        value: name
        for name, value in vars(enumeration).items()
        if isinstance(value, int) and not name.startswith("_")
    }


_OPERATOR_NAMES = _names_of(tflite.BuiltinOperator)
_OPTIONS_NAMES = _names_of(tflite.BuiltinOptions)
_ENUMERATED_OPTIONS = {
    "fused_activation_function": _names_of(tflite.ActivationFunctionType),
    "padding": _names_of(tflite.Padding),
    "weights_format": _names_of(tflite.FullyConnectedOptionsWeightsFormat),
}


def read_tflite(path: Path) -> Graph:
    """Read a model from a file.

    Raises:
        ModelError: There is no such file, or `parse_tflite` refuses its content.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"could not read {str(path)!r}: {error.strerror}") from error
    try:
        return parse_tflite(content)
    except ModelError as error:
        raise ModelError(f"{str(path)!r} is not a usable .tflite: {error}") from error


def parse_tflite(content: bytes) -> Graph:
    """The graph in the bytes of a .tflite file.

    Raises:
        ModelError: The bytes are no TFLite model, are damaged, or hold several subgraphs.
    """
    if len(content) < _SMALLEST_BYTES or content[4:8] != _IDENTIFIER:
        raise ModelError("no TFLite identifier 'TFL3' at byte 4")
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


def _bounded(count: int, what: str) -> int:
    if not 0 <= count <= MOST_ITEMS:
        raise ModelError(f"damaged flatbuffer: {count} {what}, expected at most {MOST_ITEMS}")
    return count


class _Reader:
    """Reads one model; lives for one call of `parse_tflite`."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._model = tflite.Model.GetRootAs(content, 0)

    def graph(self) -> Graph:
        count = self._model.SubgraphsLength()
        if count != 1:
            raise ModelError(f"{count} subgraphs, expected 1")
        subgraph = self._model.Subgraphs(0)
        tensors = tuple(
            self._tensor(subgraph.Tensors(i), i)
            for i in range(_bounded(subgraph.TensorsLength(), "tensors"))
        )
        operators = tuple(
            self._operator(subgraph.Operators(i), i, len(tensors))
            for i in range(_bounded(subgraph.OperatorsLength(), "operators"))
        )
        inputs = _indices(subgraph.InputsLength(), subgraph.Inputs, len(tensors), "model inputs")
        outputs = _indices(subgraph.OutputsLength(), subgraph.Outputs, len(tensors), "outputs")
        if not operators or not inputs or not outputs:
            raise ModelError("no operators, inputs or outputs")
        _check_order(tensors, operators, inputs, outputs)
        return Graph(tensors, operators, inputs, outputs)

    def _tensor(self, entry: Any, index: int) -> Tensor:
        shape = tuple(
            int(entry.Shape(i)) for i in range(_bounded(entry.ShapeLength(), "dimensions"))
        )
        if any(size < 0 for size in shape) or prod(shape) > MOST_TENSOR_BYTES:
            raise ModelError(f"tensor {index} has the shape {list(shape)}")
        dtype = _DTYPES.get(entry.Type(), DType.OTHER)
        data = self._buffer(entry.Buffer())
        return Tensor(
            name=(entry.Name() or b"").decode(errors="replace"),
            shape=shape,
            dtype=dtype,
            is_constant=data is not None,
            quantization=_quantization(entry, shape, index),
            data=None if data is None else _elements(data, shape, dtype, index),
        )

    def _buffer(self, index: int) -> bytes | None:
        """The bytes of a constant; None for the empty buffer of an activation."""
        if not 0 <= index < self._model.BuffersLength():
            raise ModelError(f"damaged flatbuffer: no buffer {index}")
        buffer = self._model.Buffers(index)
        size = buffer.DataLength()
        if size == 0:
            return None
        if size > len(self._content):
            raise ModelError(f"damaged flatbuffer: buffer {index} of {size} bytes")
        return bytes(buffer.DataAsNumpy())

    def _operator(self, entry: Any, index: int, tensor_count: int) -> Operator:
        code_index = entry.OpcodeIndex()
        if not 0 <= code_index < self._model.OperatorCodesLength():
            raise ModelError(f"damaged flatbuffer: operator {index} has no code {code_index}")
        code = self._model.OperatorCodes(code_index)
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        inputs = _indices(
            entry.InputsLength(), entry.Inputs, tensor_count, f"inputs of operator {index}", -1
        )
        outputs = _indices(
            entry.OutputsLength(), entry.Outputs, tensor_count, f"outputs of operator {index}"
        )
        if not outputs:
            raise ModelError(f"operator {index} has no output")
        kind = _OPERATOR_NAMES.get(number, f"operator code {number}")
        return Operator(kind, inputs, outputs, _options(entry))


def _indices(
    count: int, read: Any, tensor_count: int, what: str, lowest: int = 0
) -> tuple[int, ...]:
    indices = tuple(int(read(i)) for i in range(_bounded(count, what)))
    if any(not lowest <= index < tensor_count for index in indices):
        raise ModelError(f"damaged flatbuffer: {what} are {list(indices)} of {tensor_count}")
    return indices


def _check_order(
    tensors: tuple[Tensor, ...],
    operators: tuple[Operator, ...],
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
) -> None:
    """Each tensor is written once and before it is read."""
    known = {i for i, tensor in enumerate(tensors) if tensor.is_constant} | set(inputs)
    for index, operator in enumerate(operators):
        unknown = [i for i in operator.inputs if i >= 0 and i not in known]
        if unknown:
            raise ModelError(f"operator {index} reads tensor {unknown[0]} before it is written")
        again = [i for i in operator.outputs if i in known]
        if again:
            raise ModelError(f"operator {index} writes tensor {again[0]} again")
        known |= set(operator.outputs)
    if not set(outputs) <= known:
        raise ModelError("an output of the model is never written")


def _quantization(entry: Any, shape: tuple[int, ...], index: int) -> Quantization | None:
    parameters = entry.Quantization()
    if parameters is None or parameters.ScaleLength() == 0:
        return None
    count = _bounded(parameters.ScaleLength(), "scales")
    scales = tuple(float(parameters.Scale(i)) for i in range(count))
    points = _bounded(parameters.ZeroPointLength(), "zero points")
    zero_points = tuple(int(parameters.ZeroPoint(i)) for i in range(points)) or (0,) * count
    axis = int(parameters.QuantizedDimension()) if count > 1 else 0
    if not all(np.isfinite(scales)) or min(scales) <= 0 or len(zero_points) != count:
        raise ModelError(f"tensor {index} has impossible quantization parameters")
    # Some converters name a dimension that a bias of rank 1 does not have; its only one is meant.
    axis = 0 if len(shape) == 1 else axis
    if count > 1 and not (0 <= axis < len(shape) and shape[axis] == count):
        raise ModelError(f"tensor {index} of shape {list(shape)} has {count} scales")
    return Quantization(scales, zero_points, axis)


def _elements(
    data: bytes, shape: tuple[int, ...], dtype: DType, index: int
) -> np.ndarray[Any, np.dtype[Any]]:
    if dtype is DType.OTHER:
        return np.frombuffer(data, np.uint8)
    expected = prod(shape) * dtype.size_bytes
    if len(data) != expected:
        raise ModelError(f"tensor {index} holds {len(data)} bytes, expected {expected}")
    return np.frombuffer(data, np.dtype(dtype.value).newbyteorder("<")).reshape(shape)


def _options(entry: Any) -> dict[str, int | float | str | bool]:
    """The scalar options of an operator, by their names in the schema."""
    name = _OPTIONS_NAMES.get(entry.BuiltinOptionsType(), "NONE")
    table = entry.BuiltinOptions()
    reader = getattr(tflite, name, None)
    if table is None or reader is None or name == "NONE":
        return {}
    options = reader()
    options.Init(table.Bytes, table.Pos)
    values: dict[str, int | float | str | bool] = {}
    for method in sorted(name for name in vars(reader) if name[0].isupper()):
        value = _scalar(options, method)
        if value is not None:
            field = re.sub(r"(?<!^)(?=[A-Z])", "_", method).lower()
            values[field] = _ENUMERATED_OPTIONS.get(field, {}).get(int(value), value)
    return values


def _scalar(options: Any, method: str) -> int | float | bool | None:
    """The value of an accessor without arguments, if it gives a number."""
    accessor = getattr(options, method)
    if accessor.__func__.__code__.co_argcount != 1:
        return None
    value = accessor()
    return value if isinstance(value, int | float | bool) else None
