"""Which rows of its inputs an operator needs for one row of its output. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codegen.model.graph import Graph, Operator, Tensor

MOST_ROWS = 1 << 12
"""Rows of a tensor above which it is not streamed: no image of a microcontroller has more."""


@dataclass(frozen=True, slots=True)
class RowWindow:
    """Row y of the output needs rows (y · stride + shift) // divisor − padding, and size − 1 more.

    Rows outside the input are padding: they exist from the start.

    Attributes:
        size: Rows of the input that one row of the output needs.
        stride: Rows by which the window moves from one row of the output to the next.
        padding: Rows of padding before the first row of the input.
        divisor: Rows of the output for which the window moves by `stride`.
        shift: What is added before the division.
    """

    size: int = 1
    stride: int = 1
    padding: int = 0
    divisor: int = 1
    shift: int = 0

    def first_rows(self, input_rows: int, output_rows: int) -> NDArray[np.int32]:
        """For each row of the output, the first row that it or a later one needs."""
        starts = self._starts(output_rows)
        return np.minimum(np.maximum(starts, 0), input_rows).astype(np.int32)

    def end_rows(self, input_rows: int, output_rows: int) -> NDArray[np.int32]:
        """For each row of the output, one past the last row that it needs; 0 for none."""
        starts = self._starts(output_rows)
        return np.minimum(np.maximum(starts + self.size, 0), input_rows).astype(np.int32)

    def _starts(self, output_rows: int) -> NDArray[np.int64]:
        moved = np.arange(output_rows, dtype=np.int64) * self.stride + self.shift
        return np.asarray(moved // self.divisor - self.padding)


RowsNeeded = Callable[[Graph, Operator], RowWindow | None]
"""Gives the window of an operator, the same for each activation that it reads.

None if the operator cannot make its output row by row. It needs only shapes and options, and must
accept any values of them, because damaged models are planned before they are rejected.
"""


def not_by_rows(graph: Graph, operator: Operator) -> RowWindow | None:
    """For an operator that needs whole tensors."""
    del graph, operator
    return None


def images_have_rows(tensors: Sequence[Tensor]) -> bool:
    """Whether all tensors are single images (1, h, w, c) of at most `MOST_ROWS` rows."""
    return all(
        len(t.shape) == 4 and t.shape[0] == 1 and 0 < t.shape[1] <= MOST_ROWS and min(t.shape) > 0
        for t in tensors
    )


def elementwise_rows(graph: Graph, operator: Operator) -> RowWindow | None:
    """For activations of one shape, and constants of one element or one for each channel."""
    output = graph.tensors[operator.outputs[0]]
    for tensor in graph.inputs_of(operator):
        trimmed = [size for size in tensor.shape if size != 1]
        if tensor.is_constant and trimmed not in ([], list(output.shape[-1:])):
            return None
        if not tensor.is_constant and tensor.shape != output.shape:
            return None
    return RowWindow() if images_have_rows([output]) else None


def window_rows(size: int, stride: int, padding: int) -> RowWindow | None:
    """A window with these values, if they are possible."""
    if size < 1 or stride < 1 or padding < 0:
        return None
    return RowWindow(size, stride, padding)


def channel_rows(graph: Graph, operator: Operator) -> RowWindow | None:
    """For a concatenation: along the channels, a row needs the same row of each input."""
    output = graph.tensors[operator.outputs[0]]
    inputs = graph.inputs_of(operator)
    axis = int(operator.options.get("axis", 0))
    fits = all(tensor.shape[:3] == output.shape[:3] for tensor in inputs)
    is_plain = fits and images_have_rows([*inputs, output]) and axis in (-1, 3)
    return RowWindow() if is_plain and not any(t.is_constant for t in inputs) else None


def padded_rows(graph: Graph, operator: Operator) -> RowWindow | None:
    """For PAD in height and width: rows of padding need no row."""
    image, paddings, *_ = graph.inputs_of(operator)
    output = graph.tensors[operator.outputs[0]]
    if not images_have_rows([image, output]) or paddings.data is None:
        return None
    amounts = np.asarray(paddings.data)
    if amounts.shape != (4, 2) or amounts.dtype.kind != "i" or amounts.min() < 0:
        return None
    return window_rows(1, 1, int(amounts[1, 0]))
