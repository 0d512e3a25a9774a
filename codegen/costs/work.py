"""Counts the work of a kernel call: the terms whose sum is its time. Pure.

The counts follow the loops of the kernels in `firmware/nn/src`: how often each body runs. They
depend on shapes and options, and some on scales (`scaled_work.py`), for which a candidate without
weights gets placeholders.
"""

from collections import Counter
from collections.abc import Callable

from codegen.costs.convolution_work import (
    QUAD,
    Work,
    pooled_convolution_work,
    sides,
    single_convolution_work,
    transposed_work,
)
from codegen.costs.move_work import extreme_work, move_work, prelu_work, reduction_work
from codegen.costs.pad_work import mirrored_work, pad_work
from codegen.costs.scaled_work import flips, scaled_work, softmax_work
from codegen.model.graph import Graph, Operator
from codegen.operators import works_on_rows
from codegen.operators.channels import PATCH_GROUP
from codegen.operators.many_vectors import as_convolution
from codegen.operators.support import row_count
from codegen.planning.planner import MemoryPlan
from codegen.planning.segments import NEXT_IMAGE_ROW
from codegen.planning.steps import Step, StepKind, constant_operand

ROWS = 4
"""Rows that FULLY_CONNECTED multiplies at once (NN_ROWS in nn/rows.h)."""
GROUPS_IN_ROUND = 4
"""Groups of four elements that it goes through in one round (nn_dot_rows in nn/rows.h)."""
MOST_SUMMED = 256
"""Pixels of which AVERAGE_POOL_2D adds up quads (NN_MOST_SUMMED in nn/channel_sums.h)."""

STREAM = "STREAM"
"""What runs the steps of streamed segments, in the place of a kernel."""


def plan_work(graph: Graph, plan: MemoryPlan) -> list[tuple[str, Work]]:
    """The kernel of each step, and how often each of its parts runs."""
    streamed = [
        segment.streamed
        for segment in plan.segments
        for _ in range(segment.first_step, segment.end_step)
    ]
    return [step_work(graph, step, own) for step, own in zip(plan.steps, streamed, strict=True)]


def stream_work(plan: MemoryPlan) -> list[tuple[str, Work]]:
    """What the steps of streamed segments take besides their kernels; empty if there are none."""
    schedules = [segment.schedule for segment in plan.segments if segment.streamed]
    if not schedules:
        return []
    image_rows = sum(schedule.count(NEXT_IMAGE_ROW) for schedule in schedules)
    work = {
        "segments": len(schedules),
        "rows": sum(map(len, schedules)) - image_rows,
        "image rows": image_rows,
        "image bytes": plan.image_bytes,
    }
    return [(STREAM, {"call": 1} | work)]


def step_work(graph: Graph, step: Step, is_streamed: bool = False) -> tuple[str, Work]:
    """The kernel of a step, and how often each of its parts runs.

    `call` is how often it is called, once for each row if it is streamed; `image rows` are all rows
    that it makes, if it works on rows.
    """
    kernel, work = _kernel_work(graph, step, is_streamed)
    if not works_on_rows(graph.operators[step.operators[0]].kind):
        return kernel, {"call": 1} | work
    rows = row_count(graph.tensors[step.output])
    return kernel, {"call": rows if is_streamed else 1, "image rows": rows} | work


def _kernel_work(graph: Graph, step: Step, is_streamed: bool) -> tuple[str, Work]:
    if step.kind is StepKind.TABLE:
        return _lookup(graph, step, is_streamed)
    if step.kind is StepKind.POOLED_CONVOLUTION:
        return "CONV_2D+MAX_POOL_2D", pooled_convolution_work(graph, step)
    return OWN_KERNELS[graph.operators[step.operators[0]].kind](graph, step, is_streamed)


OwnKernel = Callable[[Graph, Step, bool], tuple[str, Work]]
"""Gives the name of an operator's own kernel, and how often each of its parts runs.

The last argument is whether the step is streamed.
"""


def _of_operator(kernel: Callable[[Graph, Operator], tuple[str, Work]]) -> OwnKernel:
    """For an operator whose work depends on nothing else."""

    def own(graph: Graph, step: Step, is_streamed: bool) -> tuple[str, Work]:
        del is_streamed
        return kernel(graph, graph.operators[step.operators[0]])

    return own


