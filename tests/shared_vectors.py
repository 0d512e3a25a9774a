"""Small .tflite files that claim much: many tensors share one vector. Built without TensorFlow."""

from collections.abc import Sequence

import flatbuffers
import numpy as np
import tflite


def file_of_shared_vectors(
    tensors: int,
    shape: Sequence[int] = (1,),
    scales: int = 0,
    name_bytes: int = 0,
    data_bytes: int = 0,
) -> bytes:
    """A model of one TANH, and of tensors that all share a shape, scales, a name and a buffer."""
    b = flatbuffers.Builder(1024)
    shared = b.CreateNumpyVector(np.array(shape, np.int32))
    name = b.CreateString("n" * name_bytes)
    quantization = _quantization(b, scales) if scales else 0
    data = b.CreateByteVector(b"\1" * data_bytes) if data_bytes else 0
    buffers = []
    for vector in (0, data):
        tflite.BufferStart(b)
        if vector:
            tflite.BufferAddData(b, vector)
        buffers.append(tflite.BufferEnd(b))
    own_shape = b.CreateNumpyVector(np.array([1, 4], np.int32))
    ends = [_tensor(b, own_shape, name, 0, 0) for _ in range(2)]
    entries = [_tensor(b, shared, name, quantization, int(bool(data))) for _ in range(tensors)]
    return _model(b, [*ends, *entries], buffers)


def _quantization(b: flatbuffers.Builder, count: int) -> int:
    scales = b.CreateNumpyVector(np.full(count, 0.5, np.float32))
    tflite.QuantizationParametersStart(b)
    tflite.QuantizationParametersAddScale(b, scales)
    return int(tflite.QuantizationParametersEnd(b))


def _tensor(b: flatbuffers.Builder, shape: int, name: int, quantization: int, buffer: int) -> int:
    tflite.TensorStart(b)
    tflite.TensorAddShape(b, shape)
    tflite.TensorAddType(b, tflite.TensorType.INT8)
    tflite.TensorAddName(b, name)
    tflite.TensorAddBuffer(b, buffer)
    if quantization:
        tflite.TensorAddQuantization(b, quantization)
    return int(tflite.TensorEnd(b))


def _model(b: flatbuffers.Builder, tensors: list[int], buffers: list[int]) -> bytes:
    first, second = (b.CreateNumpyVector(np.array([i], np.int32)) for i in range(2))
    tflite.OperatorStart(b)
    tflite.OperatorAddInputs(b, first)
    tflite.OperatorAddOutputs(b, second)
    operators = _offsets(b, [tflite.OperatorEnd(b)])
    tensor_vector = _offsets(b, tensors)
    tflite.SubGraphStart(b)
    tflite.SubGraphAddTensors(b, tensor_vector)
    tflite.SubGraphAddInputs(b, first)
    tflite.SubGraphAddOutputs(b, second)
    tflite.SubGraphAddOperators(b, operators)
    subgraphs = _offsets(b, [tflite.SubGraphEnd(b)])
    tflite.OperatorCodeStart(b)
    tflite.OperatorCodeAddBuiltinCode(b, tflite.BuiltinOperator.TANH)
    codes = _offsets(b, [tflite.OperatorCodeEnd(b)])
    buffer_vector = _offsets(b, buffers)
    tflite.ModelStart(b)
    tflite.ModelAddVersion(b, 3)
    tflite.ModelAddOperatorCodes(b, codes)
    tflite.ModelAddSubgraphs(b, subgraphs)
    tflite.ModelAddBuffers(b, buffer_vector)
    b.Finish(tflite.ModelEnd(b), file_identifier=b"TFL3")
    return bytes(b.Output())


def _offsets(b: flatbuffers.Builder, items: list[int]) -> int:
    b.StartVector(4, len(items), 4)
    for item in reversed(items):
        b.PrependUOffsetTRelative(item)
    return int(b.EndVector())
