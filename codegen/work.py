"""Counts the work of a kernel call: the terms whose sum is its time. Pure.

The counts follow the loops of the kernels in `firmware/nn/src`: how often each body runs. They
depend on shapes and options, and some on scales (`codegen/scaled_work.py`), for which a candidate
without weights gets placeholders.
"""

from collections import Counter

from codegen.graph import Graph, Operator
from codegen.operators.channels import PATCH_GROUP
from codegen.operators.windows import padding_before
from codegen.scaled_work import scaled_work, softmax_work
from codegen.steps import (
    Step,
    StepKind,
    constant_operand,
    is_plain_convolution,
    patch_groups,
)

PATCHES = 4
"""Patches of an image that a convolution multiplies at once (NN_PATCHES in nn/patches.h)."""
ROWS = 4
"""Rows that FULLY_CONNECTED multiplies at once (NN_ROWS in nn/rows.h)."""
QUAD = 4
"""Channels that a depthwise convolution multiplies at once (NN_QUAD in nn/quads.h), and that
poolings and MEAN go through at once."""
MOST_SUMMED = 256
"""Pixels of which AVERAGE_POOL_2D adds up quads (NN_MOST_SUMMED in nn/channel_sums.h)."""

TABLE_KINDS = ("LOGISTIC", "RELU", "RELU6")
"""Operators that are computed by a table even without other operators."""

Work = dict[str, int]
"""How often each part of a kernel runs, by its name; `call` is always 1."""


def step_work(graph: Graph, step: Step) -> tuple[str, Work]:
    """The kernel of a step, and how often each of its parts runs."""
    first = graph.operators[step.operators[0]]
    if step.kind is StepKind.TABLE or first.kind in TABLE_KINDS:
        return "LOOKUP", {"call": 1} | _lookup(graph, step)
    if step.kind is StepKind.POOLED_CONVOLUTION:
        return "CONV_2D+MAX_POOL_2D", {"call": 1} | _pooled_convolution(graph, step)
    if is_plain_convolution(graph, first):
        return "CONV_2D", {"call": 1} | _convolution(graph, first)
    if first.kind in ("ADD", "MUL") and constant_operand(graph, first) is not None:
        return f"{first.kind} constant", {"call": 1} | _elementwise(graph, first)
    counted = _COUNTS.get(first.kind, _generic)(graph, first)
    if first.kind == "FULLY_CONNECTED" and graph.rounding == "litert":
        return "FULLY_CONNECTED rounded once", {"call": 1} | counted
    if first.kind == "QUANTIZE":
        source, output = graph.inputs_of(first)[0].dtype, graph.outputs_of(first)[0].dtype
        return f"QUANTIZE {source} to {output}", {"call": 1} | counted
    if first.kind == "RESHAPE" and step.in_place is not None:
        counted = {}
    return first.kind, {"call": 1} | counted


