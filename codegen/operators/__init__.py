"""The supported operators: their checks and kernel calls. Pure."""

from codegen.model.graph import Graph, Operator
from codegen.operators.activations import ABS, ELU, EXP, GELU, HARD_SWISH, LEAKY_RELU, LOG, TANH
from codegen.operators.concatenation import CONCATENATION, PACK
from codegen.operators.conversions import DEQUANTIZE, EXPAND_DIMS, QUANTIZE, RESHAPE, SQUEEZE
from codegen.operators.depthwise import DEPTHWISE_CONV_2D
from codegen.operators.division import DIV
from codegen.operators.elementwise import ADD, MUL, SUB
from codegen.operators.extremes import MAXIMUM, MINIMUM
from codegen.operators.fully_connected import FULLY_CONNECTED
from codegen.operators.kernel_call import KernelCall
from codegen.operators.mirror_pad import MIRROR_PAD
from codegen.operators.moves import (
    BROADCAST_TO,
    DEPTH_TO_SPACE,
    SLICE,
    SPACE_TO_DEPTH,
    SPLIT,
    SPLIT_V,
    STRIDED_SLICE,
    TILE,
    TRANSPOSE,
    UNPACK,
)
from codegen.operators.pad import PAD, PADV2
from codegen.operators.prelu import PRELU
from codegen.operators.reduce import MEAN, REDUCE_MAX, REDUCE_MIN, SUM
from codegen.operators.resize import RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR
from codegen.operators.rows import RowWindow, not_by_rows
from codegen.operators.softmax import LOG_SOFTMAX, SOFTMAX
from codegen.operators.support import OperatorSupport
from codegen.operators.tables import LOGISTIC, RELU, RELU6, RELU_0_TO_1, RELU_N1_TO_1
from codegen.operators.transpose_conv import TRANSPOSE_CONV
from codegen.operators.windows import AVERAGE_POOL_2D, CONV_2D, MAX_POOL_2D

_SUPPORTED: dict[str, OperatorSupport] = {
    "ABS": ABS,
    "ADD": ADD,
    "AVERAGE_POOL_2D": AVERAGE_POOL_2D,
    "BROADCAST_TO": BROADCAST_TO,
    "CONCATENATION": CONCATENATION,
    "CONV_2D": CONV_2D,
    "DEPTHWISE_CONV_2D": DEPTHWISE_CONV_2D,
    "DEPTH_TO_SPACE": DEPTH_TO_SPACE,
    "DEQUANTIZE": DEQUANTIZE,
    "DIV": DIV,
    "ELU": ELU,
    "EXP": EXP,
    "EXPAND_DIMS": EXPAND_DIMS,
    "FULLY_CONNECTED": FULLY_CONNECTED,
    "GELU": GELU,
    "HARD_SWISH": HARD_SWISH,
    "LEAKY_RELU": LEAKY_RELU,
    "LOG": LOG,
    "LOGISTIC": LOGISTIC,
    "LOG_SOFTMAX": LOG_SOFTMAX,
    "MAXIMUM": MAXIMUM,
    "MAX_POOL_2D": MAX_POOL_2D,
    "MEAN": MEAN,
    "MINIMUM": MINIMUM,
    "MIRROR_PAD": MIRROR_PAD,
    "MUL": MUL,
    "PACK": PACK,
    "PAD": PAD,
    "PADV2": PADV2,
    "PRELU": PRELU,
    "QUANTIZE": QUANTIZE,
    "REDUCE_MAX": REDUCE_MAX,
    "REDUCE_MIN": REDUCE_MIN,
    "RELU": RELU,
    "RELU6": RELU6,
    "RELU_0_TO_1": RELU_0_TO_1,
    "RELU_N1_TO_1": RELU_N1_TO_1,
    "RESHAPE": RESHAPE,
    "RESIZE_BILINEAR": RESIZE_BILINEAR,
    "RESIZE_NEAREST_NEIGHBOR": RESIZE_NEAREST_NEIGHBOR,
    "SLICE": SLICE,
    "SOFTMAX": SOFTMAX,
    "SPACE_TO_DEPTH": SPACE_TO_DEPTH,
    "SPLIT": SPLIT,
    "SPLIT_V": SPLIT_V,
    "SQUEEZE": SQUEEZE,
    "STRIDED_SLICE": STRIDED_SLICE,
    "SUB": SUB,
    "SUM": SUM,
    "TANH": TANH,
    "TILE": TILE,
    "TRANSPOSE": TRANSPOSE,
    "TRANSPOSE_CONV": TRANSPOSE_CONV,
    "UNPACK": UNPACK,
}


def supported_kinds() -> tuple[str, ...]:
    """Names of the supported operators, sorted."""
    return tuple(sorted(_SUPPORTED))


def check_operators(graph: Graph) -> list[str]:
    """One text for each operator that cannot be generated, such as `op 7 CONV_2D with batch 2`.

    Empty if the whole network can be generated.
    """
    texts = []
    for index, operator in enumerate(graph.operators):
        support = _SUPPORTED.get(operator.kind)
        if support is None:
            texts.append(f"op {index} {operator.kind}")
        elif reasons := support.reasons(graph, operator):
            texts.append(f"op {index} {operator.kind} {' and '.join(reasons)}")
    return texts


def lower_operator(graph: Graph, operator: Operator) -> KernelCall:
    """The kernel call of an operator that passed `check_operators`."""
    return _SUPPORTED[operator.kind].lower(graph, operator)


def row_window(graph: Graph, operator: Operator) -> RowWindow | None:
    """The rows of its inputs that one row of the operator's output needs; None if all of them."""
    support = _SUPPORTED.get(operator.kind)
    return None if support is None else support.row_window(graph, operator)


def works_on_rows(kind: str) -> bool:
    """Whether the kernel of a supported operator makes single rows."""
    return _SUPPORTED[kind].rows is not not_by_rows


def scratch_bytes(graph: Graph, operator: Operator) -> int:
    """Scratch memory that the operator's own kernel needs."""
    support = _SUPPORTED.get(operator.kind)
    return 0 if support is None else support.scratch_bytes(graph, operator)


def overlap_bytes(graph: Graph, operator: Operator) -> int | None:
    """By how many bytes the output must begin before the first input; None if they may not overlap.

    See `Memory.overlap_bytes`.
    """
    support = _SUPPORTED.get(operator.kind)
    return None if support is None else support.overlap_bytes(graph, operator)


def count_macc(graph: Graph, operator: Operator) -> int:
    """Multiply-accumulates of an operator: convolutions and matrix products, else 0."""
    support = _SUPPORTED.get(operator.kind)
    return 0 if support is None else support.count_macc(graph, operator)


def in_place_input(graph: Graph, operator: Operator) -> int | None:
    """The tensor that the operator's output may overwrite in place, if there is one.

    The planner decides whether its bytes are still needed.
    """
    support = _SUPPORTED.get(operator.kind)
    if support is None or not support.memory.is_in_place:
        return None
    output = graph.tensors[operator.outputs[0]]
    candidates = [
        i
        for i in operator.inputs
        if i >= 0
        and not graph.tensors[i].is_constant
        and graph.tensors[i].size_bytes == output.size_bytes
    ]
    return candidates[0] if candidates else None
