"""Convolutions of interleaved images become dilated ones, and no bit of an output changes."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.tflite_builder import ModelBuilder
from codegen.check import reasons_against
from codegen.model.graph import Graph
from codegen.model.read_tflite import parse_tflite
from codegen.simplify.executed import executed_graph
from codegen.simplify.fold_dilations import fold_dilations
from tests.generated_program import run_generated
from tests.reference_kernels import run_reference

VALID = 1
NONE = 0
SIZES = (11, 14)


def interleaved(
    block: tuple[int, ...],
    paddings: list[list[int]],
    crops: list[list[int]],
    kind: str = "CONV_2D",
    other_scale: bool = False,
) -> bytes:
    """A 3×3 convolution of an image, or of three taps of a sequence, as TensorFlow writes it."""
    rng, model = np.random.default_rng(6), ModelBuilder()
    sizes, count = SIZES[: len(block)], 4 if kind == "DEPTHWISE_CONV_2D" else 5
    kernel = (3, 3)[: len(block)] if len(block) == 2 else (1, 3)
    padded = [n + sum(own) for n, own in zip(sizes, paddings, strict=True)]
    dealt = [n // b for n, b in zip(padded, block, strict=True)]
    number = int(np.prod(block))
    whole = [(n - 2 * b) - sum(own) for n, b, own in zip(padded, block, crops, strict=True)]
    image = model.activation((1, *sizes, 4), 0.05, 7)
    small = model.activation((number, *dealt, 4), 0.06 if other_scale else 0.05, 7)
    blocks = model.constant(np.array(block, np.int32))
    model.operator(
        "SPACE_TO_BATCH_ND", [image, blocks, model.constant(np.array(paddings, np.int32))], small
    )
    if len(block) == 1:
        one = model.activation((number, 1, *dealt, 4), 0.05, 7)
        model.operator("EXPAND_DIMS", [small, model.constant(np.array(1, np.int32))], one)
        small = one
    axis = 3 if kind == "DEPTHWISE_CONV_2D" else 0
    shape = (1, *kernel, count) if axis else (count, *kernel, 4)
    weights = model.constant(
        rng.integers(-127, 128, shape).astype(np.int8), [0.01] * count, axis=axis
    )
    biases = model.constant(rng.integers(-900, 900, count).astype(np.int32), [0.0005] * count)
    left = [n - 2 for n in dealt]
    inner = (number, *([1] if len(block) == 1 else []), *left, count)
    sums = model.activation(inner, 0.1, -3)
    steps = {f"{own}": 1 for own in ("stride_h", "stride_w")}
    steps |= {"dilation_h_factor": 1, "dilation_w_factor": 1}
    if axis:
        steps["depth_multiplier"] = 1
    model.operator(
        kind,
        [small, weights, biases],
        sums,
        padding=VALID,
        fused_activation_function=NONE,
        **steps,
    )
    if len(block) == 1:
        flat = model.activation((number, *left, count), 0.1, -3)
        shape_of_flat = model.constant(np.array([-1, *left, count], np.int32))
        model.operator("RESHAPE", [sums, shape_of_flat], flat)
        sums = flat
    output = model.activation((1, *whole, count), 0.1, -3)
    model.operator(
        "BATCH_TO_SPACE_ND", [sums, blocks, model.constant(np.array(crops, np.int32))], output
    )
    return model.build([image], [output])


DILATED = {
    "valid": (interleaved((2, 2), [[0, 1], [0, 0]], [[0, 1], [0, 0]]), "VALID", (2, 2)),
    "same": (interleaved((2, 3), [[2, 3], [3, 4]], [[0, 1], [0, 1]]), "SAME", (2, 3)),
    "depthwise": (
        interleaved((2, 2), [[2, 3], [2, 2]], [[0, 1], [0, 0]], "DEPTHWISE_CONV_2D"),
        "SAME",
        (2, 2),
    ),
    "sequence": (interleaved((4,), [[0, 1]], [[0, 1]]), "VALID", (1, 4)),
    "sequence, same": (interleaved((2,), [[2, 3]], [[0, 1]]), "SAME", (1, 2)),
}


@pytest.mark.parametrize("name", DILATED)
def test_the_convolution_is_found_and_gives_the_same_bits(name: str, tmp_path: Path) -> None:
    content, padding, dilation = DILATED[name]
    folded = executed_graph(parse_tflite(content))
    (own,) = (o for o in folded.operators if o.kind in ("CONV_2D", "DEPTHWISE_CONV_2D"))
    assert own.options["padding"] == padding
    assert (own.options["dilation_h_factor"], own.options["dilation_w_factor"]) == dilation
    assert not any("BATCH" in operator.kind for operator in folded.operators)
    sizes = SIZES[:1] if len(parse_tflite(content).tensors[0].shape) == 3 else SIZES
    values = np.random.default_rng(9).integers(-128, 128, (1, *sizes, 4)).astype(np.int8)
    (expected,) = run_reference(tmp_path, [(content, [values])])
    (actual,) = run_generated(tmp_path, [(content, values)])
    np.testing.assert_array_equal(actual.ravel(), np.frombuffer(expected.tobytes(), np.uint8))


def test_operators_after_it_keep_their_indices_in_reasons() -> None:
    graph = parse_tflite(interleaved((2,), [[0, 1]], [[0, 1]], other_scale=True))
    assert reasons_against(graph, "static").operators == (
        "op 0 SPACE_TO_BATCH_ND",
        "op 2 CONV_2D with batch 2",
        "op 4 BATCH_TO_SPACE_ND",
    )


@pytest.mark.parametrize(
    "content",
    [
        # Another scale; crops that are no part of the padding; margins that no padding gives.
        interleaved((2, 2), [[0, 1], [0, 0]], [[0, 1], [0, 0]], other_scale=True),
        interleaved((2, 2), [[0, 1], [0, 0]], [[1, 1], [0, 0]]),
        interleaved((2, 2), [[4, 1], [0, 0]], [[0, 1], [0, 0]]),
    ],
)
def test_what_is_not_exactly_such_a_convolution_stays(content: bytes) -> None:
    graph: Graph = parse_tflite(content)
    folded, kept = fold_dilations(graph)
    assert folded.operators == graph.operators
    assert kept == tuple(range(len(graph.operators)))