def _lookup(graph: Graph, step: Step) -> Work:
    """Elements, and how often the tables, one or one for each channel, are gone through."""
    constants = [constant_operand(graph, graph.operators[index]) for index in step.operators]
    tables = max((c.element_count for c in constants if c is not None), default=1)
    elements = graph.tensors[step.output].element_count
    return {"rows": elements // max(tables, 1), "elements": elements}


def _windows(size: int, kernel: int, stride: int, padding: str, count: int) -> list[int]:
    """How many rows (or columns) of each of `count` windows lie inside the image."""
    before = padding_before(size, kernel, stride, padding)
    firsts = (index * stride - before for index in range(count))
    return [max(0, min(first + kernel, size) - max(first, 0)) for first in firsts]


def _sides(graph: Graph, operator: Operator, kernel: tuple[int, int]) -> tuple[list[int], ...]:
    image, output = graph.inputs_of(operator)[0], graph.outputs_of(operator)[0]
    padding = str(operator.options.get("padding"))
    strides = [int(operator.options.get(f"stride_{side}", 1)) for side in "hw"]
    sides = zip(image.shape[1:3], kernel, strides, output.shape[1:3], strict=True)
    return tuple(
        _windows(size, window, stride, padding, count) for size, window, stride, count in sides
    )


def _gathered(graph: Graph, operator: Operator, factor: int = 1) -> Work:
    """Patches copied out of the image, inside it and across its border.

    With `factor` 2, rows and columns that do not fill a window of 2×2 are never looked at.
    """
    _, kernel_height, kernel_width, _ = graph.tensors[operator.inputs[1]].shape
    channels = graph.tensors[operator.inputs[0]].shape[3]
    rows, columns = (
        Counter(side[: len(side) // factor * factor])
        for side in _sides(graph, operator, (kernel_height, kernel_width))
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


def _convolution(graph: Graph, operator: Operator) -> Work:
    _, height, width, channels = graph.outputs_of(operator)[0].shape
    pixels, groups = height * width, patch_groups(graph, operator)
    rounds = -(-pixels // PATCHES)
    return {
        "rounds": rounds,
        "channels": rounds * channels,
        "odd groups": rounds * channels * (groups % 2),
        "pairs of groups": rounds * channels * (groups // 2),
        "single outputs": pixels % PATCHES * channels,
        **_gathered(graph, operator),
    }


def _pooled_convolution(graph: Graph, step: Step) -> Work:
    convolution, *others = (graph.operators[index] for index in step.operators)
    _, height, width, channels = graph.tensors[step.output].shape
    pixels, groups = height * width, patch_groups(graph, convolution)
    kinds = [operator.kind for operator in others]
    scaled = Counter({"scaled down": 0, "scaled up": 0})
    for operator in others[1:]:
        scaled.update(scaled_work(graph, operator, pixels * channels))
    return {
        "rows": height,
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


def _depthwise(graph: Graph, operator: Operator) -> Work:
    _, kernel_height, kernel_width, channels = graph.tensors[operator.inputs[1]].shape
    rows, columns = _sides(graph, operator, (kernel_height, kernel_width))
    whole = [side.count(size) for side, size in ((rows, kernel_height), (columns, kernel_width))]
    pixels, inside = len(rows) * len(columns), whole[0] * whole[1]
    quads, singles = divmod(channels, QUAD)
    taps = kernel_height * kernel_width
    is_3x3 = (kernel_height, kernel_width) == (3, 3)
    copied = sum(rows) * sum(columns) - inside * taps
    return {
        "pixels": pixels,
        "across": pixels - inside,
        "across rows": (pixels - inside) * kernel_height,
        "filled": (pixels - inside) * taps * channels,
        "copied": copied * channels,
        "quads": pixels * quads,
        "quad rows": 0 if is_3x3 else pixels * quads * kernel_height,
        "quad taps": 0 if is_3x3 else pixels * quads * taps,
        "quads of 3x3": pixels * quads if is_3x3 else 0,
        "singles": pixels * singles,
        "single rows": pixels * singles * kernel_height,
        "single taps": pixels * singles * taps,
    }


def _pooling(graph: Graph, operator: Operator) -> Work:
    """Windows, and what lies inside the image of each: by quads of channels, or by single ones."""
    kernel = tuple(int(operator.options[f"filter_{side}"]) for side in ("height", "width"))
    rows, columns = (Counter(side) for side in _sides(graph, operator, (kernel[0], kernel[1])))
    channels = graph.outputs_of(operator)[0].shape[3]
    most = MOST_SUMMED if operator.kind == "AVERAGE_POOL_2D" else None
    work: Counter[str] = Counter()
    for inside_rows, row_count in rows.items():
        for inside_columns, column_count in columns.items():
            windows, taps = row_count * column_count, inside_rows * inside_columns
            is_by_quads = channels >= QUAD and (most is None or taps <= most)
            part, count = ("quad", -(-channels // QUAD)) if is_by_quads else ("single", channels)
            work["pixels"] += windows
            work[f"{part}s"] += windows * count
            work[f"{part} rows"] += windows * count * inside_rows
            work[f"{part} taps"] += windows * count * taps
    return dict(work)


def _fully_connected(graph: Graph, operator: Operator) -> Work:
    """Rows by fours and single ones, each in groups of four elements and single elements."""
    rows, columns = graph.tensors[operator.inputs[1]].shape
    fours, ones = divmod(rows, ROWS)
    groups, left = divmod(columns, PATCH_GROUP)
    return {
        "outputs": rows,
        "fours": fours,
        "groups of fours": fours * groups,
        "singles of fours": fours * left,
        "ones": ones,
        "groups of ones": ones * groups,
        "singles of ones": ones * left,
    }


def _mean(graph: Graph, operator: Operator) -> Work:
    """Channels by fours, of which the last may be gone through twice; fewer than four singly."""
    image, output = graph.inputs_of(operator)[0], graph.outputs_of(operator)[0]
    channels = output.element_count
    pixels = image.element_count // max(channels, 1)
    part, count = ("quad", -(-channels // QUAD)) if channels >= QUAD else ("single", channels)
    return {f"{part}s": count, f"{part} taps": count * pixels}


def _concatenation(graph: Graph, operator: Operator) -> Work:
    output = graph.outputs_of(operator)[0]
    axis = int(operator.options.get("axis", -1)) % max(len(output.shape), 1)
    rows = 1
    for size in output.shape[:axis]:
        rows *= size
    parts = rows * len(operator.inputs)
    return {"rows": rows, "parts": parts, "bytes": output.size_bytes}


def _pad(graph: Graph, operator: Operator) -> Work:
    image, output = graph.inputs_of(operator)[0], graph.outputs_of(operator)[0]
    rows = image.shape[1] if len(image.shape) == 4 else 1
    return {
        "rows": rows,
        "copied": image.size_bytes,
        "filled": output.size_bytes - image.size_bytes,
    }


def _elementwise(graph: Graph, operator: Operator) -> Work:
    """Elements, and how often the smaller operand is gone through."""
    elements = graph.outputs_of(operator)[0].element_count
    smaller = min(tensor.element_count for tensor in graph.inputs_of(operator))
    rows = elements // max(smaller, 1)
    return {"rows": rows, "elements": elements, **scaled_work(graph, operator, elements)}


def _quantize(graph: Graph, operator: Operator) -> Work:
    elements = graph.outputs_of(operator)[0].element_count
    return {"elements": elements, **scaled_work(graph, operator, elements)}


def _elements(graph: Graph, operator: Operator) -> Work:
    return {"elements": graph.outputs_of(operator)[0].element_count}


def _generic(graph: Graph, operator: Operator) -> Work:
    read = sum(t.element_count for t in graph.inputs_of(operator) if not t.is_constant)
    return {"read": read, "written": graph.outputs_of(operator)[0].element_count}


_COUNTS = {
    "ADD": _elementwise,
    "AVERAGE_POOL_2D": _pooling,
    "CONCATENATION": _concatenation,
    "DEPTHWISE_CONV_2D": _depthwise,
    "DEQUANTIZE": _elements,
    "FULLY_CONNECTED": _fully_connected,
    "MAX_POOL_2D": _pooling,
    "MEAN": _mean,
    "MUL": _elementwise,
    "PAD": _pad,
    "QUANTIZE": _quantize,
    "RESHAPE": _elements,
    "SOFTMAX": softmax_work,
}
