"""Which TensorFlow Lite Micro is used, and which of its operators a model needs. Pure."""

from codegen.graph import Graph

LIBRARY = (
    "https://github.com/tensorflow/tflite-micro-arduino-examples.git"
    "#7948b85e020470a30a83bf00e10fc43b486bfcba"
)
"""The library tree that projects name in `lib_deps`, pinned by commit."""

ARENA_MARGIN_BYTES = 1024
"""Added to the estimate in generated projects: releases differ in what they keep."""

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

_METHODS = {
    "BATCH_MATMUL": "AddBatchMatMul",
    "CUMSUM": "AddCumSum",
    "PADV2": "AddPadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
}
"""Methods whose names do not follow from the operator's."""


def resolver_methods(graph: Graph) -> list[str]:
    """The calls that register exactly the model's operators, such as `AddConv2D`, sorted."""
    return [method_of(kind) for kind in sorted({operator.kind for operator in graph.operators})]


def missing_operators(graph: Graph) -> list[str]:
    """What the library cannot run of a network: a text for each operator."""
    return [
        f"op {index} {operator.kind}: TensorFlow Lite Micro has no such operator"
        for index, operator in enumerate(graph.operators)
        if operator.kind not in OPERATORS
    ]


def method_of(kind: str) -> str:
    """The resolver's method that registers an operator, such as `AddConv2D`."""
    words = (word if word[:1].isdigit() else word.capitalize() for word in kind.split("_"))
    return _METHODS.get(kind) or "Add" + "".join(words)
