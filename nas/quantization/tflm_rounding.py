"""Rewrites a model so that LiteRT's interpreter rounds like TFLite-Micro. Only for workers.

Of the operators that both have, only FULLY_CONNECTED is rounded differently: LiteRT scales its sums
in double precision and rounds once, TFLite-Micro uses fixed point and rounds twice. LiteRT scales
CONV_2D like TFLite-Micro's FULLY_CONNECTED, and a 1×1 convolution of one pixel computes the same
sums. So each FULLY_CONNECTED is replaced by such a convolution between two RESHAPEs.
"""

from typing import Any

import numpy as np

from firmware.errors import ModelError


def with_tflm_rounding(content: bytes) -> bytes:
    """The model with a convolution for each FULLY_CONNECTED; the model itself if it has none.

    Raises:
        ModelError: A FULLY_CONNECTED has weights with a zero point, which CONV_2D cannot have.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    wanted = schema.BuiltinOperator.FULLY_CONNECTED
    rewrite = _Rewrite(schema, model)
    changed = False
    for graph in model.subgraphs:
        operators = []
        for operator in graph.operators:
            own = _is_int8_product(schema, model, graph, operator, wanted)
            operators += rewrite.as_convolution(graph, operator) if own else [operator]
            changed |= own
        graph.operators = operators
    if not changed:
        return content
    builder = flatbuffers.Builder(len(content) + 1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _is_int8_product(schema: Any, model: Any, graph: Any, operator: Any, wanted: int) -> bool:
    code = model.operatorCodes[operator.opcodeIndex]
    if max(code.builtinCode, code.deprecatedBuiltinCode) != wanted:
        return False
    types = {graph.tensors[index].type for index in operator.inputs[:2]}
    return types == {schema.TensorType.INT8}


class _Rewrite:
    """Adds tensors and operator codes to a model.

    Args:
        schema: LiteRT's classes.
        model: The model; it is changed in place.
    """

    def __init__(self, schema: Any, model: Any) -> None:
        self._schema, self._model = schema, model
        self._codes: dict[int, int] = {}

    def as_convolution(self, graph: Any, operator: Any) -> list[Any]:
        """RESHAPE, CONV_2D and RESHAPE that replace a FULLY_CONNECTED."""
        schema = self._schema
        source, weights, output = (
            graph.tensors[i] for i in (*operator.inputs[:2], operator.outputs[0])
        )
        rows, columns = (int(size) for size in weights.shape)
        batch = int(np.prod(source.shape, dtype=np.int64)) // columns
        scales = np.asarray(weights.quantization.scale, np.float32)
        input_scale = np.float32(source.quantization.scale[0])
        if np.any(weights.quantization.zeroPoint):
            raise ModelError(
                "FULLY_CONNECTED has weights with a zero point, for which the outputs of "
                "TFLite-Micro cannot be computed here; record LiteRT's with --rounding litert"
            )
        if len(scales) == 1:
            # TFLite-Micro multiplies one scale in single precision, several in double.
            scales, input_scale = scales * input_scale, np.float32(1)
        pixel = self._tensor(graph, source, [batch, 1, 1, columns], [input_scale])
        kernels = self._tensor(graph, weights, [rows, 1, 1, columns], scales)
        sums = self._tensor(graph, output, [batch, 1, 1, rows], output.quantization.scale)
        options = schema.Conv2DOptionsT()
        options.padding = schema.Padding.VALID
        options.strideW = options.strideH = 1
        options.fusedActivationFunction = operator.builtinOptions.fusedActivationFunction
        inputs = [pixel, kernels, *(int(i) for i in operator.inputs[2:])]
        convolution = self._operator("CONV_2D", 3, inputs, sums, options)
        return [
            self._reshape(graph, int(operator.inputs[0]), pixel),
            convolution,
            self._reshape(graph, sums, int(operator.outputs[0])),
        ]

    def _tensor(self, graph: Any, like: Any, shape: list[int], scales: Any) -> int:
        """Add another tensor with the same data; returns its index."""
        tensor = self._schema.TensorT()
        tensor.shape, tensor.type, tensor.buffer, tensor.name = shape, like.type, like.buffer, b""
        tensor.quantization = self._schema.QuantizationParametersT()
        tensor.quantization.scale = np.asarray(scales, np.float32)
        tensor.quantization.zeroPoint = np.asarray(like.quantization.zeroPoint, np.int64)
        graph.tensors.append(tensor)
        return len(graph.tensors) - 1

    def _reshape(self, graph: Any, source: int, target: int) -> Any:
        options = self._schema.ReshapeOptionsT()
        options.newShape = [int(size) for size in graph.tensors[target].shape]
        return self._operator("RESHAPE", 1, [source], target, options)

    def _operator(self, kind: str, version: int, inputs: list[int], out: int, options: Any) -> Any:
        schema = self._schema
        operator = schema.OperatorT()
        operator.opcodeIndex = self._code(getattr(schema.BuiltinOperator, kind), version)
        operator.inputs, operator.outputs = inputs, [out]
        operator.builtinOptionsType = getattr(
            schema.BuiltinOptions, type(options).__name__.removesuffix("T")
        )
        operator.builtinOptions = options
        return operator

    def _code(self, builtin: int, version: int) -> int:
        if builtin not in self._codes:
            code = self._schema.OperatorCodeT()
            code.builtinCode = code.deprecatedBuiltinCode = builtin
            code.version = version
            self._model.operatorCodes.append(code)
            self._codes[builtin] = len(self._model.operatorCodes) - 1
        return self._codes[builtin]
