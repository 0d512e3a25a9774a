"""Which rows of its input a step needs; expected values worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from codegen.model.graph import DType, Graph, Operator, Tensor
from codegen.operators.rows import RowWindow
from codegen.planning.steps import Step, StepKind, make_steps

POOL = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2, "padding": "VALID"}


def image(rows: int, channels: int = 4) -> Tensor:
    return Tensor("", (1, rows, 6, channels), DType.INT8)


def constant(*shape: int) -> Tensor:
    return Tensor("", shape, DType.INT8, is_constant=True)


def convolution(
    kernel: int, stride: int, padding: str, rows: int, kind: str = "CONV_2D"
) -> tuple[list[Tensor], Operator]:
    reach = rows if padding == "SAME" else rows - kernel + 1
    options = {"padding": padding, "stride_h": stride, "stride_w": 1}
    weights = (4, kernel, 1, 4) if kind == "CONV_2D" else (1, kernel, 1, 4)
    tensors = [image(rows), constant(*weights), image(-(-reach // stride))]
    return tensors, Operator(kind, (0, 1), (2,), options)


def only_step(tensors: list[Tensor], *operators: Operator) -> Step:
    (step,) = make_steps(Graph(tuple(tensors), operators, (0,), operators[-1].outputs))
    return step


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "rows", "first", "end"),
    [
        (3, 1, "SAME", 4, [0, 0, 1, 2], [2, 3, 4, 4]),
        (3, 2, "SAME", 5, [0, 1, 3], [2, 4, 5]),
        (3, 2, "SAME", 6, [0, 2, 4], [3, 5, 6]),
        (3, 2, "VALID", 6, [0, 2], [3, 5]),
        (7, 1, "SAME", 5, [0, 0, 0, 0, 1], [4, 5, 5, 5, 5]),
        (1, 3, "VALID", 6, [0, 3], [1, 4]),
    ],
)
def test_a_convolution_needs_the_rows_of_its_kernel(
    kind: str, kernel: int, stride: int, padding: str, rows: int, first: list[int], end: list[int]
) -> None:
    tensors, operator = convolution(kernel, stride, padding, rows, kind)
    window = only_step(tensors, operator).rows
    assert window is not None
    assert window.first_rows(rows, len(first)).tolist() == first
    assert window.end_rows(rows, len(end)).tolist() == end


def test_a_pooled_convolution_needs_the_rows_of_two_rows_of_the_convolution() -> None:
    tensors, operator = convolution(3, 1, "SAME", 7)
    pool = Operator("MAX_POOL_2D", (2,), (3,), POOL)
    step = only_step([*tensors, image(3)], operator, pool)
    assert (step.kind, step.rows) == (StepKind.POOLED_CONVOLUTION, RowWindow(4, 2, 1))
    assert step.rows.first_rows(7, 3).tolist() == [0, 1, 3]
    assert step.rows.end_rows(7, 3).tolist() == [3, 5, 7]


def test_elementwise_operators_need_the_same_row() -> None:
    same = [image(4), image(4), image(4)]
    for kind in ("ADD", "MUL"):
        assert only_step(same, Operator(kind, (0, 1), (2,))).rows == RowWindow()
        by_channel = [image(4), constant(1, 1, 1, 4), image(4)]
        assert only_step(by_channel, Operator(kind, (0, 1), (2,))).rows == RowWindow()
    for kind in ("LOGISTIC", "QUANTIZE", "RELU", "RELU6", "DEQUANTIZE"):
        assert only_step(same, Operator(kind, (0,), (2,))).rows == RowWindow()


def test_a_row_of_padding_needs_no_row() -> None:
    amounts = np.array([[0, 0], [2, 1], [1, 1], [0, 0]], np.int32)
    paddings = Tensor("", (4, 2), DType.INT32, is_constant=True, data=amounts)
    tensors = [image(3), paddings, Tensor("", (1, 6, 8, 4), DType.INT8)]
    window = only_step(tensors, Operator("PAD", (0, 1), (2,))).rows
    assert window is not None
    assert window.end_rows(3, 6).tolist() == [0, 0, 1, 2, 3, 3]
    assert window.first_rows(3, 6).tolist() == [0, 0, 0, 1, 2, 3]


def test_a_concatenation_of_channels_needs_the_same_row_of_each_input() -> None:
    tensors = [image(4), image(4, 2), image(4, 6)]
    step = only_step(tensors, Operator("CONCATENATION", (0, 1), (2,), {"axis": 3}))
    assert step.rows == RowWindow()
    below = [image(4), image(2), image(6)]
    assert only_step(below, Operator("CONCATENATION", (0, 1), (2,), {"axis": 1})).rows is None


@pytest.mark.parametrize(
    "tensors",
    [
        [replace(image(4), shape=(2, 4, 6, 4))] * 3,  # two images
        [replace(image(4), shape=(4, 6))] * 3,  # no image
        [image(4), constant(1, 4, 6, 4), image(4)],  # a constant with rows of its own
        [image(4), replace(image(4), shape=(1, 1, 1, 4)), image(4)],  # one pixel for all rows
        [replace(image(4), shape=(1, 5000, 6, 4))] * 3,  # no image of a microcontroller
    ],
)
def test_other_shapes_are_not_made_row_by_row(tensors: list[Tensor]) -> None:
    assert only_step(tensors, Operator("ADD", (0, 1), (2,))).rows is None


def test_classifiers_need_whole_tensors() -> None:
    for kind in ("MEAN", "FULLY_CONNECTED", "SOFTMAX", "RESHAPE", "TRANSPOSE"):
        operator = Operator(kind, (0,) if kind == "SOFTMAX" else (0, 1), (2,))
        assert only_step([image(4), constant(4), image(4)], operator).rows is None


def test_a_window_may_move_by_a_part_of_a_row() -> None:
    """Twice as many rows by the two nearest: row y lies at y / 2 − 1/4 of the input."""
    window = RowWindow(size=2, stride=2, padding=1, divisor=4, shift=3)
    assert window.first_rows(3, 6).tolist() == [0, 0, 0, 1, 1, 2]
    assert window.end_rows(3, 6).tolist() == [1, 2, 2, 3, 3, 3]
