"""Calculates shapes, parameters and multiply-accumulates of a network. Pure."""

from math import prod

from firmware.errors import ConfigError
from nas.network.description import (
    Addition,
    AveragePooling,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Image,
    MaxPooling,
    Mean,
    Network,
    Normalisation,
    Operation,
    Shape,
)


def output_shapes(network: Network) -> tuple[Shape, ...]:
    """Height, width and channels of each node's output.

    Raises:
        ConfigError: The inputs of a node do not fit. The message names the first such node.
    """
    shapes: list[Shape] = []
    for index, node in enumerate(network.nodes):
        inputs = [shapes[source] for source in node.inputs]
        reason = _refusal(node.operation, inputs)
        if reason:
            raise ConfigError(f"node {index} ({type(node.operation).__name__}) {reason}")
        shapes.append(_output_shape(node.operation, inputs))
    return tuple(shapes)


def _refusal(operation: Operation, inputs: list[Shape]) -> str:
    """The reason why an operation cannot use these inputs; empty if it can."""
    if isinstance(operation, Addition) and inputs[0] != inputs[1]:
        return f"adds {inputs[0]} to {inputs[1]}, but the shapes must be the same"
    if isinstance(operation, MaxPooling | AveragePooling) and not all(
        side >= window for side, window in zip(inputs[0], operation.size, strict=False)
    ):
        return f"pools windows of {operation.size}, but its input is only {inputs[0]}"
    if isinstance(operation, Dense) and inputs[0][:2] != (1, 1):
        return f"reads {inputs[0]}, expected one row and one column"
    return ""


def _output_shape(operation: Operation, inputs: list[Shape]) -> Shape:
    if isinstance(operation, Image):
        return operation.shape
    height, width, channels = inputs[0]
    if isinstance(operation, Convolution | DepthwiseConvolution):
        # TFLite's SAME: one window for each stride that begins inside the input.
        height, width = -(-height // operation.stride[0]), -(-width // operation.stride[1])
    if isinstance(operation, MaxPooling | AveragePooling):
        height, width = height // operation.size[0], width // operation.size[1]
    if isinstance(operation, Mean):
        height = width = 1
    if isinstance(operation, Convolution | Dense):
        channels = operation.channels
    return height, width, channels


def parameter_shapes(network: Network) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """For each node, the shapes of its parameters, in Keras's order and layout.

    Kernels are (rows, columns, inputs, outputs), or (rows, columns, channels, 1) for a depthwise
    convolution. Biases follow. A normalisation has gamma, beta, moving mean and moving variance.
    """
    shapes = output_shapes(network)
    return tuple(
        _parameters(node.operation, shapes[node.inputs[0]][2] if node.inputs else 0)
        for node in network.nodes
    )


def _parameters(operation: Operation, channels: int) -> tuple[tuple[int, ...], ...]:
    if isinstance(operation, Convolution):
        kernels = (*operation.kernel, channels, operation.channels)
        return (kernels, (operation.channels,)) if operation.has_bias else (kernels,)
    if isinstance(operation, DepthwiseConvolution):
        kernels = (*operation.kernel, channels, 1)
        return (kernels, (channels,)) if operation.has_bias else (kernels,)
    if isinstance(operation, Normalisation):
        return ((channels,),) * 4
    if isinstance(operation, Dense):
        return (channels, operation.channels), (operation.channels,)
    return ()


def parameter_count(network: Network) -> int:
    """The number of parameters of a network."""
    return sum(prod(shape) for own in parameter_shapes(network) for shape in own)


def count_macs(network: Network) -> int:
    """Multiply-accumulates of the convolutions and matrix products of one inference.

    Padding is counted like data, as in the published tables.
    """
    total = 0
    for node, shape, own in zip(
        network.nodes, output_shapes(network), parameter_shapes(network), strict=True
    ):
        if isinstance(node.operation, Convolution | DepthwiseConvolution):
            total += prod(shape[:2]) * prod(own[0])
        elif isinstance(node.operation, Dense):
            total += prod(own[0])
    return total
