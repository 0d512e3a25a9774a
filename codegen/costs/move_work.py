"""Counts the work of kernels that move, compare or reduce elements. Pure."""

from math import prod

from codegen.costs.convolution_work import QUAD, Work
from codegen.model.graph import Graph, Operator
from codegen.operators.moves import move_of
from codegen.operators.reduce import reduction_of
from codegen.operators.support import row_count


def reduction_work(graph: Graph, operator: Operator) -> tuple[str, Work]:
    """Outputs, and what each is made of; the mean of pixels goes through channels by fours.

    SUM runs the kernels of MEAN. The last four channels may be gone through twice, and fewer than
    four singly.
    """
    reduction = reduction_of(graph, operator)
    outputs = graph.outputs_of(operator)[0].element_count
    is_mean = operator.kind in ("MEAN", "SUM")
    if is_mean and reduction.is_of_pixels:
        part, count = ("quad", -(-outputs // QUAD)) if outputs >= QUAD else ("single", outputs)
        return "MEAN", {f"{part}s": count, f"{part} taps": count * reduction.count}
    lines = reduction.count // max(reduction.reduced[-1][0], 1) if reduction.reduced else 1
    kernel = "MEAN of any" if is_mean else operator.kind
    return kernel, {
        "outputs": outputs,
        "lines": outputs * lines,
        "elements": outputs * reduction.count,
    }


def extreme_work(graph: Graph, operator: Operator) -> Work:
    """Elements, and how often the smaller operand, or a row of it, is gone through."""
    output = graph.outputs_of(operator)[0]
    smaller = min(tensor.element_count for tensor in graph.inputs_of(operator))
    is_repeated = smaller < output.element_count
    rows = output.element_count // max(smaller, 1) if is_repeated else row_count(output)
    return {"rows": rows, "elements": output.element_count}


def prelu_work(graph: Graph, operator: Operator) -> Work:
    """Elements, and how often the slopes are gone through."""
    source, slopes = graph.inputs_of(operator)
    elements = source.element_count
    return {"rows": elements // max(slopes.element_count, 1), "elements": elements}


def move_work(graph: Graph, operator: Operator) -> tuple[str, Work]:
    """Lines of runs, and the runs; those of one byte take another path than longer ones."""
    move, window = move_of(graph, operator)
    rows = 1 if window is None else row_count(graph.outputs_of(operator)[0])
    lines = rows * prod(count for count, _ in move.loops[:-1])
    runs = lines * (move.loops[-1][0] if move.loops else 1)
    if move.run_bytes == 1:
        return "MOVE", {"lines": lines, "single bytes": runs}
    return "MOVE", {"lines": lines, "runs": runs, "bytes": runs * move.run_bytes}
