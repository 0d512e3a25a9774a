"""How a window moves along one side of an image, by rows or by columns. Pure."""

from codegen.model.graph import Operator
from codegen.operators.support import integer_option


def padding_before(size: int, window: int, stride: int, padding: str) -> int:
    """Rows or columns of padding before the first one of the input.

    Source: TFLite, ComputePadding: `SAME` pads so that output = ceil(input / stride), the smaller
    half before.
    """
    if padding == "VALID":
        return 0
    output = -(-size // stride)
    return max((output - 1) * stride + window - size, 0) // 2


def dilations(operator: Operator) -> tuple[int, int]:
    """Rows and columns from one tap of a kernel to the next."""
    height, width = (integer_option(operator, f"dilation_{side}_factor", 1) for side in "hw")
    return height, width


def dilated_window(operator: Operator, kernel: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns over which the taps of a kernel (height, width) are spread."""
    height, width = (
        (count - 1) * step + 1 for count, step in zip(kernel, dilations(operator), strict=True)
    )
    return height, width


def output_size(size: int, window: int, stride: int, padding: str) -> int:
    """Rows or columns of the output; 0 if a window of `VALID` does not fit.

    Source: TFLite, ComputeOutSize.
    """
    return -(-(size if padding == "SAME" else max(size - window + 1, 0)) // stride)
