"""Operators that only move bytes: SLICE, SPLIT, TRANSPOSE, TILE and their like. Pure.

One kernel copies any view of an input (`views.py`).
"""

from dataclasses import dataclass
from math import prod

import numpy as np

from codegen.model.graph import DType, Graph, Operator
from codegen.operators.kernel_call import KernelCall
from codegen.operators.macc import no_macc
from codegen.operators.memory import OWN_BYTES
from codegen.operators.rows import RowsNeeded, RowWindow, images_have_rows, not_by_rows
from codegen.operators.support import (
    OperatorSupport,
    check_output_shape,
    check_quantization,
    check_same_scale,
    check_types,
)
from codegen.operators.views import VIEWS

LOOPS = 5
"""NN_MOVE_LOOPS in C."""
_INDICES = (DType.INT32, DType.INT64)


Loops = list[tuple[int, int]]
"""Rounds, and bytes from one to the next in the input; the outermost loop first."""


@dataclass(frozen=True, slots=True)
class Move:
    """A view as loops over runs of neighbouring bytes.

    Attributes:
        offset: The first byte.
        run_bytes: Neighbours that stay neighbours.
        loops: Over the runs.
    """

    offset: int
    run_bytes: int
    loops: Loops


def source_of(graph: Graph, operator: Operator) -> int:
    """The tensor whose bytes are moved: the first input that is no constant, or -1."""
    return next((i for i in operator.inputs if i >= 0 and not graph.tensors[i].is_constant), -1)


def _view(graph: Graph, operator: Operator) -> tuple[int, Loops, tuple[int, ...]]:
    """The first byte, a loop for each dimension of more than one element, the output's shape.

    Raises:
        ValueError: There is no such view.
        IndexError: Likewise.
    """
    constants = [t for t in graph.inputs_of(operator) if t.is_constant]
    if any(t.data is None or t.dtype not in _INDICES for t in constants):
        raise ValueError("constants that are not known")
    numbers = [np.ravel(np.asarray(t.data, np.int64)).tolist() for t in constants]
    base = np.empty(graph.tensors[source_of(graph, operator)].shape, np.int8)
    view, shape = VIEWS[operator.kind](base, operator, numbers)
    if view.size == 0 or view.size != prod(shape):
        raise ValueError("an empty output")
    assert np.may_share_memory(view, base)
    dimensions = zip(view.shape, view.strides, strict=True)
    loops = [(count, step) for count, step in dimensions if count > 1]
    return view.ctypes.data - base.ctypes.data, loops, shape


def _merged(offset: int, loops: Loops) -> Move:
    """Neighbouring loops that go on at the same step are one; those of single bytes are a run."""
    merged: Loops = []
    for count, step in loops:
        if merged and merged[-1][1] == count * step:
            merged[-1] = (merged[-1][0] * count, step)
        else:
            merged.append((count, step))
    is_run = bool(merged) and merged[-1][1] == 1
    return Move(offset, merged[-1][0], merged[:-1]) if is_run else Move(offset, 1, merged)


def _check(graph: Graph, operator: Operator) -> list[str]:
    source = graph.tensors[source_of(graph, operator)]
    (output,) = graph.outputs_of(operator)
    reasons = check_types([source, output], [DType.INT8]) + check_quantization(graph, operator)
    if sum(not tensor.is_constant for tensor in graph.inputs_of(operator)) > 1:
        reasons.append("with computed indices")
    reasons = reasons or check_same_scale(source, output)
    if reasons:
        return reasons
    try:
        offset, loops, shape = _view(graph, operator)
    except (ValueError, IndexError, OverflowError):
        return [f"from {list(source.shape)} to {list(output.shape)}"]
    if len(_merged(offset, loops).loops) > LOOPS:
        reasons.append(f"in more than {LOOPS} loops")
    return reasons + check_output_shape(output, shape)


def _row_move(graph: Graph, operator: Operator) -> tuple[RowWindow, Move] | None:
    """The rows that rows of the output need, and the move within one; None if it needs several.

    Each row must be made from one row of the input, and the next one from a later row.
    """
    source, output = source_of(graph, operator), graph.tensors[operator.outputs[0]]
    if source < 0 or not images_have_rows([graph.tensors[source], output]):
        return None
    try:
        start, loops, shape = _view(graph, operator)
    except (ValueError, IndexError, OverflowError):
        return None
    row_bytes, height = prod(graph.tensors[source].shape[2:]), shape[1]
    stride = row_bytes
    if shape != output.shape or (height > 1 and loops[0][0] != height):
        return None
    if height > 1:
        (_, stride), *loops = loops
    first, offset = divmod(start, row_bytes)
    extents = [(count - 1) * step for count, step in loops]
    lowest = offset + sum(min(extent, 0) for extent in extents)
    highest = offset + sum(max(extent, 0) for extent in extents)
    if stride <= 0 or stride % row_bytes or lowest < 0 or highest >= row_bytes:
        return None
    return RowWindow(1, stride // row_bytes, -first), _merged(offset, loops)


def _rows(graph: Graph, operator: Operator) -> RowWindow | None:
    found = _row_move(graph, operator)
    return None if found is None else found[0]


def move_of(graph: Graph, operator: Operator) -> tuple[Move, RowWindow | None]:
    """How an operator moves bytes: within each row if it has a window of rows, or all at once."""
    found = _row_move(graph, operator)
    if found is not None:
        return found[1], found[0]
    offset, loops, _ = _view(graph, operator)
    return _merged(offset, loops), None


def _lower(graph: Graph, operator: Operator) -> KernelCall:
    move, window = move_of(graph, operator)
    loops = [(1, 0)] * (LOOPS - len(move.loops)) + move.loops
    return KernelCall(
        function="nn_move_8",
        header="nn/move.h",
        params_type="nn_move_params",
        params=(
            ("first_row", 0 if window is None else -window.padding),
            ("row_step", 0 if window is None else window.stride),
            ("offset", move.offset),
            ("run_bytes", move.run_bytes),
            *((f"counts[{index}]", count) for index, (count, _) in enumerate(loops)),
            *((f"steps[{index}]", step) for index, (_, step) in enumerate(loops)),
        ),
        constants=(),
        inputs=(source_of(graph, operator),),
        output=operator.outputs[0],
        rings=("input", "output"),
        is_one_row=window is None,
    )


def _support(input_count: int, rows: RowsNeeded) -> OperatorSupport:
    return OperatorSupport(_check, _lower, rows, (input_count,), OWN_BYTES, no_macc)


BROADCAST_TO = _support(2, _rows)
DEPTH_TO_SPACE = _support(1, not_by_rows)
SLICE = _support(3, _rows)
SPACE_TO_DEPTH = _support(1, not_by_rows)
SPLIT = _support(2, _rows)
SPLIT_V = _support(3, _rows)
STRIDED_SLICE = _support(4, _rows)
TILE = _support(2, _rows)
TRANSPOSE = _support(2, _rows)
UNPACK = _support(1, not_by_rows)
