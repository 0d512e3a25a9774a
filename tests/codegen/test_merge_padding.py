"""PADs are left out where the next operator can have their margins as its own."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.tflite_builder import ModelBuilder
from codegen.model.read_tflite import parse_tflite
from codegen.operators import check_operators
from codegen.simplify.executed import executed_graph
from tests.generated_program import run_generated
from tests.reference_kernels import run_reference

SAME, VALID = 0, 1
NONE, RELU = 0, 1
Amounts = tuple[tuple[int, int], tuple[int, int]]


def padded_convolution(
    size: tuple[int, int],
    kernel: int,
    stride: int,
    amounts: Amounts,
    is_depthwise: bool = False,
    dilation: int = 1,
    is_output: bool = False,
    padding: int = VALID,
) -> bytes:
    """A PAD of rows and columns, then a convolution of four channels."""
    rng, model = np.random.default_rng(5), ModelBuilder()
    image = model.activation((1, *size, 4), 0.1, -7)
    sides = [n + sum(own) for n, own in zip(size, amounts, strict=True)]
    padded = model.activation((1, *sides, 4), 0.1, -7)
    by_side = np.array([(0, 0), *amounts, (0, 0)], np.int32)
    model.operator("PAD", [image, model.constant(by_side)], padded)
    shape = (1, kernel, kernel, 4) if is_depthwise else (4, kernel, kernel, 4)
    weights = rng.integers(-127, 128, shape).astype(np.int8)
    window = (kernel - 1) * dilation + 1
    reach = window if padding == VALID else 1
    output = model.activation((1, *((n - reach) // stride + 1 for n in sides), 4), 0.9, 3)
    more = {"depth_multiplier": 1} if is_depthwise else {}
    model.operator(
        "DEPTHWISE_CONV_2D" if is_depthwise else "CONV_2D",
        [
            padded,
            model.constant(weights, [0.01] * 4, axis=3 if is_depthwise else 0),
            model.constant(np.array([5, -900, 70, 800], np.int32)),
        ],
        output,
        padding=padding,
        stride_h=stride,
        stride_w=stride,
        dilation_h_factor=dilation,
        dilation_w_factor=dilation,
        fused_activation_function=0,
        **more,
    )
    return model.build([image], [output, padded] if is_output else [output])


def padded_pool(kind: str, point: int, fused: int = NONE, value: int | None = None) -> bytes:
    """A PAD of a row above and a column on the left, perhaps of another value; a pooling."""
    model = ModelBuilder()
    image, padded = (model.activation((1, n, n, 5), 0.1, point) for n in (6, 7))
    amounts = model.constant(np.array([(0, 0), (1, 0), (1, 0), (0, 0)], np.int32))
    if value is None:
        model.operator("PAD", [image, amounts], padded)
    else:
        own = model.constant(np.array([value], np.int8), 0.1, point)
        model.operator("PADV2", [image, amounts, own], padded)
    output = model.activation((1, 3, 3, 5), 0.1, point)
    sizes = {"filter_height": 3, "filter_width": 3, "stride_h": 2, "stride_w": 2}
    model.operator(kind, [padded], output, padding=VALID, fused_activation_function=fused, **sizes)
    return model.build([image], [output])


MERGED = {
    "keras-stride-2": padded_convolution((6, 8), 3, 2, ((0, 1), (0, 1))),
    "torch-stride-1": padded_convolution((5, 7), 3, 1, ((1, 1), (1, 1))),
    "torch-odd-stride-2": padded_convolution((5, 7), 3, 2, ((1, 1), (1, 1)), is_depthwise=True),
    "depthwise-5": padded_convolution((6, 6), 5, 1, ((2, 2), (2, 2)), is_depthwise=True),
    "unused-rows-after": padded_convolution((6, 6), 3, 2, ((0, 2), (0, 2))),
    "nothing": padded_convolution((6, 6), 3, 1, ((0, 0), (0, 0))),
    "nothing-1x1": padded_convolution((4, 5), 1, 1, ((0, 0), (0, 0))),
    "torch-even-stride-2": padded_convolution((6, 6), 3, 2, ((1, 1), (1, 1))),
    "more-than-same": padded_convolution((6, 6), 3, 1, ((2, 2), (2, 2))),
    "rows-alone": padded_convolution((6, 6), 3, 1, ((1, 1), (0, 0))),
    "before-same": padded_convolution((6, 5), 3, 2, ((1, 0), (0, 1)), padding=SAME),
    "other-sides": padded_convolution((7, 4), 4, 3, ((3, 1), (0, 3)), is_depthwise=True),
    "dilated": padded_convolution((7, 6), 3, 1, ((4, 4), (4, 4)), dilation=2),
    "pool-of-relu": padded_pool("MAX_POOL_2D", -128),
    "pool-with-relu": padded_pool("MAX_POOL_2D", 9, fused=RELU),
    "pool-of-lowest": padded_pool("MAX_POOL_2D", 9, value=-128),
}
LEFT = {
    "windows-outside": padded_convolution((6, 6), 1, 1, ((1, 1), (1, 1))),
    "windows-below": padded_convolution((6, 6), 2, 1, ((0, 2), (0, 0))),
    "pool-of-negatives": padded_pool("MAX_POOL_2D", 9),
    "pool-of-others": padded_pool("MAX_POOL_2D", -128, value=3),
    "mean": padded_pool("AVERAGE_POOL_2D", -128),
}


@pytest.mark.parametrize("name", MERGED)
def test_a_pad_that_the_convolution_can_do_is_left_out(name: str) -> None:
    graph = parse_tflite(MERGED[name])
    executed = executed_graph(graph)
    assert [operator.kind for operator in executed.operators] == [graph.operators[1].kind]
    assert check_operators(executed) == []


@pytest.mark.parametrize("name", LEFT)
def test_a_pad_that_no_margin_replaces_is_left(name: str) -> None:
    graph = parse_tflite(LEFT[name])
    assert executed_graph(graph) == graph


def test_a_pad_that_is_an_output_is_left() -> None:
    graph = parse_tflite(padded_convolution((5, 7), 3, 1, ((1, 1), (1, 1)), is_output=True))
    kinds = [operator.kind for operator in executed_graph(graph).operators]
    assert kinds == ["PAD", "CONV_2D"]


def test_the_outputs_are_those_of_the_reference(tmp_path: Path) -> None:
    cases = []
    for seed, model in enumerate((MERGED | LEFT).values()):
        shape = parse_tflite(model).tensors[0].shape
        values = np.random.default_rng(seed).integers(-128, 128, shape).astype(np.int8)
        cases.append((model, values))
    (tmp_path / "reference").mkdir()
    expected = run_reference(tmp_path / "reference", [(m, [values]) for m, values in cases])
    actual = run_generated(tmp_path, cases)
    for own, wanted in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(own.view(np.int8).ravel(), wanted.ravel())
