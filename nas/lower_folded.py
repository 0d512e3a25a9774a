"""Candidates of the `folded` graph as the graphs that their .tflite files will hold. Pure."""

from codegen.graph import DType, Graph
from nas import layer_names
from nas.lowering import Lowering, add_head, add_head_constants, finished, scoped
from nas.space import Candidate, Shape, channels, check_candidate


def lower_folded(candidate: Candidate, shape: Shape, classes: int) -> Graph:
    """The graph of a candidate on images of (height, width, channels), int8 in and out.

    Raises:
        ConfigError: The candidate has more cells than the input allows.
    """
    check_candidate(candidate, shape)
    widths = channels(candidate)
    lowering = Lowering(shape, DType.INT8)
    _add_constants(lowering, widths, shape[2], classes)
    height, width, depth = shape
    for index, kernels in enumerate(widths):
        if index > 0:
            height, width = height // 2, width // 2
            name = scoped(layer_names.pool(index), "MaxPool2d")
            lowering.operator("MAX_POOL_2D", name, (1, height, width, depth))
        # The bias has the same name already, so the converter appends a 1.
        name = _convolution_name(index) + "1"
        output = (1, height, width, kernels)
        lowering.operator("CONV_2D", name, output, f"kernels {index}", f"bias {index}")
        depth = kernels
    add_head(lowering, depth, classes, "StatefulPartitionedCall_1:0")
    return finished(lowering)


def _convolution_name(index: int) -> str:
    """The operations that the converter fused into a convolution, joined."""
    norm, conv = layer_names.batch_norm(index), layer_names.conv(index)
    parts = (
        (layer_names.relu(index), "Relu"),
        (norm, "batchnorm/add_1"),
        (conv, "convolution"),
        (norm, "batchnorm/sub"),
    )
    return ";".join(scoped(*part) for part in parts)


def _add_constants(
    lowering: Lowering, widths: tuple[int, ...], input_channels: int, classes: int
) -> None:
    add_head_constants(lowering, widths[-1], classes)
    depths = (input_channels, *widths[:-1])
    for index in reversed(range(len(widths))):
        kernels, depth = widths[index], depths[index]
        name = _convolution_name(index)
        lowering.constant(f"bias {index}", name, (kernels,), DType.INT32, kernels)
        name = scoped(layer_names.conv(index), "convolution")
        weights = (kernels, 3, 3, depth)
        lowering.constant(f"kernels {index}", name, weights, DType.INT8, kernels)
