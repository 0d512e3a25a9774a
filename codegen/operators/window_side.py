"""How a window moves along one side of an image, by rows or by columns. Pure."""


def padding_before(size: int, window: int, stride: int, padding: str) -> int:
    """Rows or columns of padding before the first one of the input.

    Source: TFLite, ComputePadding: `SAME` pads so that output = ceil(input / stride), the smaller
    half before.
    """
    if padding == "VALID":
        return 0
    output = -(-size // stride)
    return max((output - 1) * stride + window - size, 0) // 2


def output_size(size: int, window: int, stride: int, padding: str) -> int:
    """Rows or columns of the output; 0 if a window of `VALID` does not fit.

    Source: TFLite, ComputeOutSize.
    """
    return -(-(size if padding == "SAME" else max(size - window + 1, 0)) // stride)
