"""Candidates of the `folded` and `separable` graphs as the graphs of their .tflite files. Pure."""

from codegen.graph import DType, Graph
from nas import layer_names
from nas.lowering import Lowering, add_head, add_head_constants, finished, scoped
from nas.space import Candidate, Shape, channels, check_candidate


def lower_folded(candidate: Candidate, shape: Shape, classes: int) -> Graph:
    """The graph of a candidate on images of (height, width, channels), int8 in and out.

    Raises:
        ConfigError: The candidate has more cells than the input allows.
    """
    return _lower(candidate, shape, classes, is_separable=False)


def lower_separable(candidate: Candidate, shape: Shape, classes: int) -> Graph:
    """As `lower_folded`; cells have a depthwise convolution and one of 1×1.

    Raises:
        ConfigError: The candidate has more cells than the input allows.
    """
    return _lower(candidate, shape, classes, is_separable=True)


def _lower(candidate: Candidate, shape: Shape, classes: int, is_separable: bool) -> Graph:
    check_candidate(candidate, shape)
    widths = channels(candidate)
    lowering = Lowering(shape, DType.INT8)
    add_head_constants(lowering, widths[-1], classes)
    for index in reversed(range(len(widths))):
        depth = widths[index - 1] if index > 0 else shape[2]
        _add_constants(lowering, index, depth, widths[index], is_separable and index > 0)
    height, width, depth = shape
    for index, kernels in enumerate(widths):
        if index > 0:
            height, width = height // 2, width // 2
            name = scoped(layer_names.pool(index), "MaxPool2d")
            lowering.operator("MAX_POOL_2D", name, (1, height, width, depth))
        if index > 0 and is_separable:
            # The bias has the same name already, so the converter appends a 1.
            name, output = _depthwise_name(index) + "1", (1, height, width, depth)
            roles = (f"depthwise {index}", f"depthwise bias {index}")
            lowering.operator("DEPTHWISE_CONV_2D", name, output, *roles)
        name, output = _convolution_name(index) + "1", (1, height, width, kernels)
        lowering.operator("CONV_2D", name, output, f"kernels {index}", f"bias {index}")
        depth = kernels
    add_head(lowering, depth, classes, "StatefulPartitionedCall_1:0")
    return finished(lowering)


def _convolution_name(index: int) -> str:
    """The operations that the converter fused into a convolution, joined."""
    norm = layer_names.batch_norm(index)
    return ";".join(
        (
            scoped(layer_names.relu(index), "Relu"),
            scoped(norm, "batchnorm/add_1"),
            scoped(layer_names.conv(index), "convolution"),
            scoped(norm, "batchnorm/sub"),
        )
    )


def _depthwise_weights_name(index: int) -> str:
    norm = layer_names.depthwise_norm(index)
    return ";".join(
        (
            scoped(norm, "batchnorm/mul_1"),
            scoped(layer_names.depthwise(index), "depthwise"),
            scoped(norm, "batchnorm/mul"),
        )
    )


def _depthwise_name(index: int) -> str:
    norm = layer_names.depthwise_norm(index)
    return ";".join(
        (
            scoped(layer_names.depthwise_relu(index), "Relu"),
            scoped(norm, "batchnorm/add_1"),
            _depthwise_weights_name(index),
            scoped(norm, "batchnorm/sub"),
        )
    )


def _add_constants(
    lowering: Lowering, index: int, depth: int, kernels: int, is_separable: bool
) -> None:
    size = 1 if is_separable else 3
    name = _convolution_name(index)
    lowering.constant(f"bias {index}", name, (kernels,), DType.INT32, kernels)
    name = scoped(layer_names.conv(index), "convolution")
    lowering.constant(f"kernels {index}", name, (kernels, size, size, depth), DType.INT8, kernels)
    if is_separable:
        name = _depthwise_name(index)
        lowering.constant(f"depthwise bias {index}", name, (depth,), DType.INT32, depth)
        name = _depthwise_weights_name(index)
        lowering.constant(f"depthwise {index}", name, (1, 3, 3, depth), DType.INT8, depth)
