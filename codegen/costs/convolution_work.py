"""Counts the work of convolutions: how often each part of their kernels runs. Pure."""

from collections import Counter

from codegen.costs.scaled_work import scaled_work
from codegen.model.graph import Graph, Operator
from codegen.operators import transpose_conv
from codegen.operators.channels import PATCH_GROUP
from codegen.operators.convolution_memory import (
    channel_parts,
    is_convolution,
    is_plain_convolution,
    patch_groups,
)
from codegen.operators.support import integer_option
from codegen.operators.window_side import dilations, padding_before
from codegen.planning.steps import Step

PATCHES = 4
"""Patches of an image that a convolution multiplies at once (NN_PATCHES in nn/patches.h)."""
QUAD = 4
"""Channels that a depthwise convolution multiplies at once (NN_QUAD in nn/quads.h), and that
poolings and MEAN go through at once."""

Work = dict[str, int]
"""How often each part of a kernel runs, by its name."""


def _windows(operator: Operator, side: str, size: int, kernel: int, count: int) -> list[int]:
    """How many rows (or columns) of taps of each of `count` windows lie inside the image."""
    stride = integer_option(operator, f"stride_{side}", 1)
    dilation = dilations(operator)["hw".index(side)]
    before = padding_before(operator, side, size, (kernel - 1) * dilation + 1)
    firsts = (index * stride - before for index in range(count))
    return [
        max(0, min(kernel, -(-max(size - first, 0) // dilation)) - -(-max(-first, 0) // dilation))
        for first in firsts
    ]


def sides(graph: Graph, operator: Operator, kernel: tuple[int, int]) -> tuple[list[int], ...]:
    """Of the window of each row, and of each column, what lies inside the image."""
    image, output = graph.inputs_of(operator)[0], graph.outputs_of(operator)[0]
    own = zip("hw", image.shape[1:3], kernel, output.shape[1:3], strict=True)
    return tuple(_windows(operator, *numbers) for numbers in own)


def _gathered(graph: Graph, operator: Operator, factor: int = 1) -> Work:
    """Patches copied out of the image, inside it and across its border.

    With `factor` 2, rows and columns that do not fill a window of 2×2 are never looked at.
    """
    _, kernel_height, kernel_width, _ = graph.tensors[operator.inputs[1]].shape
    channels = graph.tensors[operator.inputs[0]].shape[3]
    rows, columns = (
        Counter(side[: len(side) // factor * factor])
        for side in sides(graph, operator, (kernel_height, kernel_width))
    )
    groups = patch_groups(graph, operator)
    work: Counter[str] = Counter()
    for inside_rows, row_count in rows.items():
        for inside_columns, column_count in columns.items():
            is_inside = inside_rows == kernel_height and inside_columns == kernel_width
            one = _patch(
                channels, (kernel_height, kernel_width), inside_rows, inside_columns, groups
            )
            name = "inside" if is_inside else "across"
            for part, count in one.items():
                work[f"{name} {part}"] += count * row_count * column_count
    return dict(work)


def _patch(
    channels: int, kernel: tuple[int, int], inside_rows: int, inside_columns: int, groups: int
) -> Work:
    """Parts of gathering one patch; `copied` in words of four bytes and single bytes."""
    height, width = kernel
    is_inside = (inside_rows, inside_columns) == kernel
    if channels % PATCH_GROUP == 0:
        return {"patches": 1, "rows": height, "groups": groups}
    if is_inside and width * channels == 9 and height == 3:
        return {"colours": 1}
    middle = inside_columns * channels
    filled = height * width * channels - inside_rows * middle
    work = {
        "byte patches": 1,
        "byte rows": height,
        "words": inside_rows * (middle // 4),
        "bytes": inside_rows * (middle % 4),
        "byte groups": groups,
    }
    return work if is_inside else work | {"filled": filled}


def single_convolution_work(
    graph: Graph, operator: Operator, is_streamed: bool
) -> tuple[str, Work]:
    """The kernel of a convolution without a pooling, and its work."""
    if is_plain_convolution(graph, operator):
        return "CONV_2D", _convolution_work(graph, operator, is_streamed)
    if is_convolution(graph, operator):
        return "CONV_2D taps", _taps_work(graph, operator, is_streamed)
    channels, count = (
        tensors[0].shape[-1] for tensors in (graph.inputs_of(operator), graph.outputs_of(operator))
    )
    is_plain = channels == count and dilations(operator) == (1, 1)
    kernel = operator.kind if is_plain else f"{operator.kind} taps"
    return kernel, _depthwise_work(graph, operator, is_streamed)


def _convolution_work(graph: Graph, operator: Operator, is_streamed: bool) -> Work:
    """Patches, gathered row by row, and rounds of them."""
    return _rounds(graph, operator, is_streamed) | _gathered(graph, operator)


def _rounds(graph: Graph, operator: Operator, is_streamed: bool) -> Work:
    """Rounds of four pixels; they go on across the ends of rows, unless each call makes one row."""
    _, height, width, channels = graph.outputs_of(operator)[0].shape
    calls, pixels = (height, width) if is_streamed else (1, height * width)
    parts = channel_parts(graph, operator)
    groups, rounds = patch_groups(graph, operator) // parts, calls * -(-pixels // PATCHES)
    return {
        "rounds": rounds,
        "channels": rounds * channels,
        "odd groups": rounds * channels * (groups % 2),
        "pairs of groups": rounds * channels * (groups // 2),
        "single outputs": calls * (pixels % PATCHES) * channels,
    }


def _taps_work(graph: Graph, operator: Operator, is_streamed: bool) -> Work:
    """Like a convolution's, but each tap is gathered for itself, part by part of its channels."""
    _, kernel_height, kernel_width, _ = graph.tensors[operator.inputs[1]].shape
    rows, columns = sides(graph, operator, (kernel_height, kernel_width))
    parts, pixels = channel_parts(graph, operator), len(rows) * len(columns)
    channels = graph.tensors[operator.inputs[0]].shape[3] // parts
    taps, inside = pixels * kernel_height * kernel_width, sum(rows) * sum(columns)
    work = _rounds(graph, operator, is_streamed)
    work |= {"parts": work["rounds"] * parts, "patches": pixels, "taps": taps}
    if channels % PATCH_GROUP == 0:
        groups = channels // PATCH_GROUP * parts
        return work | {"wide taps": taps * parts, "groups": taps * groups}
    return work | {
        "byte taps": taps * parts,
        "words": inside * parts * (channels // 4),
        "bytes": inside * parts * (channels % 4),
        "filled": (taps - inside) * parts * channels,
        "byte groups": pixels * patch_groups(graph, operator),
    }


def pooled_convolution_work(graph: Graph, step: Step) -> Work:
    """Pixels after the pooling, each of four patches; what is done with them by MUL and ADD."""
    convolution, *others = (graph.operators[index] for index in step.operators)
    _, height, width, channels = graph.tensors[step.output].shape
    pixels, groups = height * width, patch_groups(graph, convolution)
    kinds = [operator.kind for operator in others]
    scaled = Counter({"scaled down": 0, "scaled up": 0})
    for operator in others[1:]:
        scaled.update(scaled_work(graph, operator, pixels * channels))
    return {
        "pixels": pixels,
        "channels": pixels * channels,
        "odd groups": pixels * channels * (groups % 2),
        "pairs of groups": pixels * channels * (groups // 2),
        "multiplied": pixels * channels * kinds.count("MUL"),
        "added": pixels * channels * kinds.count("ADD"),
        "changed pixels": pixels * (kinds.count("MUL") + kinds.count("ADD")),
        **scaled,
        **_gathered(graph, convolution, factor=2),
    }


def _depthwise_work(graph: Graph, operator: Operator, is_streamed: bool) -> Work:
    """Whole 3×3 patches are read where they lie; of others, the place of each tap is found.

    With several outputs for each channel, all quads and then all single channels are repeated.
    """
    _, kernel_height, kernel_width, count = graph.tensors[operator.inputs[1]].shape
    channels = graph.tensors[operator.inputs[0]].shape[3]
    numbers = count // max(channels, 1)
    rows, columns = sides(graph, operator, (kernel_height, kernel_width))
    pixels, taps = len(rows) * len(columns), kernel_height * kernel_width
    is_3x3 = (kernel_height, kernel_width) == (3, 3)
    whole = rows.count(kernel_height) * columns.count(kernel_width) if is_3x3 else 0
    quads, singles = divmod(channels, QUAD)
    found = pixels - whole + (pixels if singles else 0)
    return {
        "pixels": pixels,
        "cleared": channels * (len(rows) if is_streamed else 1),
        "found": found,
        "found rows": found * kernel_height,
        "found taps": found * taps,
        "quads": (pixels - whole) * numbers * quads,
        "quad taps": (pixels - whole) * numbers * quads * taps,
        "quads of 3x3": whole * numbers * quads,
        "with singles": pixels if singles else 0,
        "singles": pixels * numbers * singles,
        "single taps": pixels * numbers * singles * taps,
    }


def transposed_work(graph: Graph, operator: Operator) -> Work:
    """Rows of patches, each of which gives as many pixels as the stride is wide."""
    _, height, width, count = graph.outputs_of(operator)[0].shape
    stride = transpose_conv.sides(graph, operator)[1].stride
    whole, left = divmod(width, stride)
    groups = transpose_conv.patch_groups(graph, operator)
    rounds = height * (-(-whole // PATCHES) + bool(left))
    channels = height * count * (-(-whole // PATCHES) * stride + left)
    return {
        "rounds": rounds,
        "channels": channels,
        "odd groups": channels * (groups % 2),
        "pairs of groups": channels * (groups // 2),
        "patches": height * (whole + bool(left)),
    }
