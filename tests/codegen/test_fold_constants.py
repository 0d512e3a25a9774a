"""What does not depend on the input is computed before any code is generated."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.tflite_builder import ModelBuilder
from codegen.check import reasons_against
from codegen.model.fold_constants import fold_and_trace, fold_constants
from codegen.model.graph import DType, Graph, Operator, Quantization, Tensor
from codegen.model.read_tflite import parse_tflite
from codegen.operators import check_operators
from codegen.project.source import find_model
from firmware.targets import load_target
from nas.estimator.cost import Limits
from nas.estimator.network import estimate
from tests.generated_program import run_generated
from tests.reference_kernels import run_reference

INT32 = 2
LIMITS = Limits(10**9, 1 << 20, 1 << 18)


def flatten(batch_first: bool = True) -> bytes:
    """A Keras 3 `Flatten` with a free batch size, between two LOGISTICs."""
    model = ModelBuilder()
    image = model.activation((1, 3, 4, 2), 0.1, 5)
    middle = model.activation((1, 3, 4, 2), 1 / 256, -128)
    flat = model.activation((1, 24) if batch_first else (24, 1), 1 / 256, -128)
    output = model.activation((1, 24) if batch_first else (24, 1), 1 / 256, -128)
    shape = model.activation((4,), None, dtype="int32")
    batch = model.activation((), None, dtype="int32")
    packed = model.activation((2,), None, dtype="int32")
    first, second = (model.constant(np.array([index], np.int32)) for index in (0, 1))
    rest = model.constant(np.array(24, np.int32))
    model.operator("LOGISTIC", [image], middle)
    model.operator("SHAPE", [middle], shape, out_type=INT32)
    model.operator("STRIDED_SLICE", [shape, first, second, second], batch, shrink_axis_mask=1)
    model.operator("PACK", [batch, rest], packed, values_count=2, axis=0)
    model.operator("RESHAPE", [middle, packed], flat)
    model.operator("LOGISTIC", [flat], output)
    return model.build([image], [output])


def test_of_a_flatten_with_a_free_batch_only_the_reshape_is_left() -> None:
    graph = parse_tflite(flatten())
    folded, kept = fold_and_trace(graph)
    assert [operator.kind for operator in folded.operators] == ["LOGISTIC", "RESHAPE", "LOGISTIC"]
    assert kept == (0, 4, 5)
    packed = folded.tensors[folded.operators[1].inputs[1]]
    assert packed.is_constant
    assert packed.data is not None
    assert packed.data.tolist() == [1, 24]
    assert reasons_against(graph, "static").texts == ()


def test_its_code_gives_the_bits_of_the_interpreter(tmp_path: Path) -> None:
    values = np.random.default_rng(4).integers(-128, 128, (1, 3, 4, 2)).astype(np.int8)
    (expected,) = run_reference(tmp_path, [(flatten(), [values])])
    (actual,) = run_generated(tmp_path, [(flatten(), values)])
    np.testing.assert_array_equal(actual.ravel(), np.frombuffer(expected.tobytes(), np.uint8))


def test_the_estimate_counts_what_each_runtime_executes() -> None:
    graph, target = parse_tflite(flatten()), load_target("stm32f412")
    counts = {
        runtime: len(estimate("x", graph, 1000, target, LIMITS, runtime).operators)
        for runtime in ("static", "tflm")
    }
    assert counts == {"static": 3, "tflm": 6}


def test_a_shape_is_given_where_the_file_has_another() -> None:
    """LiteRT gives the tensor the shape that it computed."""
    folded = fold_constants(parse_tflite(flatten(batch_first=False)))
    assert folded.tensors[folded.operators[1].outputs[0]].shape == (1, 24)
    texts = check_operators(folded)
    assert texts == ["op 2 LOGISTIC with output [24, 1] where [1, 24] results"]
    refused = reasons_against(parse_tflite(flatten(batch_first=False)), "static")
    assert refused.operators == ("op 5 LOGISTIC with output [24, 1] where [1, 24] results",)


def constant(values: object, dtype: DType = DType.INT32) -> Tensor:
    data = np.asarray(values, dtype.value)
    return Tensor("", data.shape, dtype, is_constant=True, data=data)


def folded_values(
    kind: str,
    inputs: list[Tensor],
    shape: tuple[int, ...],
    dtype: DType = DType.INT32,
    **options: int | str | bool,
) -> object:
    """The output of an operator as lists; None if it is not folded."""
    image = Tensor("", (1, 4), DType.INT8, quantization=Quantization((1.0,), (0,)))
    tensors = (image, image, Tensor("", shape, dtype), *inputs)
    operators = (
        Operator(kind, tuple(range(3, len(tensors))), (2,), options),
        Operator("LOGISTIC", (0,), (1,)),
    )
    folded = fold_constants(Graph(tensors, operators, (0,), (1,)))
    if len(folded.operators) == 2:
        return None
    data = folded.tensors[2].data
    assert data is not None
    assert data.dtype == np.dtype(dtype.value)
    assert data.shape == shape
    return data.tolist()


SLICE = [constant([5, 6, 7, 8]), constant([1]), constant([3]), constant([1])]


def test_the_operators_on_shapes_give_what_their_documentation_says() -> None:
    a, b, scalar = constant([1, 2, 3]), constant([4, 5, 6]), constant(7)
    activation = Tensor("", (1, 9, 7), DType.INT8)
    cases: list[tuple[object, object]] = [
        (folded_values("SHAPE", [activation], (3,)), [1, 9, 7]),
        (folded_values("SHAPE", [activation], (3,), DType.INT64), [1, 9, 7]),
        (folded_values("STRIDED_SLICE", SLICE, (2,)), [6, 7]),
        (folded_values("STRIDED_SLICE", SLICE, (3,), begin_mask=1), [5, 6, 7]),
        (folded_values("STRIDED_SLICE", SLICE, (3,), end_mask=1), [6, 7, 8]),
        (folded_values("STRIDED_SLICE", SLICE, (), shrink_axis_mask=1), 6),
        (folded_values("PACK", [a, b], (2, 3), axis=0), [[1, 2, 3], [4, 5, 6]]),
        (folded_values("PACK", [a, b], (3, 2), axis=1), [[1, 4], [2, 5], [3, 6]]),
        (folded_values("CONCATENATION", [a, b], (6,), axis=0), [1, 2, 3, 4, 5, 6]),
        (folded_values("GATHER", [b, constant([2, 0])], (2,), axis=0), [6, 4]),
        (folded_values("MUL", [a, scalar], (3,)), [7, 14, 21]),
        (folded_values("ADD", [a, b], (3,)), [5, 7, 9]),
        (folded_values("SUB", [a, b], (3,)), [-3, -3, -3]),
        (folded_values("REDUCE_PROD", [b, constant([0])], ()), 120),
        (folded_values("REDUCE_PROD", [b, constant([0])], (1,), keep_dims=True), [120]),
        (folded_values("CAST", [a], (3,), DType.INT64), [1, 2, 3]),
        (folded_values("EXPAND_DIMS", [a, constant(0)], (1, 3)), [[1, 2, 3]]),
        (folded_values("SQUEEZE", [constant([[9]])], ()), 9),
        (folded_values("RESHAPE", [constant([1, 2], DType.INT8)], (2, 1), DType.INT8), [[1], [2]]),
    ]
    for index, (actual, expected) in enumerate(cases):
        assert actual == expected, index


@pytest.mark.parametrize(
    ("kind", "inputs", "shape", "options"),
    [
        ("STRIDED_SLICE", SLICE, (3,), {}),
        ("STRIDED_SLICE", SLICE, (1, 2), {"new_axis_mask": 1}),
        ("STRIDED_SLICE", SLICE, (2,), {"ellipsis_mask": 1}),
        ("STRIDED_SLICE", SLICE, (2,), {"offset": True}),
        ("STRIDED_SLICE", [*SLICE[:3], constant([0])], (2,), {}),
        ("STRIDED_SLICE", [SLICE[0], constant([9]), *SLICE[2:]], (), {"shrink_axis_mask": 1}),
        ("GATHER", [constant([1, 2]), constant([2])], (1,), {}),
        ("GATHER", [constant([1, 2]), constant([-1])], (1,), {}),
        ("MUL", [constant([1 << 30]), constant([4])], (1,), {}),
        ("ADD", [constant([1]), constant([4])], (1,), {"fused_activation_function": "RELU"}),
        ("PACK", [constant([1]), constant([1, 2])], (2,), {"axis": 0}),
        ("REDUCE_PROD", [constant([1 << 30] * 4), constant([0])], (), {}),
        ("EXPAND_DIMS", [constant([1, 2]), constant(0)], (1, 3), {}),
        ("ADD", [constant([1]), Tensor("", (1,), DType.INT32)], (1,), {}),
        ("ADD", [constant([1] * 65), constant([1] * 65)], (65,), {}),
        ("SIN", [constant([1])], (1,), {}),
        ("PACK", [], (1,), {}),
    ],
)
def test_what_does_not_fit_its_output_is_left_to_the_check(
    kind: str,
    inputs: list[Tensor],
    shape: tuple[int, ...],
    options: dict[str, int | str | bool],
) -> None:
    assert folded_values(kind, inputs, shape, **options) is None


def test_an_output_of_the_model_stays_computed() -> None:
    graph = parse_tflite(flatten())
    packed = graph.operators[3].outputs[0]
    folded = fold_constants(replace(graph, outputs=(packed,)))
    assert [operator.kind for operator in folded.operators][1] == "PACK"


@pytest.mark.parametrize(
    ("source", "output", "expected"),
    [
        ((5, 8), (1, 6), (5, 6)),
        ((1, 2, 8), (1, 6), (2, 6)),
        ((1, 8), (1, 6), (1, 6)),
        ((1, 12), (1, 6), (1, 6)),
        ((5, 8), (1, 5, 6), (1, 5, 6)),
    ],
)
def test_a_product_gets_as_many_vectors_as_its_input_has(
    source: tuple[int, ...], output: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    shapes = source, (6, 8), output
    tensors = tuple(Tensor("", own, DType.INT8, own == (6, 8)) for own in shapes)
    product = Operator("FULLY_CONNECTED", (0, 1), (2,), {})
    folded = fold_constants(Graph(tensors, (product,), (0,), (2,)))
    assert folded.tensors[2].shape == expected


def test_what_has_nothing_to_fold_is_kept_as_it_is() -> None:
    path = Path("benchmarks/models/nas_k8_c3.tflite")
    graph = parse_tflite(find_model(path).content)
    assert fold_constants(graph) == graph
