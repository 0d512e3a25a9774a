"""Functions in float32 between DEQUANTIZE and QUANTIZE become a table of 256 outputs."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from benchmarks.random_values import point, scale
from benchmarks.tflite_builder import ModelBuilder
from codegen.check import reasons_against
from codegen.model.read_tflite import parse_tflite
from codegen.operators import check_operators
from codegen.planning.planner import plan_graph
from codegen.simplify.executed import executed_graph
from tests.generated_program import run_generated
from tests.reference_kernels import run_reference

ALL = np.arange(-128, 128).astype(np.int8).reshape(1, 4, 4, 16)
Link = tuple[str, float | None, dict[str, float]]
CHAINS: dict[str, list[Link]] = {
    **{
        kind: [(kind, None, {})]
        for kind in "ABS COS ELU EXP HARD_SWISH LOGISTIC NEG RELU RELU6 SIN SQUARE TANH".split()
    },
    "LEAKY_RELU": [("LEAKY_RELU", None, {"alpha": 0.3})],
    "LOG": [("ABS", None, {}), ("ADD", 0.5, {}), ("LOG", None, {})],
    "DIV by a constant": [("DIV", 3.7, {})],
    "SQRT": [("ABS", None, {}), ("SQRT", None, {})],
    "RSQRT": [("SQUARE", None, {}), ("ADD", 0.1, {}), ("RSQRT", None, {}), ("MUL", 2.5, {})],
    "SUB of a constant": [("TANH", None, {}), ("SUB", -0.25, {})],
}


def model_of(links: list[Link], seed: int) -> bytes:
    rng, model = np.random.default_rng(seed), ModelBuilder()
    source = model.activation(ALL.shape, scale(rng, 0.005, 0.06), point(rng))
    reals = [model.activation(ALL.shape, None, dtype="float32") for _ in range(len(links) + 1)]
    model.operator("DEQUANTIZE", [source], reals[0])
    for (kind, constant, options), (before, after) in zip(
        links, itertools.pairwise(reals), strict=True
    ):
        inputs = [before]
        if constant is not None:
            inputs.append(model.constant(np.array(constant, np.float32)))
            options = options | {"fused_activation_function": 0}
        model.operator(kind, inputs, after, **options)
    output = model.activation(ALL.shape, scale(rng, 0.005, 0.06), point(rng))
    model.operator("QUANTIZE", [reals[-1]], output)
    return model.build([source], [output])


def test_each_function_gives_the_outputs_of_the_reference_for_every_input(tmp_path: Path) -> None:
    cases = [
        (model_of(links, seed + 10 * number), ALL)
        for number, links in enumerate(CHAINS.values())
        for seed in range(1)
    ]
    for content, _ in cases:
        executed = executed_graph(parse_tflite(content))
        assert [operator.kind for operator in executed.operators] == ["QUANTIZE"]
        assert check_operators(executed) == []
        assert not reasons_against(parse_tflite(content), "static")
        assert plan_graph(executed).steps[0].rows is not None
    (tmp_path / "reference").mkdir()
    expected = run_reference(tmp_path / "reference", [(own, [ALL]) for own, _ in cases])
    actual = run_generated(tmp_path, cases)
    for own, wanted in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(own.view(np.int8).ravel(), wanted.ravel())


@pytest.mark.parametrize(
    ("links", "named"),
    [([("LOG", None, {})], "op 1 LOG"), ([("ABS", None, {}), ("DIV", 0.0, {})], "op 2 DIV")],
)
def test_a_result_that_is_no_number_is_refused(links: list[Link], named: str) -> None:
    reasons = reasons_against(parse_tflite(model_of(links, 1)), "static")
    assert named in reasons.refusal
    assert "the model computes in float32" in reasons.refusal


def test_another_runtime_refuses_functions_in_float32() -> None:
    content = model_of(CHAINS["ELU"], 1)
    assert "float32: op 1 ELU" in reasons_against(parse_tflite(content), "tflm").refusal


def test_a_conversion_with_two_inputs_in_a_file_is_refused() -> None:
    model = ModelBuilder()
    source, output = (model.activation((1, 4), 0.1) for _ in range(2))
    table = model.constant(np.zeros(256, np.int8), 0.1)
    model.operator("QUANTIZE", [source, table], output)
    graph = parse_tflite(model.build([source], [output]))
    assert check_operators(graph) == ["op 0 QUANTIZE with 2 inputs and 1 outputs"]
