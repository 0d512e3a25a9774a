"""Predicts the size of the .tflite that TensorFlow's converter writes for a network. Pure.

The structures of the file are counted in the order in which the converter writes them. Weights are
less than half of a small model; names, quantization parameters and tables are the rest.

Source: TFLite's schema.fbs for slots and defaults; the order in which the converter's Python
serialiser (`ModelT.Pack`) writes fields; and a file converted by TensorFlow 2.21 for what the
converter itself adds (signature, metadata).
"""

from math import prod

from codegen.model.graph import DType, Graph, Operator, Tensor
from nas.tensorflow.flatbuffer_size import OFFSET_BYTES, FlatBufferSize
from nas.tensorflow.names import INPUT

_OPTION_FIELDS: dict[str, tuple[tuple[int, int], ...]] = {
    "MUL": (),
    "ADD": (),
    "DEPTHWISE_CONV_2D": ((1, 4), (2, 4), (3, 4), (4, 1)),
    "CONV_2D": ((1, 4), (2, 4), (3, 1)),  # stride_w, stride_h, RELU; SAME is the default
    "MAX_POOL_2D": ((0, 1), (1, 4), (2, 4), (3, 4), (4, 4)),  # VALID, strides, filter
    "MEAN": (),
    "FULLY_CONNECTED": (),
    "SOFTMAX": ((0, 4),),  # beta
}
"""Options that differ from their defaults, as (slot, bytes); operators without them are missing."""

_SIGNATURE_KEY = "serving_default"
_SIGNATURE_OUTPUT = "output_0"
_DESCRIPTION = "MLIR Converted."
_SUBGRAPH = "main"
_METADATA = (("min_runtime_version", 16), ("CONVERSION_METADATA", 96))
"""Name and size of each metadata buffer; the second contains the version of TensorFlow."""


def predict_model_bytes(graph: Graph, any_batch: bool = False) -> int:
    """The size of the .tflite of a graph, before training and conversion.

    It is exact for TensorFlow 2.21; the metadata of other versions may differ.

    Args:
        graph: The int8 graph of the network.
        any_batch: Whether the model is converted for batches of any size, so that each activation
            has a second shape; our models are converted for one image.
    """
    size = FlatBufferSize()
    _count_operator_codes(size, graph)
    _count_subgraph(size, graph, any_batch)
    size.vector(OFFSET_BYTES, 1)
    size.string(len(_DESCRIPTION))
    _count_buffers(size, graph)
    for name, _ in _METADATA:
        size.string(len(name))
        size.table((0, OFFSET_BYTES), (1, 4))
    size.vector(OFFSET_BYTES, len(_METADATA))
    _count_signature(size)
    size.table((0, 4), *((slot, OFFSET_BYTES) for slot in (1, 2, 3, 4, 6, 7)))
    return size.finish()


def _kinds(graph: Graph) -> list[str]:
    """Kinds of operators in order of first use: the operator codes of the file."""
    return list(dict.fromkeys(operator.kind for operator in graph.operators))


def _count_operator_codes(size: FlatBufferSize, graph: Graph) -> None:
    kinds = _kinds(graph)
    for kind in kinds:
        # ADD is operator 0, the default of both code fields; the version of QUANTIZE is 1.
        code = [] if kind == "ADD" else [(0, 1)]
        version = [] if kind == "QUANTIZE" else [(2, 4)]
        wide_code = [] if kind == "ADD" else [(3, 4)]
        size.table(*code, *version, *wide_code)
    size.vector(OFFSET_BYTES, len(kinds))


