"""How far an output of a convolution may overlap its image. Pure."""

from codegen.model.graph import Graph, Operator, Tensor
from codegen.operators.windows import padding_before

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
    kernel = graph.tensors[convolution.inputs[1]].shape
    # After pixel (y, x) the next one is needed, or itself. Both sides of the largest difference
    # are sums of a part for y and a part for x, so that each part is largest for itself.
    own_bytes = channels if is_depthwise else 0
    row_bytes = (width * channels, input_width * input_channels)
    pixel_bytes = (channels, input_channels)
    farthest = _farthest(convolution, "h", (input_height, kernel[1], height), factor, row_bytes)
    farthest += _farthest(convolution, "w", (input_width, kernel[2], width), factor, pixel_bytes)
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
        sizes: Rows of the image, of the kernel, and of the output.
        factor: Rows of the convolution for each row of the output.
        bytes_of_each: Bytes of a row of the output, and of the image.
    """
    size, kernel, count = sizes
    written_bytes, read_bytes = bytes_of_each
    stride = int(convolution.options.get(f"stride_{side}", 1))
    padding = padding_before(size, kernel, stride, str(convolution.options.get("padding")))
    stride *= factor
    enters, leaves = padding // stride, (size - 1 + padding) // stride
    ends = (0, enters, enters + 1, leaves, leaves + 1, count - 1)
    return max(
        y * written_bytes - min(max(y * stride - padding, 0), size - 1) * read_bytes
        for y in ends
        if y < count
    )
