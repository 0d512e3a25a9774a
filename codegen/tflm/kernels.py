"""The arena requests of TensorFlow Lite Micro's kernels when they prepare. Pure.

Source: the `Prepare` functions in `tensorflow/lite/micro/kernels` and `kernels/cmsis_nn`, and the
`…_get_buffer_size` functions of CMSIS-NN for cores with the DSP extension, GCC. August 2026; where
the library of 2023 that projects can download requests other buffers, also that one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from codegen.model.graph import DType, Graph, Operator
from codegen.tflm.structures import Build, operator_data_bytes
from firmware.cores import Core
from firmware.errors import ModelError

_INT_BYTES = 4
_WITHOUT_NEEDS = frozenset(
    "ARG_MAX ARG_MIN BATCH_TO_SPACE_ND BROADCAST_ARGS BROADCAST_TO CAST CEIL EXP "
    "EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD GATHER GATHER_ND LOGICAL_AND LOGICAL_OR MAXIMUM "
    "MINIMUM NEG PACK RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 ROUND SHAPE "
    "SLICE SPLIT SPLIT_V SQUEEZE TRANSPOSE UNPACK ZEROS_LIKE".split()
)
_ONLY_OPERATOR_DATA = frozenset(
    "ADD CONCATENATION DEQUANTIZE HARD_SWISH L2_NORMALIZATION LEAKY_RELU LOGISTIC MAX_POOL_2D MUL "
    "PAD PADV2 PRELU QUANTIZE RELU RELU6 SOFTMAX STRIDED_SLICE SUB TANH".split()
)


@dataclass(frozen=True, slots=True)
class KernelNeeds:
    """Bytes that the kernel of one operator requests.

    Attributes:
        init: Persistent bytes, requested when the kernel is initialised.
        prepare: Persistent bytes, requested when it prepares, in this order.
        scratch: Bytes needed only while the operator runs.
    """

    init: int = 0
    prepare: tuple[int, ...] = ()
    scratch: tuple[int, ...] = ()


def is_modelled(kind: str) -> bool:
    """Whether the requests of an operator's kernel are known."""
    return kind in _WITHOUT_NEEDS or kind in _ONLY_OPERATOR_DATA or kind in _PREPARE


def is_modelled_core(core: Core) -> bool:
    """Whether the requests of kernels are known on a core: CMSIS-NN with the DSP extension."""
    return core.has_dsp


def unmodelled_name(graph: Graph, operator: Operator) -> str:
    """The name of an operator whose kernel's requests are not known; else empty."""
    if not is_modelled(operator.kind):
        return operator.kind
    types = {tensor.dtype for tensor in graph.outputs_of(operator)}
    # The kernel keeps tables of two kilobytes.
    has_tables = operator.kind == "SOFTMAX" and DType.INT16 in types
    return "SOFTMAX in int16" if has_tables else ""


def kernel_needs(graph: Graph, operator: Operator, build: Build) -> KernelNeeds:
    """The requests of an operator's kernel; none if it is not modelled."""
    init = operator_data_bytes(operator.kind, build)
    prepare = _PREPARE.get(operator.kind)
    if prepare is None:
        return KernelNeeds(init)
    _check_ranks(graph, operator)
    persistent, scratch = prepare(graph, operator, build)
    return KernelNeeds(init, persistent, tuple(size for size in scratch if size > 0))


def opened_tensors(operator: Operator) -> tuple[int, ...]:
    """The tensors that the kernel of an operator opens while it prepares, some of them twice.

    Their memory is freed only when the operator is done, even if the kernel closes them earlier.
    """
    inputs = [index for index in operator.inputs if index >= 0]
    outputs = list(operator.outputs)
    match operator.kind:
        case "CONV_2D" | "DEPTHWISE_CONV_2D":
            opened = [*outputs, *inputs[:2], *inputs, *outputs]
        case "CONCATENATION":
            opened = [*inputs[:1], *outputs, *inputs]
        case "MEAN" | "SUM" | "REDUCE_MAX" | "REDUCE_MIN":
            opened = [*inputs, *outputs, *inputs, *outputs]
        case "TANH":
            opened = [*inputs, *inputs, *outputs]
        case "RELU6":
            opened = inputs
        case "MAXIMUM" | "MINIMUM" | "PACK":
            opened = []
        case "SPLIT_V":
            opened = inputs[2:]
        case "RESHAPE":
            opened = [*inputs[:1], *outputs]
        case _:
            opened = [*inputs, *outputs]
    return tuple(opened)


def _check_ranks(graph: Graph, operator: Operator) -> None:
    """Check the ranks of the first two inputs (for a pooling, the first) and of the output."""
    wanted = _RANKS.get(operator.kind, (0, 0))
    tensors = [graph.tensors[i] for i in operator.inputs[: len(wanted)] if i >= 0]
    ranks = [len(tensor.shape) for tensor in tensors]
    too_low = any(rank < least for rank, least in zip(ranks, wanted, strict=False))
    if len(ranks) < len(wanted) or too_low:
        raise ModelError(
            f"{operator.kind} has inputs of ranks {ranks}, expected at least {list(wanted)}"
        )


_Sizes = tuple[int, ...]


