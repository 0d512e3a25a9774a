"""The memory of a convolution: scratch, and how far its output may overlap its image. Pure."""

from codegen.model.graph import Graph, Operator, Tensor
from codegen.operators.channels import PATCH_GROUP
from codegen.operators.memory import Memory
from codegen.operators.window_side import dilated_window, dilations, padding_before

SCRATCH_BYTES_PER_GROUP = 36
"""Source: NN_CONV_2D_SCRATCH_BYTES in nn/conv_2d.h."""
OFFSET_BYTES = 4
"""Bytes of the offset of one tap."""
MOST_ELEMENTS = 1 << 24
"""Size of tensors above which overlaps are not searched: no microcontroller can hold them."""
MOST_SIDE = 1 << 16
"""Number of rows or columns above which they are not searched either."""


def is_moderate(tensor: Tensor) -> bool:
    """Whether overlaps with a tensor are searched."""
    return 0 < tensor.element_count < MOST_ELEMENTS and max(tensor.shape, default=0) < MOST_SIDE


def convolution_overlap(
    graph: Graph, convolution: Operator, output: int, factor: int = 1, is_depthwise: bool = False
) -> int | None:
    """The number of bytes by which the output must begin before the image, so that no byte is lost.

    Pixels of the output are written in the order of their addresses, each after its patch was
    read. After a pixel is written, the first byte of the image that is still needed is the top
    left one of the next pixel's patch, or of the first patch of the next row. The end of the
    written data must not pass this byte. A depthwise convolution writes channels of a pixel while
    it reads other channels, so the pixel's own patch is still needed.

    Args:
        graph: The network.
        convolution: The operator, whose tensors are images.
        output: The tensor that is written, after a pooling perhaps.
        factor: Rows and columns of the convolution for each one of the output.
        is_depthwise: Whether it is a depthwise convolution.
    """
    written = graph.tensors[output]
    if len(written.shape) != 4 or not is_moderate(written):
        return None
    image = graph.tensors[convolution.inputs[0]]
    _, input_height, input_width, input_channels = image.shape
    _, height, width, channels = written.shape
    shape = graph.tensors[convolution.inputs[1]].shape
    window = dilated_window(convolution, (shape[1], shape[2]))
    # After pixel (y, x) the next one is needed, or itself. Both sides of the largest difference
    # are sums of a part for y and a part for x, so that each part is largest for itself.
    own_bytes = channels if is_depthwise else 0
    row_bytes = (width * channels, input_width * input_channels)
    pixel_bytes = (channels, input_channels)
    farthest = _farthest(convolution, "h", (input_height, window[0], height), factor, row_bytes)
    farthest += _farthest(convolution, "w", (input_width, window[1], width), factor, pixel_bytes)
    return max(0, own_bytes + farthest)


def _farthest(
    convolution: Operator,
    side: str,
    sizes: tuple[int, int, int],
    factor: int,
    bytes_of_each: tuple[int, int],
) -> int:
    """The most bytes by which rows (or columns) are written ahead of the first one that is needed.

    Row y of the output needs rows of the image from y · stride − padding on, within the image. So
    the difference is linear before, between and after the rows at which this first row enters and
    leaves the image, and largest at one of their ends.

    Args:
        convolution: The operator.
        side: `h` for rows, `w` for columns.
        sizes: Rows of the image, under the kernel, and of the output.
        factor: Rows of the convolution for each row of the output.
        bytes_of_each: Bytes of a row of the output, and of the image.
    """
    size, window, count = sizes
    written_bytes, read_bytes = bytes_of_each
    stride = int(convolution.options.get(f"stride_{side}", 1))
    padding = padding_before(convolution, side, size, window)
    stride *= factor
    enters, leaves = padding // stride, (size - 1 + padding) // stride
    ends = (0, enters, enters + 1, leaves, leaves + 1, count - 1)
    return max(
        y * written_bytes - min(max(y * stride - padding, 0), size - 1) * read_bytes
        for y in ends
        if y < count
    )


def _has_images(graph: Graph, operator: Operator) -> bool:
    """Whether a convolution's tensors have four dimensions, and its steps are valid.

    Damaged models are planned before they are rejected, so they may contain any value.
    """
    if len(operator.inputs) < 2 or min(operator.inputs[:2]) < 0:
        return False
    tensors = [graph.tensors[i] for i in (*operator.inputs[:2], operator.outputs[0])]
    shapes_fit = all(len(t.shape) == 4 and is_moderate(t) for t in tensors)
    strides = [int(operator.options.get(f"stride_{side}", 1)) for side in "hw"]
    return shapes_fit and min(*strides, *dilations(operator)) >= 1


def is_convolution(graph: Graph, operator: Operator) -> bool:
    """Whether an operator is computed by the kernels of CONV_2D: all or few channels at once."""
    if operator.kind not in ("CONV_2D", "DEPTHWISE_CONV_2D") or not _has_images(graph, operator):
        return False
    few = graph.tensors[operator.inputs[0]].shape[3] < PATCH_GROUP
    return operator.kind == "CONV_2D" or few


def is_plain_convolution(graph: Graph, operator: Operator) -> bool:
    """Whether it has no dilation, and every output channel sums over all channels."""
    is_whole = is_convolution(graph, operator) and channel_parts(graph, operator) == 1
    return is_whole and dilations(operator) == (1, 1)


def channel_parts(graph: Graph, convolution: Operator) -> int:
    """Groups of channels that a convolution keeps apart."""
    if convolution.kind != "CONV_2D":
        return 1
    image, weights = (graph.tensors[index] for index in convolution.inputs[:2])
    return max(1, image.shape[3] // max(1, weights.shape[3]))


def patch_groups(graph: Graph, convolution: Operator) -> int:
    """Groups of `PATCH_GROUP` elements in a patch; the last one of each part is padded."""
    _, height, width, _ = graph.tensors[convolution.inputs[1]].shape
    parts = channel_parts(graph, convolution)
    channels = graph.tensors[convolution.inputs[0]].shape[3] // parts
    return parts * -(-height * width * channels // PATCH_GROUP)


def _scratch(graph: Graph, operator: Operator) -> int:
    """Scratch memory of a convolution; of a depthwise one, its taps and a pixel of zero points.

    Source: NN_DEPTHWISE_CONV_2D_SCRATCH_BYTES in nn/depthwise_conv_2d.h.
    """
    if not _has_images(graph, operator):
        return 0
    if is_convolution(graph, operator):
        return patch_groups(graph, operator) * SCRATCH_BYTES_PER_GROUP
    _, height, width, _ = graph.tensors[operator.inputs[1]].shape
    channels = graph.tensors[operator.inputs[0]].shape[3]
    return height * width * OFFSET_BYTES + channels


def _overlap(graph: Graph, operator: Operator) -> int | None:
    if not _has_images(graph, operator):
        return None
    is_depthwise = not is_convolution(graph, operator)
    return convolution_overlap(graph, operator, operator.outputs[0], is_depthwise=is_depthwise)


CONVOLUTION_MEMORY = Memory(False, _scratch, _overlap)
"""Of CONV_2D, and of DEPTHWISE_CONV_2D."""