def _always(count: Callable[[Graph, Operator], Work]) -> OwnKernel:
    """For an operator with one kernel, which has its name."""
    return _of_operator(lambda graph, operator: (operator.kind, count(graph, operator)))


def _lookup(graph: Graph, step: Step, is_streamed: bool) -> tuple[str, Work]:
    """Elements, and how often the tables, one or one for each channel, are gone through."""
    del is_streamed
    constants = [constant_operand(graph, graph.operators[index]) for index in step.operators]
    tables = max((c.element_count for c in constants if c is not None), default=1)
    elements = graph.tensors[step.output].element_count
    return "LOOKUP", {"rows": elements // max(tables, 1), "elements": elements}


def _convolution(graph: Graph, step: Step, is_streamed: bool) -> tuple[str, Work]:
    return single_convolution_work(graph, graph.operators[step.operators[0]], is_streamed)


def _pooling(graph: Graph, operator: Operator) -> Work:
    """Windows, and what lies inside the image of each: by quads of channels, or by single ones."""
    kernel = tuple(int(operator.options[f"filter_{side}"]) for side in ("height", "width"))
    rows, columns = (Counter(side) for side in sides(graph, operator, (kernel[0], kernel[1])))
    channels = graph.outputs_of(operator)[0].shape[3]
    most = MOST_SUMMED if operator.kind == "AVERAGE_POOL_2D" else None
    work: Counter[str] = Counter()
    for inside_rows, height in rows.items():
        for inside_columns, width in columns.items():
            windows, taps = height * width, inside_rows * inside_columns
            is_by_quads = channels >= QUAD and (most is None or taps <= most)
            part, count = ("quad", -(-channels // QUAD)) if is_by_quads else ("single", channels)
            work["pixels"] += windows
            work[f"{part}s"] += windows * count
            work[f"{part} rows"] += windows * count * inside_rows
            work[f"{part} taps"] += windows * count * taps
    return dict(work)


def _fully_connected(graph: Graph, operator: Operator) -> tuple[str, Work]:
    """Rows by fours and single ones, each in groups of four elements and single elements.

    Fours go through several groups in a round while there are enough. Many vectors are multiplied
    by the kernel of convolutions.
    """
    convolution = as_convolution(graph, operator)
    if convolution is not None:
        kernel, work = single_convolution_work(*convolution, is_streamed=False)
        return kernel, {"image rows": 1} | work
    rows, columns = graph.tensors[operator.inputs[1]].shape
    vectors = graph.inputs_of(operator)[0].element_count // max(columns, 1)
    fours, ones = (vectors * count for count in divmod(rows, ROWS))
    groups, left = divmod(columns, PATCH_GROUP)
    rounds, groups_left = divmod(groups, GROUPS_IN_ROUND)
    kernel = "FULLY_CONNECTED rounded once" if graph.rounding == "litert" else operator.kind
    return kernel, {
        "outputs": vectors * rows,
        "fours": fours,
        "rounds of fours": fours * rounds,
        "groups of fours": fours * groups_left,
        "singles of fours": fours * left,
        "ones": ones,
        "groups of ones": ones * groups,
        "singles of ones": ones * left,
    }


def _concatenation(graph: Graph, operator: Operator) -> Work:
    output = graph.outputs_of(operator)[0]
    axis = int(operator.options.get("axis", -1)) % max(len(output.shape), 1)
    rows = 1
    for size in output.shape[:axis]:
        rows *= size
    parts = rows * len(operator.inputs)
    return {"rows": rows, "parts": parts, "bytes": output.size_bytes}


def _elementwise(graph: Graph, operator: Operator) -> tuple[str, Work]:
    """Elements, and how often the smaller operand, or a row of it, is gone through."""
    has_constant = constant_operand(graph, operator) is not None
    kernel = "MUL" if operator.kind == "MUL" else "ADD"
    kernel = f"{kernel} constant" if has_constant else kernel
    output = graph.outputs_of(operator)[0]
    elements = output.element_count
    smaller = min(tensor.element_count for tensor in graph.inputs_of(operator))
    rows = row_count(output) if smaller == elements else elements // max(smaller, 1)
    scaled = scaled_work(graph, operator, elements)
    if scaled["halved"]:  # by a loop of their own
        return kernel, {"rows": rows, "halved": elements}
    return kernel, {"rows": rows, "elements": elements, **scaled}


def _quantize(graph: Graph, step: Step, is_streamed: bool) -> tuple[str, Work]:
    operator = graph.operators[step.operators[0]]
    if len(operator.inputs) > 1:
        return _lookup(graph, step, is_streamed)
    source, output = graph.inputs_of(operator)[0], graph.outputs_of(operator)[0]
    elements = output.element_count
    kernel = f"QUANTIZE {source.dtype} to {output.dtype}"
    if flips(graph, operator):
        return kernel, {"flipped": elements}
    return kernel, {"elements": elements, **scaled_work(graph, operator, elements)}


def _reshape(graph: Graph, step: Step, is_streamed: bool) -> tuple[str, Work]:
    """No element moves in place."""
    del is_streamed
    operator = graph.operators[step.operators[0]]
    return "RESHAPE", {} if step.in_place is not None else _elements(graph, operator)


def _resized(graph: Graph, operator: Operator) -> Work:
    """Pixels, and their elements, each made from four."""
    output = graph.outputs_of(operator)[0]
    return {"pixels": output.element_count // output.shape[-1], "elements": output.element_count}


def _copied_pixels(graph: Graph, operator: Operator) -> Work:
    """Pixels, which are copied in words of four bytes and single bytes."""
    output = graph.outputs_of(operator)[0]
    words, left = divmod(output.shape[-1], 4)
    pixels = output.element_count // output.shape[-1]
    return {"pixels": pixels, "words": pixels * words, "bytes": pixels * left}


def _elements(graph: Graph, operator: Operator) -> Work:
    return {"elements": graph.outputs_of(operator)[0].element_count}


OWN_KERNELS: dict[str, OwnKernel] = {
    "ABS": _lookup,
    "ADD": _of_operator(_elementwise),
    "AVERAGE_POOL_2D": _always(_pooling),
    "BROADCAST_TO": _of_operator(move_work),
    "CONCATENATION": _always(_concatenation),
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _convolution,
    "DEPTH_TO_SPACE": _of_operator(move_work),
    "DEQUANTIZE": _always(_elements),
    "DIV": _lookup,
    "ELU": _lookup,
    "EXP": _lookup,
    "EXPAND_DIMS": _reshape,
    "FULLY_CONNECTED": _of_operator(_fully_connected),
    "GELU": _lookup,
    "HARD_SWISH": _lookup,
    "LEAKY_RELU": _lookup,
    "LOG": _lookup,
    "LOGISTIC": _lookup,
    "LOG_SOFTMAX": _always(softmax_work),
    "MAXIMUM": _always(extreme_work),
    "MAX_POOL_2D": _always(_pooling),
    "MEAN": _of_operator(reduction_work),
    "MINIMUM": _always(extreme_work),
    "MIRROR_PAD": _always(mirrored_work),
    "MUL": _of_operator(_elementwise),
    "PACK": _always(_concatenation),
    "PAD": _of_operator(pad_work),
    "PADV2": _of_operator(pad_work),
    "PRELU": _always(prelu_work),
    "QUANTIZE": _quantize,
    "REDUCE_MAX": _of_operator(reduction_work),
    "REDUCE_MIN": _of_operator(reduction_work),
    "RELU": _lookup,
    "RELU6": _lookup,
    "RELU_0_TO_1": _lookup,
    "RELU_N1_TO_1": _lookup,
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _always(_resized),
    "RESIZE_NEAREST_NEIGHBOR": _always(_copied_pixels),
    "SLICE": _of_operator(move_work),
    "SOFTMAX": _always(softmax_work),
    "SPACE_TO_DEPTH": _of_operator(move_work),
    "SPLIT": _of_operator(move_work),
    "SPLIT_V": _of_operator(move_work),
    "SQUEEZE": _reshape,
    "STRIDED_SLICE": _of_operator(move_work),
    "SUB": _of_operator(_elementwise),
    "SUM": _of_operator(reduction_work),
    "TANH": _lookup,
    "TILE": _of_operator(move_work),
    "TRANSPOSE": _of_operator(move_work),
    "TRANSPOSE_CONV": _always(transposed_work),
    "UNPACK": _of_operator(move_work),
}
"""The kernel of every supported operator, where it runs alone."""
