"""Candidates of the `paper` graph as the graphs that their .tflite files will hold. Pure.

Operators, options, tensors, their order and their names are those of the converter of
TensorFlow 2.21 for a network with fixed batch size; weights and quantization are not known yet.
"""

from codegen.graph import DType, Graph
from nas import layer_names
from nas.lowering import Lowering, add_head, add_head_constants, finished, scoped
from nas.space import Candidate, Shape, channels, check_candidate


def lower_paper(candidate: Candidate, shape: Shape, classes: int) -> Graph:
    """The graph of a candidate on images of (height, width, channels), uint8 in and out.

    Raises:
        ConfigError: The candidate has more cells than the input allows.
    """
    check_candidate(candidate, shape)
    widths = channels(candidate)
    lowering = Lowering(shape, DType.UINT8)
    _add_constants(lowering, widths, shape[2], classes)
    height, width, depth = shape
    lowering.operator("QUANTIZE", "tfl.quantize", (1, height, width, depth))
    lowering.operator("MUL", scoped(layer_names.RESCALING, "mul"), (1, *shape), "scale")
    for index, kernels in enumerate(widths):
        if index > 0:
            height, width = height // 2, width // 2
            name = scoped(layer_names.pool(index), "MaxPool2d")
            lowering.operator("MAX_POOL_2D", name, (1, height, width, depth))
        _add_convolution(lowering, index, (height, width, depth), kernels)
        depth = kernels
    add_head(lowering, depth, classes, "StatefulPartitionedCall_1:01")
    lowering.operator("QUANTIZE", "StatefulPartitionedCall_1:0", (1, classes), dtype=DType.UINT8)
    return finished(lowering)


def _convolution_name(index: int, kernels: int) -> str:
    """The operations that the converter fused into a convolution, joined.

    A bias of one element is added as a reshaped scalar, which gives other operations.
    """
    operations = ("Relu", "BiasAdd", "convolution", "Squeeze")
    if kernels == 1:
        operations = ("Relu", "Add", "convolution", "Reshape")
    return ";".join(scoped(layer_names.conv(index), operation) for operation in operations)


def _add_constants(
    lowering: Lowering, widths: tuple[int, ...], input_channels: int, classes: int
) -> None:
    add_head_constants(lowering, widths[-1], classes)
    depths = (input_channels, *widths[:-1])
    for index in reversed(range(len(widths))):
        kernels, depth = widths[index], depths[index]
        conv, norm = layer_names.conv(index), layer_names.batch_norm(index)
        name = _convolution_name(index, kernels)
        lowering.constant(f"bias {index}", name, (kernels,), DType.INT32, kernels)
        name = scoped(conv, "convolution")
        weights = (kernels, 3, 3, depth)
        lowering.constant(f"kernels {index}", name, weights, DType.INT8, kernels)
        for role, operation in (("shift", "sub"), ("factor", "mul")):
            name = scoped(norm, f"batchnorm/{operation}")
            lowering.constant(f"{role} {index}", name, (depth,), DType.INT8, 1)
    lowering.constant("scale", scoped(layer_names.RESCALING, "Cast/x"), (), DType.INT8, 1)


def _add_convolution(lowering: Lowering, index: int, shape: Shape, kernels: int) -> None:
    """Batch normalisation as MUL and ADD, then the convolution with its ReLU."""
    height, width, _ = shape
    norm = layer_names.batch_norm(index)
    lowering.operator("MUL", scoped(norm, "batchnorm/mul_1"), (1, *shape), f"factor {index}")
    lowering.operator("ADD", scoped(norm, "batchnorm/add_1"), (1, *shape), f"shift {index}")
    # The bias has the same name already, so the converter appends a 1.
    name = _convolution_name(index, kernels) + "1"
    output = (1, height, width, kernels)
    lowering.operator("CONV_2D", name, output, f"kernels {index}", f"bias {index}")
