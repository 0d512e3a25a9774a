"""Writes a quantized graph as a .tflite that contains only what interpreters read. Pure.

The file has no names, description, metadata or signature. Activations share the empty buffer 0,
and equal parts of several tensors are written once. Equal graphs give equal bytes, and graphs of
equal shapes give files of equal size.

Source: TFLite's schema.fbs.
"""

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import flatbuffers
import numpy as np
import tflite
from numpy.typing import NDArray

from codegen.model.graph import Graph, Operator, Quantization, Tensor

_SCHEMA_VERSION = 3
_IDENTIFIER = b"TFL3"
_VERSIONS = {
    "ADD": 2,
    "AVERAGE_POOL_2D": 2,
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 3,
    "FULLY_CONNECTED": 4,
    "MAX_POOL_2D": 2,
    "MEAN": 2,
    "RELU": 2,
    "RELU6": 2,
    "SOFTMAX": 2,
}
"""First version of each operator that supports int8 with a scale for each channel."""
_KEPT = ("MAX_POOL_2D", "AVERAGE_POOL_2D", "RELU", "RELU6")
"""Operators whose outputs have the quantization of their input."""
_OPTIONS = {
    "ADD": "AddOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "SOFTMAX": "SoftmaxOptions",
}
_ENUMERATIONS: dict[str, Any] = {
    "fused_activation_function": tflite.ActivationFunctionType,
    "padding": tflite.Padding,
    "weights_format": tflite.FullyConnectedOptionsWeightsFormat,
}


def write_tflite(graph: Graph) -> bytes:
    """The bytes of a graph whose constants and quantization are known."""
    return _Writer(graph).content()


