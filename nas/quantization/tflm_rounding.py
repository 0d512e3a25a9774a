"""A model that answers with TFLite-Micro's rounding in LiteRT's interpreter. Pure.

Of all operators that both have, only FULLY_CONNECTED and SUM round differently. LiteRT scales the
sums of FULLY_CONNECTED in double precision and rounds once, TFLite-Micro in fixed point and rounds
twice. LiteRT's CONV_2D is scaled as TFLite-Micro's FULLY_CONNECTED, and a 1×1 convolution of one
pixel computes the same sums. So each FULLY_CONNECTED is replaced by that, between two RESHAPEs.

LiteRT's reference kernels have no SUM of int8. TFLite-Micro scales it as FULLY_CONNECTED. So it is
replaced by the same convolution with weights of 1, after a TRANSPOSE that brings together what is
added.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import flatbuffers
import numpy as np
import tflite
from numpy.typing import NDArray

from firmware.errors import ModelError

_ALIGNMENT_BYTES = 16
_INT8_INPUTS = {tflite.BuiltinOperator.FULLY_CONNECTED: 2, tflite.BuiltinOperator.SUM: 1}
"""The kinds that are replaced, and how many of their first inputs must be int8."""


def with_tflm_rounding(content: bytes) -> bytes:
    """The model with a convolution for each int8 FULLY_CONNECTED and SUM; itself if it has none.

    Raises:
        ModelError: A FULLY_CONNECTED has weights with a zero point, which CONV_2D cannot have.
    """
    model = tflite.Model.GetRootAs(content, 0)
    graphs = [model.Subgraphs(index) for index in range(model.SubgraphsLength())]
    kinds = [_rounded_otherwise(model, graph) for graph in graphs]
    if not any(kinds):
        return content
    return _Rewrite(content, model).content(graphs, kinds)


def _rounded_otherwise(model: Any, graph: Any) -> dict[int, int]:
    """By their indices, the kinds of operators of int8 that are replaced."""
    found = {}
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex())
        kind = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        types = {graph.Tensors(operator.Inputs(i)).Type() for i in range(_INT8_INPUTS.get(kind, 0))}
        if types == {tflite.TensorType.INT8}:
            found[index] = kind
    return found


class _Rewrite:
    """Writes a new root, new operators and new tensors in front of the old file.

    References of a FlatBuffer point forward. So what has not changed stays where it is, and the
    file is never unpacked: the memory needed is twice the file.
    """

    def __init__(self, content: bytes, model: Any) -> None:
        self._model = model
        self._builder = flatbuffers.Builder(len(content) + 4096)
        padded = content + bytes(-len(content) % _ALIGNMENT_BYTES)
        self._old_bytes = len(padded)
        self._builder.Prep(_ALIGNMENT_BYTES, 0)  # of the whole file, so that constants keep theirs
        self._builder.CreateByteVector(padded)
        self._codes = [
            self._old(model.OperatorCodes(i)) for i in range(model.OperatorCodesLength())
        ]
        self._buffers = [self._old(model.Buffers(i)) for i in range(model.BuffersLength())]
        self._code_of: dict[int, int] = {}
        self._tensors: list[int] = []

    def content(self, graphs: list[Any], kinds: list[dict[int, int]]) -> bytes:
        """The file; `kinds` are those of the operators to replace in each graph."""
        builder, model = self._builder, self._model
        written = [self._graph(*pair) for pair in zip(graphs, kinds, strict=True)]
        subgraphs = self._offsets(written)
        codes = self._offsets(self._codes)
        buffers = self._offsets(self._buffers)
        tflite.ModelStart(builder)
        tflite.ModelAddVersion(builder, model.Version())
        tflite.ModelAddOperatorCodes(builder, codes)
        tflite.ModelAddSubgraphs(builder, subgraphs)
        tflite.ModelAddBuffers(builder, buffers)
        builder.Finish(tflite.ModelEnd(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())

    def _old(self, table: Any) -> int:
        """A table of the old file, as the builder counts: from the end."""
        return self._old_bytes - int(table._tab.Pos)

    def _graph(self, graph: Any, kinds: dict[int, int]) -> int:
        builder = self._builder
        self._tensors = [self._old(graph.Tensors(i)) for i in range(graph.TensorsLength())]
        operators = []
        for index in range(graph.OperatorsLength()):
            operator = graph.Operators(index)
            match kinds.get(index):
                case tflite.BuiltinOperator.FULLY_CONNECTED:
                    operators += self._product(graph, operator)
                case tflite.BuiltinOperator.SUM:
                    operators += self._sum(graph, operator)
                case _:
                    operators.append(self._old(operator))
        tensors, every_operator = self._offsets(self._tensors), self._offsets(operators)
        inputs, outputs = (
            self._numbers(graph.InputsAsNumpy()),
            self._numbers(graph.OutputsAsNumpy()),
        )
        tflite.SubGraphStart(builder)
        tflite.SubGraphAddTensors(builder, tensors)
        tflite.SubGraphAddInputs(builder, inputs)
        tflite.SubGraphAddOutputs(builder, outputs)
        tflite.SubGraphAddOperators(builder, every_operator)
        return int(tflite.SubGraphEnd(builder))

    def _product(self, graph: Any, operator: Any) -> list[int]:
        """RESHAPE, CONV_2D, RESHAPE in the place of a FULLY_CONNECTED."""
        given = [int(index) for index in operator.InputsAsNumpy()]
        result = int(operator.Outputs(0))
        source, weights, output = (graph.Tensors(index) for index in (*given[:2], result))
        rows, columns = (int(size) for size in weights.ShapeAsNumpy())
        # The file may have another shape than the interpreter computes from a computed RESHAPE.
        batch = max(int(np.prod(source.ShapeAsNumpy(), dtype=np.int64)) // columns, 1)
        scales = np.asarray(weights.Quantization().ScaleAsNumpy(), np.float32)
        input_scale = np.float32(source.Quantization().Scale(0))
        if np.any(weights.Quantization().ZeroPointAsNumpy()):
            raise ModelError(
                "FULLY_CONNECTED has weights with a zero point, for which the outputs of "
                "TFLite-Micro cannot be computed here; record LiteRT's with --rounding litert"
            )
        if len(scales) == 1:
            # TFLite-Micro multiplies one scale in single precision, several in double.
            scales, input_scale = scales * input_scale, np.float32(1)
        pixel = self._tensor(source, [batch, 1, 1, columns], np.array([input_scale]))
        kernels = self._tensor(weights, [rows, 1, 1, columns], scales)
        sums = self._tensor(output, [batch, 1, 1, rows], output.Quantization().ScaleAsNumpy())
        before = self._reshape(given[0], pixel, [-1, 1, 1, columns])
        # LiteRT's FULLY_CONNECTED may do without a bias, its CONV_2D in int8 may not.
        has_bias = len(given) > 2 and given[2] >= 0
        biases = given[2] if has_bias else self._constant(np.zeros(rows, np.int32))
        options = tflite.FullyConnectedOptions()
        options.Init(operator.BuiltinOptions().Bytes, operator.BuiltinOptions().Pos)
        fused = options.FusedActivationFunction()
        convolution = self._convolution([pixel, kernels, biases], sums, fused)
        shape = [-1, *(int(size) for size in output.ShapeAsNumpy()[1:])]
        return [before, convolution, self._reshape(sums, result, shape)]

    def _sum(self, graph: Any, operator: Any) -> list[int]:
        """TRANSPOSE, RESHAPE, CONV_2D, RESHAPE in the place of a SUM; itself if it is damaged."""
        given, named, result = operator.Inputs(0), operator.Inputs(1), operator.Outputs(0)
        source, axes, output = (graph.Tensors(index) for index in (given, named, result))
        sizes = source.ShapeAsNumpy().tolist() if source.ShapeLength() else []
        data = self._model.Buffers(axes.Buffer()).DataAsNumpy()
        if not isinstance(data, np.ndarray) or min(sizes, default=0) < 1:
            return [self._old(operator)]
        reduced = {int(axis) % len(sizes) for axis in np.frombuffer(data.tobytes(), "<i4")}
        order = [*(set(range(len(sizes))) - reduced), *reduced]
        added = prod(sizes[axis] for axis in reduced)
        count = prod(sizes) // added
        scales = source.Quantization().ScaleAsNumpy()
        turned = self._tensor(source, [sizes[axis] for axis in order], scales)
        pixel = self._tensor(source, [count, 1, 1, added], scales)
        ones = self._constant(np.ones((1, 1, 1, added), np.int8), 1.0)
        zero = self._constant(np.zeros(1, np.int32))
        sums = self._tensor(output, [count, 1, 1, 1], output.Quantization().ScaleAsNumpy())
        shape = [-1, *output.ShapeAsNumpy()[1:].tolist()] if output.ShapeLength() else []
        return [
            self._transpose(given, turned, order),
            self._reshape(turned, pixel, [-1, 1, 1, added]),
            self._convolution([pixel, ones, zero], sums, tflite.ActivationFunctionType.NONE),
            self._reshape(sums, result, shape),
        ]

    def _tensor(self, like: Any, shape: list[int], scales: NDArray[np.float32]) -> int:
        """Add a tensor of the same data; gives its index."""
        quantization = self._quantization(scales, like.Quantization().ZeroPoint(0))
        return self._add(shape, like.Type(), like.Buffer(), quantization)

    def _constant(self, values: NDArray[Any], scale: float | None = None) -> int:
        """Add a constant of int8 with a scale, or of int32 without one; gives its index."""
        builder = self._builder
        data = builder.CreateByteVector(values.tobytes())
        tflite.BufferStart(builder)
        tflite.BufferAddData(builder, data)
        self._buffers.append(tflite.BufferEnd(builder))
        kinds = tflite.TensorType
        kind = kinds.INT32 if scale is None else kinds.INT8
        quantization = None if scale is None else self._quantization(np.array([scale]), 0)
        return self._add(values.shape, kind, len(self._buffers) - 1, quantization)

    def _quantization(self, scales: NDArray[Any], zero_point: int) -> int:
        """Write scales with one zero point."""
        builder = self._builder
        scale = builder.CreateNumpyVector(np.asarray(scales, np.float32))
        zero_points = builder.CreateNumpyVector(np.full(len(scales), zero_point, np.int64))
        tflite.QuantizationParametersStart(builder)
        tflite.QuantizationParametersAddScale(builder, scale)
        tflite.QuantizationParametersAddZeroPoint(builder, zero_points)
        return int(tflite.QuantizationParametersEnd(builder))

    def _add(
        self, shape: Sequence[int], kind: int, buffer: int, quantization: int | None = None
    ) -> int:
        """Add a tensor; gives its index."""
        builder, sizes = self._builder, self._numbers(shape)
        tflite.TensorStart(builder)
        tflite.TensorAddShape(builder, sizes)
        tflite.TensorAddType(builder, kind)
        tflite.TensorAddBuffer(builder, buffer)
        if quantization is not None:
            tflite.TensorAddQuantization(builder, quantization)
        self._tensors.append(tflite.TensorEnd(builder))
        return len(self._tensors) - 1

    def _convolution(self, inputs: list[int], output: int, fused: int) -> int:
        builder = self._builder
        tflite.Conv2DOptionsStart(builder)
        tflite.Conv2DOptionsAddPadding(builder, tflite.Padding.VALID)
        tflite.Conv2DOptionsAddStrideW(builder, 1)
        tflite.Conv2DOptionsAddStrideH(builder, 1)
        tflite.Conv2DOptionsAddFusedActivationFunction(builder, fused)
        own = (tflite.BuiltinOptions.Conv2DOptions, tflite.Conv2DOptionsEnd(builder))
        return self._operator(tflite.BuiltinOperator.CONV_2D, 3, inputs, output, own)

    def _transpose(self, source: int, target: int, order: list[int]) -> int:
        told = self._constant(np.array(order, np.int32))
        tflite.TransposeOptionsStart(self._builder)
        own = (tflite.BuiltinOptions.TransposeOptions, tflite.TransposeOptionsEnd(self._builder))
        return self._operator(tflite.BuiltinOperator.TRANSPOSE, 2, [source, told], target, own)

    def _reshape(self, source: int, target: int, shape: list[int]) -> int:
        builder = self._builder
        sizes = self._numbers(shape)
        tflite.ReshapeOptionsStart(builder)
        tflite.ReshapeOptionsAddNewShape(builder, sizes)
        own = (tflite.BuiltinOptions.ReshapeOptions, tflite.ReshapeOptionsEnd(builder))
        return self._operator(tflite.BuiltinOperator.RESHAPE, 1, [source], target, own)

    def _operator(
        self, kind: int, version: int, inputs: list[int], output: int, options: tuple[int, int]
    ) -> int:
        builder, code = self._builder, self._code(kind, version)
        sources, results = self._numbers(inputs), self._numbers([output])
        tflite.OperatorStart(builder)
        tflite.OperatorAddOpcodeIndex(builder, code)
        tflite.OperatorAddInputs(builder, sources)
        tflite.OperatorAddOutputs(builder, results)
        tflite.OperatorAddBuiltinOptionsType(builder, options[0])
        tflite.OperatorAddBuiltinOptions(builder, options[1])
        return int(tflite.OperatorEnd(builder))

    def _code(self, kind: int, version: int) -> int:
        if kind not in self._code_of:
            builder = self._builder
            tflite.OperatorCodeStart(builder)
            tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, kind)
            tflite.OperatorCodeAddBuiltinCode(builder, kind)
            tflite.OperatorCodeAddVersion(builder, version)
            self._codes.append(tflite.OperatorCodeEnd(builder))
            self._code_of[kind] = len(self._codes) - 1
        return self._code_of[kind]

    def _numbers(self, values: Any) -> int:
        return int(self._builder.CreateNumpyVector(np.asarray(values, np.int32)))

    def _offsets(self, items: list[int]) -> int:
        self._builder.StartVector(4, len(items), 4)
        for item in reversed(items):
            self._builder.PrependUOffsetTRelative(item)
        return int(self._builder.EndVector())