def _count_subgraph(size: FlatBufferSize, graph: Graph, any_batch: bool) -> None:
    # Scales of depthwise weights lie along the last dimension; the first is the default.
    depthwise = {o.inputs[1] for o in graph.operators if o.kind == "DEPTHWISE_CONV_2D"}
    for index, tensor in enumerate(graph.tensors):
        _count_tensor(size, tensor, any_batch, has_axis=index in depthwise)
    size.vector(OFFSET_BYTES, len(graph.tensors))
    size.vector(4, len(graph.inputs))
    size.vector(4, len(graph.outputs))
    kinds = _kinds(graph)
    for operator in graph.operators:
        _count_operator(size, operator, is_first_kind=operator.kind == kinds[0])
    size.vector(OFFSET_BYTES, len(graph.operators))
    size.string(len(_SUBGRAPH))
    size.table(*((slot, OFFSET_BYTES) for slot in range(5)))


def _count_tensor(size: FlatBufferSize, tensor: Tensor, any_batch: bool, has_axis: bool) -> None:
    size.vector(4, len(tensor.shape))
    size.string(len(tensor.name))
    if tensor.scale_count > 0:
        size.vector(4, tensor.scale_count)
        size.vector(8, tensor.scale_count)
        axis = [(6, 4)] if has_axis else []
        size.table((2, OFFSET_BYTES), (3, OFFSET_BYTES), *axis)
    else:
        size.table()
    assert tensor.dtype is not DType.FLOAT32, "float32 is the schema's default and not written"
    shape, name, quantization = (0, OFFSET_BYTES), (3, OFFSET_BYTES), (4, OFFSET_BYTES)
    signature = []
    if any_batch and not tensor.is_constant:
        size.vector(4, len(tensor.shape))
        signature = [(7, OFFSET_BYTES)]
    size.table(shape, (1, 1), (2, 4), name, quantization, *signature, (8, 1))


def _count_operator(size: FlatBufferSize, operator: Operator, is_first_kind: bool) -> None:
    size.vector(4, len(operator.inputs))
    size.vector(4, len(operator.outputs))
    options = _OPTION_FIELDS.get(operator.kind)
    code = () if is_first_kind else ((0, 4),)
    tensors = ((1, OFFSET_BYTES), (2, OFFSET_BYTES))
    if options is None:
        size.table(*code, *tensors)
    else:
        size.table(*options)
        size.table(*code, *tensors, (3, 1), (4, OFFSET_BYTES))


def _count_buffers(size: FlatBufferSize, graph: Graph) -> None:
    """The empty buffer 0, one buffer for each tensor, and those of the metadata."""
    shared = _shared_constants(graph)
    contents = [0]
    for index, tensor in enumerate(graph.tensors):
        contents.append(0 if index in shared else _constant_bytes(tensor))
    for content_bytes in [*contents, *(metadata_bytes for _, metadata_bytes in _METADATA)]:
        if content_bytes > 0:
            size.vector(1, content_bytes)
            size.table((0, OFFSET_BYTES))
        else:
            size.table()
    size.vector(OFFSET_BYTES, len(contents) + len(_METADATA))


def _shared_constants(graph: Graph) -> set[int]:
    """Constants that use the buffer of an equal one; their own buffer stays empty.

    Factors of one element are positive, so each is stored as the same 127 with its own scale. The
    sign of a one-element ADD constant is not known: at most 12 bytes each are counted too many.
    """
    factors = [
        operator.inputs[1]
        for operator in graph.operators
        if operator.kind == "MUL" and _constant_bytes(graph.tensors[operator.inputs[1]]) == 1
    ]
    return set(factors[1:])


def _constant_bytes(tensor: Tensor) -> int:
    return prod(tensor.shape) * tensor.dtype.size_bytes if tensor.is_constant else 0


def _count_signature(size: FlatBufferSize) -> None:
    size.string(len(INPUT))
    size.table((0, OFFSET_BYTES))  # the input is tensor 0, which is the default
    size.vector(OFFSET_BYTES, 1)
    size.string(len(_SIGNATURE_OUTPUT))
    size.table((0, OFFSET_BYTES), (1, 4))
    size.vector(OFFSET_BYTES, 1)
    size.string(len(_SIGNATURE_KEY))
    size.table((0, OFFSET_BYTES), (1, OFFSET_BYTES), (2, OFFSET_BYTES))
    size.vector(OFFSET_BYTES, 1)
