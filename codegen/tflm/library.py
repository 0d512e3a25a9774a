"""What TensorFlow Lite Micro needs for a model: operators, arena. Pure."""

from codegen.graph import Graph
from codegen.planner import Buffer, aligned, place, unfused_buffers

LIBRARY = (
    "https://github.com/tensorflow/tflite-micro-arduino-examples.git"
    "#7948b85e020470a30a83bf00e10fc43b486bfcba"
)
"""The library tree that projects name in `lib_deps`, pinned by commit."""

ARENA_MARGIN_BYTES = 1024
"""Added to the estimate in generated projects; the fit's largest error is below it."""

_FIXED_BYTES = 902
_BYTES_PER_OPERATOR = 208
_BYTES_PER_CHANNEL = 6.2

_WORDS = {
    "2D": "2D",
    "3D": "3D",
    "V2": "V2",
}


def resolver_methods(graph: Graph) -> list[str]:
    """The calls that register exactly the model's operators, such as `AddConv2D`, sorted."""
    kinds = sorted({operator.kind for operator in graph.operators})
    return [
        "Add" + "".join(_WORDS.get(word, word.capitalize()) for word in kind.split("_"))
        for kind in kinds
    ]


def estimate_arena_bytes(graph: Graph) -> int:
    """Arena of TFLM with 64-bit pointers and reference kernels, as its PC builds report it.

    Activations are placed like TFLM's GreedyMemoryPlanner does: largest first, each into the
    first gap, no operator in place. What the interpreter keeps beside them is a fit.

    Source: fit over ten converted networks, 902 + 208 · operators + 6.2 · output channels of
    convolutions and matrix products; rms error 55 bytes.
    """
    buffers: list[Buffer] = unfused_buffers(graph)
    offsets = place(buffers)
    activations = max(
        (
            offset + aligned(buffer.size_bytes)
            for offset, buffer in zip(offsets, buffers, strict=True)
        ),
        default=0,
    )
    channels = sum(
        (graph.tensors[operator.outputs[0]].shape or (1,))[-1]
        for operator in graph.operators
        if operator.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
    )
    persistent = _FIXED_BYTES + _BYTES_PER_OPERATOR * len(graph.operators)
    return activations + persistent + round(_BYTES_PER_CHANNEL * channels)
