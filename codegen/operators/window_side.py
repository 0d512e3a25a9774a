"""How a window moves along one side of an image, by rows (`h`) or by columns (`w`). Pure."""

from codegen.model.graph import Operator
from codegen.operators.support import integer_option

EXPLICIT = "EXPLICIT"
"""A padding that no file has; options give it: `before_h`, `after_h`, `before_w`, `after_w`."""
PADDINGS = ("SAME", "VALID", EXPLICIT)


def padding_before(operator: Operator, side: str, size: int, window: int) -> int:
    """Rows or columns of padding before the first one of an input of `size`.

    Source: TFLite, ComputePadding: `SAME` pads so that output = ceil(input / stride), the smaller
    half before.
    """
    padding = operator.options.get("padding")
    if padding == EXPLICIT:
        return integer_option(operator, f"before_{side}", 0)
    if padding == "VALID":
        return 0
    stride = integer_option(operator, f"stride_{side}", 1)
    output = -(-size // stride)
    return max((output - 1) * stride + window - size, 0) // 2


def output_size(operator: Operator, side: str, size: int, window: int) -> int:
    """Rows or columns of the output; 0 if not even one window of `VALID` fits.

    Source: TFLite, ComputeOutSize.
    """
    stride = integer_option(operator, f"stride_{side}", 1)
    padding = operator.options.get("padding")
    if padding == "SAME":
        return -(-size // stride)
    if padding == EXPLICIT:
        size += sum(integer_option(operator, f"{end}_{side}", 0) for end in ("before", "after"))
    return -(-max(size - window + 1, 0) // stride)


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
