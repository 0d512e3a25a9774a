"""The version of TensorFlow Lite Micro, and the operators that a model needs. Pure."""

from dataclasses import dataclass

from codegen.model.graph import DType, Graph, Operator

LIBRARY = (
    "https://github.com/tensorflow/tflite-micro-arduino-examples.git"
    "#7948b85e020470a30a83bf00e10fc43b486bfcba"
)
"""The library tree that projects name in `lib_deps`, pinned by commit."""

LIBRARY_NAME = "Arduino_TensorFlowLite"
"""Its name in its own metadata: PlatformIO must leave its compilation to the project."""
DOWNLOAD = "download"
"""Means that library instead of a folder."""
CORE_LEVEL, KERNEL_LEVEL = "-Os", "-O2"
"""Optimization of the interpreter and of the kernels."""

OPERATORS = frozenset(
    "ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND "
    "BROADCAST_ARGS BROADCAST_TO CALL_ONCE CAST CEIL CONCATENATION CONV_2D COS CUMSUM "
    "DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE DIV DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP "
    "EQUAL EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER GATHER_ND "
    "GREATER GREATER_EQUAL HARD_SWISH IF L2_NORMALIZATION L2_POOL_2D LEAKY_RELU LESS LESS_EQUAL "
    "LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MAX_POOL_2D MEAN MINIMUM "
    "MIRROR_PAD MUL NEG NOT_EQUAL PACK PAD PADV2 PRELU QUANTIZE READ_VARIABLE REDUCE_ALL "
    "REDUCE_MAX REDUCE_MIN RELU RELU6 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 "
    "ROUND RSQRT SELECT_V2 SHAPE SIN SLICE SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT SPLIT_V "
    "SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM SVDF TANH TRANSPOSE "
    "TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK VAR_HANDLE WHILE ZEROS_LIKE".split()
)
"""The builtin operators that the library can register (August 2026)."""

_UINT8 = frozenset(
    "BROADCAST_TO CALL_ONCE DEQUANTIZE IF QUANTIZE READ_VARIABLE RESHAPE REVERSE_V2 SHAPE SQUEEZE "
    "VAR_HANDLE WHILE".split()
)
"""Those whose kernels take uint8 (August 2026): they convert it, or copy bytes of any type."""

_NOT_INT8 = frozenset(
    "CEIL COS EXP FLOOR FLOOR_DIV FLOOR_MOD LOG NEG ROUND SIN SQRT SQUARE".split()
)
"""Those of which the library has kernels, but none for int8 (August 2026)."""

_NO_SUCH = ": TensorFlow Lite Micro has no such operator"
_NOT_IN_UINT8 = " in uint8: TensorFlow Lite Micro has no kernel for that type"
_NOT_IN_INT8 = " in int8: TensorFlow Lite Micro has no kernel for that type"
_METHODS = {
    "BATCH_MATMUL": "AddBatchMatMul",
    "CUMSUM": "AddCumSum",
    "PADV2": "AddPadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
}
"""Methods whose names do not follow from the operator's."""


_INT8 = frozenset(
    "ADD AVERAGE_POOL_2D BATCH_MATMUL CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED MAXIMUM "
    "MAX_POOL_2D MINIMUM MUL PAD SOFTMAX SVDF TRANSPOSE TRANSPOSE_CONV".split()
)
"""Operators that have a much smaller int8-only kernel in at least one release."""


@dataclass(frozen=True, slots=True)
class Registration:
    """How an operator is registered.

    Attributes:
        kind: The operator.
        method: Method of the resolver, such as `AddConv2D`.
        is_int8: Whether an int8-only kernel is enough, if the release has one.
    """

    kind: str
    method: str
    is_int8: bool


def registrations(graph: Graph) -> list[Registration]:
    """Exactly the model's operators, sorted."""
    return [
        Registration(kind, method_of(kind), kind in _INT8 and _is_int8(graph, kind))
        for kind in sorted({operator.kind for operator in graph.operators})
    ]


def _is_int8(graph: Graph, kind: str) -> bool:
    """Whether all operators of a kind have int8 activations."""
    own = [operator for operator in graph.operators if operator.kind == kind]
    ports = {i for o in own for i in (*o.inputs[:1], *o.outputs) if i >= 0}
    return all(graph.tensors[i].dtype is DType.INT8 for i in ports)


def missing_operators(graph: Graph) -> list[str]:
    """The operators of a network that the library cannot run: one text for each."""
    whys = ((index, o.kind, _why_missing(graph, o)) for index, o in enumerate(graph.operators))
    return [f"op {index} {kind}{why}" for index, kind, why in whys if why]


def supported_text(graph: Graph) -> str:
    """How to see the operators to choose from; empty if that helps none."""
    whys = {_why_missing(graph, operator) for operator in graph.operators}
    if _NO_SUCH in whys:
        return "'codegen operators --runtime tflm' lists those that are supported"
    if _NOT_IN_UINT8 in whys:
        return f"supported by TensorFlow Lite Micro in uint8: {', '.join(sorted(_UINT8))}"
    return ""


def _why_missing(graph: Graph, operator: Operator) -> str:
    """The reason why an operator cannot be run; empty if there is a kernel for it."""
    if operator.kind not in OPERATORS:
        return _NO_SUCH
    types = [t.dtype for t in (*graph.inputs_of(operator), *graph.outputs_of(operator))]
    if operator.kind in _NOT_INT8 and DType.INT8 in types:
        return _NOT_IN_INT8
    if DType.UINT8 not in types:
        return ""
    if operator.kind not in _UINT8:
        return _NOT_IN_UINT8
    if operator.kind == "QUANTIZE" and DType.INT8 not in types:
        named = " to ".join(str(dtype) for dtype in types)
        return f" from {named}: TensorFlow Lite Micro turns uint8 into int8 and back alone"
    return ""


def method_of(kind: str) -> str:
    """The resolver's method that registers an operator, such as `AddConv2D`."""
    words = (word if word[:1].isdigit() else word.capitalize() for word in kind.split("_"))
    return _METHODS.get(kind) or "Add" + "".join(words)
