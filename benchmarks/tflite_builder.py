"""Builds small .tflite files without TensorFlow, with every scale chosen by the caller."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import tflite
from numpy.typing import NDArray

TYPES = {
    "int8": tflite.TensorType.INT8,
    "uint8": tflite.TensorType.UINT8,
    "int32": tflite.TensorType.INT32,
    "float32": tflite.TensorType.FLOAT32,
    "int16": tflite.TensorType.INT16,
}

INT8_VERSIONS = {
    "ABS": 2,
    "COS": 1,
    "DEPTHWISE_CONV_2D": 3,
    "DEPTH_TO_SPACE": 1,
    "ELU": 1,
    "EXP": 1,
    "EXPAND_DIMS": 1,
    "GELU": 1,
    "HARD_SWISH": 1,
    "NEG": 1,
    "PRELU": 1,
    "RELU_0_TO_1": 1,
    "RELU_N1_TO_1": 1,
    "RESHAPE": 1,
    "SHAPE": 1,
    "SIN": 1,
    "SQUARE": 1,
    "SQUEEZE": 1,
}
"""First version of each operator that takes int8 and a scale for each channel; 2 for others."""


@dataclass
class ModelBuilder:
    """Collects tensors and operators; `build` gives the bytes of the file."""

    tensors: list[dict[str, Any]] = field(default_factory=list)
    operators: list[tuple[str, list[int], list[int], dict[str, int | float | bool]]] = field(
        default_factory=list
    )

    def activation(
        self, shape: Sequence[int], scale: float | None, zero_point: int = 0, dtype: str = "int8"
    ) -> int:
        """Add a computed tensor; gives its index."""
        return self._add(shape, dtype, None, scale, zero_point, 0)

    def constant(
        self,
        data: NDArray[Any],
        scale: float | Sequence[float] | None = None,
        zero_point: int = 0,
        axis: int = 0,
        is_sparse: bool = False,
    ) -> int:
        """Add a constant; several scales lie along `axis`. Gives its index.

        A sparse one gets the table that says so, but an empty one.
        """
        index = self._add(data.shape, data.dtype.name, data, scale, zero_point, axis)
        self.tensors[index]["is_sparse"] = is_sparse
        return index

    def operator(
        self,
        kind: str,
        inputs: Sequence[int],
        output: int | Sequence[int],
        **options: int | float | bool,
    ) -> None:
        """Add an operator with options by their names in the schema, `stride_h=1`."""
        outputs = [output] if isinstance(output, int) else list(output)
        self.operators.append((kind, list(inputs), outputs, options))

    def _add(
        self,
        shape: Sequence[int],
        dtype: str,
        data: NDArray[Any] | None,
        scale: float | Sequence[float] | None,
        zero_point: int,
        axis: int,
    ) -> int:
        scales = [] if scale is None else list(np.atleast_1d(scale))
        self.tensors.append(
            {
                "shape": list(shape),
                "dtype": dtype,
                "data": data,
                "scales": scales,
                "zero_points": [zero_point] * len(scales),
                "axis": axis,
            }
        )
        return len(self.tensors) - 1

    def build(
        self,
        inputs: Sequence[int],
        outputs: Sequence[int],
        names: Mapping[int, str] | None = None,
    ) -> bytes:
        """The bytes of the model; `names` of inputs and outputs, by tensor, make a signature."""
        b = flatbuffers.Builder(1024)
        constants = [t["data"] for t in self.tensors if t["data"] is not None]
        buffers = [self._buffer(b, None), *(self._buffer(b, data) for data in constants)]
        numbers = iter(range(1, len(buffers)))
        tensors = [
            self._tensor(b, t, 0 if t["data"] is None else next(numbers)) for t in self.tensors
        ]
        kinds = sorted({kind for kind, *_ in self.operators})
        operators = [self._operator(b, kinds.index(op[0]), *op) for op in self.operators]
        fields = [
            _offsets(b, tensors),
            b.CreateNumpyVector(np.array(inputs, np.int32)),
            b.CreateNumpyVector(np.array(outputs, np.int32)),
            _offsets(b, operators),
        ]
        tflite.SubGraphStart(b)
        tflite.SubGraphAddTensors(b, fields[0])
        tflite.SubGraphAddInputs(b, fields[1])
        tflite.SubGraphAddOutputs(b, fields[2])
        tflite.SubGraphAddOperators(b, fields[3])
        subgraphs = _offsets(b, [tflite.SubGraphEnd(b)])
        codes = _offsets(b, [_code(b, kind) for kind in kinds])
        buffer_vector = _offsets(b, buffers)
        signatures = _offsets(b, [_signature(b, inputs, outputs, names)]) if names else 0
        tflite.ModelStart(b)
        tflite.ModelAddVersion(b, 3)
        tflite.ModelAddOperatorCodes(b, codes)
        tflite.ModelAddSubgraphs(b, subgraphs)
        tflite.ModelAddBuffers(b, buffer_vector)
        if names:
            tflite.ModelAddSignatureDefs(b, signatures)
        b.Finish(tflite.ModelEnd(b), file_identifier=b"TFL3")
        return bytes(b.Output())

    def _buffer(self, b: flatbuffers.Builder, data: NDArray[Any] | None) -> int:
        vector = None
        if data is not None:
            raw = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            tflite.BufferStartDataVector(b, len(raw))
            b.head = b.head - len(raw)
            b.Bytes[b.head : b.head + len(raw)] = raw.tobytes()
            vector = b.EndVector()
        tflite.BufferStart(b)
        if vector is not None:
            tflite.BufferAddData(b, vector)
        return int(tflite.BufferEnd(b))

    def _tensor(self, b: flatbuffers.Builder, tensor: dict[str, Any], buffer: int) -> int:
        name = b.CreateString("t")
        shape = b.CreateNumpyVector(np.array(tensor["shape"], np.int32))
        scales = b.CreateNumpyVector(np.array(tensor["scales"], np.float32))
        points = b.CreateNumpyVector(np.array(tensor["zero_points"], np.int64))
        tflite.QuantizationParametersStart(b)
        tflite.QuantizationParametersAddScale(b, scales)
        tflite.QuantizationParametersAddZeroPoint(b, points)
        tflite.QuantizationParametersAddQuantizedDimension(b, tensor["axis"])
        quantization = tflite.QuantizationParametersEnd(b)
        tflite.SparsityParametersStart(b)
        sparsity = tflite.SparsityParametersEnd(b)
        tflite.TensorStart(b)
        tflite.TensorAddShape(b, shape)
        tflite.TensorAddType(b, TYPES[tensor["dtype"]])
        tflite.TensorAddBuffer(b, buffer)
        tflite.TensorAddName(b, name)
        if tensor["scales"]:
            tflite.TensorAddQuantization(b, quantization)
        if tensor.get("is_sparse"):
            tflite.TensorAddSparsity(b, sparsity)
        return int(tflite.TensorEnd(b))

    def _operator(
        self,
        b: flatbuffers.Builder,
        code: int,
        kind: str,
        inputs: list[int],
        outputs: list[int],
        options: dict[str, int | float | bool],
    ) -> int:
        table, name = None, OPTIONS.get(kind)
        if name is not None:
            getattr(tflite, f"{name}Start")(b)
            for option, value in options.items():
                camel = "".join(word.capitalize() for word in option.split("_"))
                getattr(tflite, f"{name}Add{camel}")(b, value)
            table = getattr(tflite, f"{name}End")(b)
        input_vector = b.CreateNumpyVector(np.array(inputs, np.int32))
        output_vector = b.CreateNumpyVector(np.array(outputs, np.int32))
        tflite.OperatorStart(b)
        tflite.OperatorAddOpcodeIndex(b, code)
        tflite.OperatorAddInputs(b, input_vector)
        tflite.OperatorAddOutputs(b, output_vector)
        if table is not None:
            tflite.OperatorAddBuiltinOptionsType(b, getattr(tflite.BuiltinOptions, str(name)))
            tflite.OperatorAddBuiltinOptions(b, table)
        return int(tflite.OperatorEnd(b))


OPTIONS = {
    "ADD": "AddOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "BATCH_TO_SPACE_ND": "BatchToSpaceNDOptions",
    "CONCATENATION": "ConcatenationOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "DEPTH_TO_SPACE": "DepthToSpaceOptions",
    "DEQUANTIZE": "DequantizeOptions",
    "DIV": "DivOptions",
    "EXPAND_DIMS": "ExpandDimsOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "GELU": "GeluOptions",
    "LEAKY_RELU": "LeakyReluOptions",
    "LOG_SOFTMAX": "LogSoftmaxOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "MIRROR_PAD": "MirrorPadOptions",
    "MUL": "MulOptions",
    "PACK": "PackOptions",
    "PAD": "PadOptions",
    "PADV2": "PadV2Options",
    "QUANTIZE": "QuantizeOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "RESHAPE": "ReshapeOptions",
    "RESIZE_BILINEAR": "ResizeBilinearOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    "SHAPE": "ShapeOptions",
    "SLICE": "SliceOptions",
    "SOFTMAX": "SoftmaxOptions",
    "SPACE_TO_BATCH_ND": "SpaceToBatchNDOptions",
    "SPACE_TO_DEPTH": "SpaceToDepthOptions",
    "SPLIT": "SplitOptions",
    "SPLIT_V": "SplitVOptions",
    "SQUEEZE": "SqueezeOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "SUB": "SubOptions",
    "SUM": "ReducerOptions",
    "TILE": "TileOptions",
    "TRANSPOSE": "TransposeOptions",
    "UNPACK": "UnpackOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions",
}


def _code(b: flatbuffers.Builder, kind: str) -> int:
    number = getattr(tflite.BuiltinOperator, kind)
    tflite.OperatorCodeStart(b)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(b, min(number, 127))
    tflite.OperatorCodeAddBuiltinCode(b, number)
    tflite.OperatorCodeAddVersion(b, INT8_VERSIONS.get(kind, 2))
    return int(tflite.OperatorCodeEnd(b))


def _signature(
    b: flatbuffers.Builder,
    inputs: Sequence[int],
    outputs: Sequence[int],
    names: Mapping[int, str],
) -> int:
    vectors = []
    for tensors in (inputs, outputs):
        maps = []
        for tensor in tensors:
            if tensor in names:
                name = b.CreateString(names[tensor])
                tflite.TensorMapStart(b)
                tflite.TensorMapAddName(b, name)
                tflite.TensorMapAddTensorIndex(b, tensor)
                maps.append(int(tflite.TensorMapEnd(b)))
        vectors.append(_offsets(b, maps))
    key = b.CreateString("serving_default")
    tflite.SignatureDefStart(b)
    tflite.SignatureDefAddInputs(b, vectors[0])
    tflite.SignatureDefAddOutputs(b, vectors[1])
    tflite.SignatureDefAddSignatureKey(b, key)
    return int(tflite.SignatureDefEnd(b))


def _offsets(b: flatbuffers.Builder, items: Sequence[int]) -> int:
    b.StartVector(4, len(items), 4)
    for item in reversed(items):
        b.PrependUOffsetTRelative(item)
    return int(b.EndVector())