def _conv_2d(graph: Graph, operator: Operator, build: Build) -> tuple[_Sizes, _Sizes]:
    weights = graph.tensors[operator.inputs[1]]
    per_channel = _INT_BYTES * weights.shape[0]
    if not build.has_cmsis_nn or _is_pointwise(graph, operator, build):
        return (per_channel, per_channel), ()
    columns = prod(weights.shape[1:3]) * graph.tensors[operator.inputs[0]].shape[-1]
    two_columns_of_int16 = 2 * 2 * (-(-columns // 4) * 4)
    return (per_channel, per_channel), (two_columns_of_int16,)


def _is_pointwise(graph: Graph, operator: Operator, build: Build) -> bool:
    """A 1×1 convolution without dilation over all channels: no im2col, in 2023 with stride 1."""
    weights = graph.tensors[operator.inputs[1]]
    channels = graph.tensors[operator.inputs[0]].shape[-1]
    steps = {_option(operator, "dilation_h_factor"), _option(operator, "dilation_w_factor")}
    if build.is_of_2023:
        steps |= {_option(operator, "stride_h"), _option(operator, "stride_w")}
    return weights.shape[1:] == (1, 1, channels) and steps == {1}


def _depthwise(graph: Graph, operator: Operator, build: Build) -> tuple[_Sizes, _Sizes]:
    source, weights = (graph.tensors[i] for i in operator.inputs[:2])
    output = graph.tensors[operator.outputs[0]]
    per_channel = _INT_BYTES * weights.shape[-1]
    dilations = (_option(operator, "dilation_h_factor"), _option(operator, "dilation_w_factor"))
    is_optimised = (
        build.has_cmsis_nn
        and source.shape[-1:] == output.shape[-1:]
        and source.shape[0] == 1
        and dilations == (1, 1)
    )
    # Padding is at most 1 with a 3×3 kernel, so the function without a buffer is used. In 2023, the
    # size of its buffer is requested all the same.
    if not is_optimised or (weights.shape[1:3] == (3, 3) and not build.is_of_2023):
        return (per_channel, per_channel), ()
    return (per_channel, per_channel), (2 * source.shape[-1] * prod(weights.shape[1:3]),)


def _fully_connected(graph: Graph, operator: Operator, build: Build) -> tuple[_Sizes, _Sizes]:
    weights = graph.tensors[operator.inputs[1]]
    output = graph.tensors[operator.outputs[0]]
    scales = weights.scale_count
    as_pointwise = build.has_cmsis_nn and len(output.shape) > 2 and weights.shape[-1] % 4 == 0
    if build.is_of_2023:
        return (_INT_BYTES * output.shape[-1],) * 2 if as_pointwise else (), ()
    persistent = (_INT_BYTES * scales,) * 2 if scales > 1 else ()
    as_pointwise = as_pointwise and scales <= 1
    return persistent, (2 * _INT_BYTES * output.shape[-1],) if as_pointwise else ()


def _average_pool(graph: Graph, operator: Operator, build: Build) -> tuple[_Sizes, _Sizes]:
    channels = graph.tensors[operator.inputs[0]].shape[-1]
    return (), (_INT_BYTES * channels,) if build.has_cmsis_nn else ()


def _reduce_sum(graph: Graph, operator: Operator, build: Build) -> tuple[_Sizes, _Sizes]:
    accumulators: _Sizes = ()
    if graph.tensors[operator.inputs[0]].dtype in (DType.INT8, DType.INT16):
        accumulators = (_INT_BYTES * graph.tensors[operator.outputs[0]].element_count,)
    if build.is_of_2023:
        return (), accumulators
    return (), (*accumulators, *_reduce_extremum(graph, operator, build)[1])


def _reduce_extremum(graph: Graph, operator: Operator, _build: Build) -> tuple[_Sizes, _Sizes]:
    source, axes = (graph.tensors[i] for i in operator.inputs[:2])
    return (), (_INT_BYTES * len(source.shape), _INT_BYTES * axes.element_count)


def _option(operator: Operator, name: str) -> int:
    return int(operator.options.get(name, 1))


_RANKS = {
    "AVERAGE_POOL_2D": (1,),
    "CONV_2D": (1, 4),
    "DEPTHWISE_CONV_2D": (1, 4),
    "FULLY_CONNECTED": (1, 1),
    "DEPTH_TO_SPACE": (0,),
    "SPACE_TO_DEPTH": (0,),
}


def _shape_copy(graph: Graph, operator: Operator, build: Build) -> tuple[_Sizes, _Sizes]:
    """The kernel keeps the output's shape anew: its rank and its sizes."""
    del build
    return (_INT_BYTES * (1 + len(graph.tensors[operator.outputs[0]].shape)),), ()


_PREPARE: dict[str, Callable[[Graph, Operator, Build], tuple[_Sizes, _Sizes]]] = {
    "AVERAGE_POOL_2D": _average_pool,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise,
    "DEPTH_TO_SPACE": _shape_copy,
    "FULLY_CONNECTED": _fully_connected,
    "MEAN": _reduce_sum,
    "REDUCE_MAX": _reduce_extremum,
    "REDUCE_MIN": _reduce_extremum,
    "SPACE_TO_DEPTH": _shape_copy,
    "SUM": _reduce_sum,
}