class _Writer:
    """Writes one model, in one call of `write_tflite`."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._builder = flatbuffers.Builder(1 << 16)
        self._written: dict[Hashable, int] = {}
        self._kinds = list(dict.fromkeys(operator.kind for operator in graph.operators))
        self._followed: dict[int, int] = {}
        self._signed: set[int] = set()
        for operator in graph.operators:
            source, result = operator.inputs[0], operator.outputs[0]
            if operator.kind in _KEPT:
                self._followed[result] = self._followed.get(source, source)
            if _may_be_negative(operator, self._signed):
                self._signed.add(result)

    def content(self) -> bytes:
        graph, builder = self._graph, self._builder
        codes = self._offsets([self._code(kind) for kind in self._kinds])
        tensors = self._offsets([self._tensor(i, t) for i, t in enumerate(graph.tensors)])
        operators = self._offsets([self._operator(o) for o in graph.operators])
        inputs, outputs = (self._indices(indices) for indices in (graph.inputs, graph.outputs))
        tflite.SubGraphStart(builder)
        tflite.SubGraphAddTensors(builder, tensors)
        tflite.SubGraphAddInputs(builder, inputs)
        tflite.SubGraphAddOutputs(builder, outputs)
        tflite.SubGraphAddOperators(builder, operators)
        subgraphs = self._offsets([tflite.SubGraphEnd(builder)])
        constants = [t.data for t in graph.tensors if t.is_constant]
        buffers = self._offsets([self._buffer(None), *map(self._buffer, constants)])
        tflite.ModelStart(builder)
        tflite.ModelAddVersion(builder, _SCHEMA_VERSION)
        tflite.ModelAddOperatorCodes(builder, codes)
        tflite.ModelAddSubgraphs(builder, subgraphs)
        tflite.ModelAddBuffers(builder, buffers)
        builder.Finish(tflite.ModelEnd(builder), file_identifier=_IDENTIFIER)
        return bytes(builder.Output())

    def _code(self, kind: str) -> int:
        number = getattr(tflite.BuiltinOperator, kind)
        tflite.OperatorCodeStart(self._builder)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(self._builder, number)
        tflite.OperatorCodeAddVersion(self._builder, _VERSIONS[kind])
        tflite.OperatorCodeAddBuiltinCode(self._builder, number)
        return int(tflite.OperatorCodeEnd(self._builder))

    def _tensor(self, index: int, tensor: Tensor) -> int:
        shape, quantization = self._indices(tensor.shape), None
        if tensor.quantization is not None:
            quantization = self._quantization(index, tensor.quantization)
        builder = self._builder
        tflite.TensorStart(builder)
        tflite.TensorAddShape(builder, shape)
        if quantization is not None:
            tflite.TensorAddQuantization(builder, quantization)
        if tensor.is_constant:
            earlier = self._graph.tensors[:index]
            tflite.TensorAddBuffer(builder, 1 + sum(other.is_constant for other in earlier))
        tflite.TensorAddType(builder, getattr(tflite.TensorType, tensor.dtype.value.upper()))
        return int(tflite.TensorEnd(builder))

    def _quantization(self, index: int, quantization: Quantization) -> int:
        """What a pooling gives has the parameters of what it reads."""
        return self._once(
            ("quantization", self._followed.get(index, index)),
            lambda: self._quantization_table(index, quantization),
        )

    def _quantization_table(self, index: int, quantization: Quantization) -> int:
        builder = self._builder
        # Whether such a tensor has the zero point of another is only known after training.
        owner = index if index in self._signed else None
        points = self._once(
            ("zero points", owner, quantization.zero_points),
            lambda: self._vector(np.array(quantization.zero_points, np.int64)),
        )
        scales = self._vector(np.array(quantization.scales, np.float32))
        tflite.QuantizationParametersStart(builder)
        tflite.QuantizationParametersAddScale(builder, scales)
        tflite.QuantizationParametersAddZeroPoint(builder, points)
        tflite.QuantizationParametersAddQuantizedDimension(builder, quantization.axis)
        return int(tflite.QuantizationParametersEnd(builder))

    def _operator(self, operator: Operator) -> int:
        builder, table = self._builder, _OPTIONS.get(operator.kind)
        inputs, outputs = self._indices(operator.inputs), self._indices(operator.outputs)
        options = 0
        if table is not None:
            key = ("options", operator.kind, tuple(operator.options.items()))
            options = self._once(key, lambda: self._options(table, operator))
        tflite.OperatorStart(builder)
        tflite.OperatorAddOpcodeIndex(builder, self._kinds.index(operator.kind))
        tflite.OperatorAddInputs(builder, inputs)
        tflite.OperatorAddOutputs(builder, outputs)
        if table is not None:
            tflite.OperatorAddBuiltinOptions(builder, options)
            tflite.OperatorAddBuiltinOptionsType(builder, getattr(tflite.BuiltinOptions, table))
        return int(tflite.OperatorEnd(builder))

    def _options(self, table: str, operator: Operator) -> int:
        getattr(tflite, f"{table}Start")(self._builder)
        for name, value in operator.options.items():
            number = getattr(_ENUMERATIONS[name], str(value)) if name in _ENUMERATIONS else value
            add = getattr(tflite, f"{table}Add{_camel(name)}")
            add(self._builder, number)
        return int(getattr(tflite, f"{table}End")(self._builder))

    def _buffer(self, data: NDArray[np.generic] | None) -> int:
        vector = None
        if data is not None:
            little = np.ascontiguousarray(data, data.dtype.newbyteorder("<"))
            vector = self._vector(np.frombuffer(little.tobytes(), np.uint8))
        tflite.BufferStart(self._builder)
        if vector is not None:
            tflite.BufferAddData(self._builder, vector)
        return int(tflite.BufferEnd(self._builder))

    def _indices(self, indices: Sequence[int]) -> int:
        key = ("numbers", tuple(indices))
        return self._once(key, lambda: self._vector(np.array(indices, np.int32)))

    def _vector(self, values: NDArray[Any]) -> int:
        return int(self._builder.CreateNumpyVector(values))

    def _offsets(self, items: Sequence[int]) -> int:
        self._builder.StartVector(4, len(items), 4)
        for item in reversed(items):
            self._builder.PrependUOffsetTRelative(item)
        return int(self._builder.EndVector())

    def _once(self, key: Hashable, write: Callable[[], int]) -> int:
        """Position of an object that is written when it is first needed."""
        if key not in self._written:
            self._written[key] = write()
        return self._written[key]


def _may_be_negative(operator: Operator, signed: set[int]) -> bool:
    """Whether the output of an operator can be below 0; its zero point depends on that.

    Args:
        operator: The operator.
        signed: Tensors that can be below 0.
    """
    if operator.kind == "SOFTMAX" or "RELU" in operator.kind:
        return False
    if operator.options.get("fused_activation_function") in ("RELU", "RELU6"):
        return False
    is_weighted = operator.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
    return is_weighted or any(index in signed for index in operator.inputs)


def _camel(name: str) -> str:
    """`stride_w` as the schema's accessors write it: `StrideW`."""
    return re.sub(r"(?:^|_)(\w)", lambda match: match.group(1).upper(), name)
