"""Operands that repeat along any dimension, and the copies that kernels read instead."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.tflite_builder import ModelBuilder
from codegen.check import reasons_against
from codegen.model.graph import Graph
from codegen.model.read_tflite import parse_tflite
from codegen.simplify.executed import executed_graph
from codegen.simplify.spread_operands import spread_operands
from tests.generated_program import run_generated
from tests.reference_kernels import run_reference

Shape = tuple[int, ...]
WHOLE = (1, 3, 5, 4)
SPREAD = ["BROADCAST_TO"]
COMPUTED: dict[str, tuple[str, Shape, Shape, list[str]]] = {
    "one element in each row": ("ADD", WHOLE, (1, 3, 1, 1), SPREAD),
    "one channel": ("MUL", WHOLE, (1, 3, 5, 1), SPREAD),
    "one row, and the smaller one first": ("SUB", (1, 1, 5, 1), WHOLE, SPREAD),
    "a lower rank": ("MAXIMUM", (5, 1), WHOLE, SPREAD),
    "both are smaller": ("MINIMUM", (1, 3, 1, 4), (1, 1, 5, 1), SPREAD * 2),
    "the first one repeats": ("SUB", (1, 4), (1, 3, 5, 1), SPREAD),
    "several images": ("ADD", (2, 1, 3), (1, 2, 3), SPREAD),
    "last dimensions, for which there is a kernel": ("MUL", WHOLE, (5, 4), []),
    "all shapes are equal": ("ADD", WHOLE, WHOLE, []),
}
CONSTANT: dict[str, tuple[str, Shape, Shape, list[str]]] = {
    "a constant for each row": ("ADD", WHOLE, (1, 3, 1, 1), []),
    "a constant of the output's shape": ("MUL", (1, 3, 5, 1), WHOLE, SPREAD),
    "a constant for each channel": ("SUB", WHOLE, (4,), []),
    "a constant and an activation that are both smaller": (
        "MAXIMUM",
        (1, 1, 5, 4),
        (3, 1, 1),
        SPREAD,
    ),
}


def whole_of(*shapes: Shape) -> Shape:
    return tuple(np.broadcast_shapes(*shapes))


def network(kind: str, first: Shape, second: Shape, is_constant: bool) -> bytes:
    """Both operands are parts of one input, or the second one is a constant."""
    model = ModelBuilder()
    own = (0.05, 3) if kind in ("MAXIMUM", "MINIMUM") else (0.08, -7)
    elements = int(np.prod(first)), 0 if is_constant else int(np.prod(second))
    source = model.activation((1, sum(elements)), 0.05, 3)
    operands = []
    for begin, shape in ((0, first), (elements[0], second)):
        if is_constant and shape is second:
            data = np.random.default_rng(8).integers(-128, 128, shape).astype(np.int8)
            operands.append(model.constant(data, 0.05, 3))
            continue
        part = model.activation((1, int(np.prod(shape))), 0.05, 3)
        operands.append(model.activation(shape, 0.05, 3))
        numbers = [0, begin], [1, int(np.prod(shape))]
        bounds = [model.constant(np.array(own_numbers, np.int32)) for own_numbers in numbers]
        model.operator("SLICE", [source, *bounds], part)
        wanted = model.constant(np.array(shape, np.int32))
        model.operator("RESHAPE", [part, wanted], operands[-1])
    output = model.activation(whole_of(first, second), *own)
    model.operator(kind, operands, output)
    return model.build([source], [output])


CASES = {name: (*case, False) for name, case in COMPUTED.items()}
CASES |= {name: (*case, True) for name, case in CONSTANT.items()}


def model_of(name: str) -> bytes:
    kind, first, second, _, is_constant = CASES[name]
    return network(kind, first, second, is_constant)


def spread_kinds(graph: Graph) -> list[str]:
    return [own.kind for own in graph.operators if own.kind not in ("SLICE", "RESHAPE")]


@pytest.mark.parametrize("name", CASES)
def test_only_what_no_kernel_repeats_is_spread(name: str) -> None:
    graph = parse_tflite(model_of(name))
    kind, *_, added, _ = CASES[name]
    spread, indices = spread_operands(graph)
    assert spread_kinds(spread) == [*added, kind]
    own = len(graph.operators) - 1
    assert indices == (*range(own), *[own] * (len(added) + 1))
    assert reasons_against(graph, "static").texts == ()
    assert spread_kinds(executed_graph(graph)) == [*added, kind]


def test_their_outputs_are_those_of_the_reference_kernels(tmp_path: Path) -> None:
    models = [model_of(name) for name in CASES]
    rng = np.random.default_rng(9)
    inputs: list[NDArray[Any]] = [
        rng.integers(-128, 128, parse_tflite(model).tensors[0].shape).astype(np.int8)
        for model in models
    ]
    generated, references = tmp_path / "generated", tmp_path / "references"
    generated.mkdir()
    references.mkdir()
    outputs = run_generated(
        generated, list(zip(models, [own[None] for own in inputs], strict=True))
    )
    expected = run_reference(references, [(m, [x]) for m, x in zip(models, inputs, strict=True)])
    for name, own, wanted in zip(CASES, outputs, expected, strict=True):
        assert own.tobytes() == wanted.tobytes(), name


def test_operands_without_a_common_shape_are_named() -> None:
    model = ModelBuilder()
    first, second = model.activation((1, 4, 3), 0.05), model.activation((1, 4, 1), 0.05)
    output = model.activation((1, 2, 4, 3), 0.05)
    model.operator("ADD", [first, second], output)
    graph = parse_tflite(model.build([first, second], [output]))
    assert spread_operands(graph)[1] == (0,)
    assert reasons_against(graph, "static").texts == ("op 0 ADD of shapes [1, 4, 3] and [1, 4, 1]",)
