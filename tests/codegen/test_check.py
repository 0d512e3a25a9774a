"""What cannot be run is told whole, by the estimate as by the generator."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import tflite

from benchmarks.operator_cases import CASES
from benchmarks.tflite_builder import ModelBuilder
from codegen.check import check_model, reasons_against
from codegen.costs.work import step_work
from codegen.model.graph import DType, Graph, Operator, Quantization, Tensor
from codegen.model.operator_options import names_of
from codegen.model.read_tflite import parse_tflite, read_tflite
from codegen.operators import count_macc, supported_kinds
from codegen.planning.planner import plan_graph
from codegen.tflm.library import OPERATORS, registrations
from firmware.errors import ModelError, SdkError
from firmware.targets import load_target
from nas.estimator.cost import RUNTIMES, Limits
from nas.estimator.network import Estimate, estimate
from nas.estimator.report import estimate_text
from tests.graph_file import graph_file
from tests.small_model import small_model
from tests.tflm_wheel import runs

CORPUS = Path(__file__).parent.parent / "corpus" / "tflite"
LIMITS = Limits(10**9, 1 << 20, 1 << 18)
TARGET = load_target("stm32f412")
KINDS = sorted(
    set(names_of(tflite.BuiltinOperator).values()) | {"CUSTOM 'mine'", "operator code 9"}
)
INPUTS = [(count, constants) for count in range(4) for constants in range(min(count, 1) + 1)]
FORMS = (
    *(((), DType.INT8), ((1, 4), DType.INT8), ((1, 4, 4, 2), DType.INT8)),
    *(((1, 4, 4, 2), DType.INT16), ((1, 4), DType.FLOAT32)),
)


def estimated(graph: Graph, runtime: str) -> Estimate:
    return estimate("x", graph, 1000, TARGET, LIMITS, runtime)


def graphs_of(kind: str) -> Iterator[Graph]:
    """Graphs of one operator, with inputs of several numbers, ranks and types."""
    scale = Quantization((0.05,), (0,))
    has_table = kind in supported_kinds()
    forms = FORMS if has_table else (((4,), DType.INT8),)
    for (count, constants), (shape, dtype) in product(INPUTS, forms):
        own = scale if dtype in (DType.INT8, DType.UINT8) else None
        source = Tensor("", shape, dtype, quantization=own)
        data = np.ones(shape, np.int8 if dtype is DType.OTHER else dtype.value)
        constant = replace(source, is_constant=True, data=data)
        inputs = tuple(range(2, 2 + count))
        tensors = [source, source, *([source] * count)]
        for index in inputs[max(count - constants, 0) :]:
            tensors[index] = constant
        operator = Operator(kind, (0, *inputs), (1,))
        yield Graph(tuple(tensors), (operator,), (0, *inputs), (1,))
        yield Graph(tuple(tensors), (operator,), (0,), (1,))
        yield Graph(tuple(tensors), (replace(operator, inputs=inputs),), (0,), (1,))
        yield Graph(tuple(tensors), (replace(operator, outputs=()),), (0,), (0,))


@pytest.mark.parametrize("kind", KINDS)
def test_every_operator_is_judged_planned_and_counted_or_refused_by_name(kind: str) -> None:
    for graph in graphs_of(kind):
        against = {runtime: reasons_against(graph, runtime) for runtime in RUNTIMES}
        if kind not in supported_kinds():
            assert any(kind in text for text in against["static"].texts)
        for runtime, reasons in against.items():
            if not reasons.can_be_planned:
                with pytest.raises(ModelError):
                    estimated(graph, runtime)
                continue
            result = estimated(graph, runtime)
            assert result.fits == (not reasons and not result.unmodelled)
            assert estimate_text(result)
        if against["static"].can_be_planned:
            plan = plan_graph(graph)
            assert all(count_macc(graph, operator) >= 0 for operator in graph.operators)
            assert plan.arena_bytes >= 0
            assert against["static"] or all(step_work(graph, step) for step in plan.steps)
        if not against["tflm"]:
            assert registrations(graph)


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.tflite")), ids=lambda path: path.stem)
def test_files_that_once_ended_in_a_traceback_or_took_long_are_answered_at_once(path: Path) -> None:
    start = time.monotonic()
    for runtime in RUNTIMES:
        with contextlib.suppress(SdkError):
            estimated(read_tflite(path), runtime)
    assert time.monotonic() - start < 10


def several_faults() -> bytes:
    builder = ModelBuilder()
    first = builder.activation((1, 8, 8, 2), 0.1)
    second = builder.activation((1, 8), 0.1, dtype="int16")
    middle = builder.activation((1, 8), 0.1, dtype="int16")
    last = builder.activation((1, 8), 0.1, dtype="int16")
    builder.operator("SOFTMAX", [second], middle)
    builder.operator("ABS", [middle], last)
    other = builder.activation((1, 8, 8, 2), 0.1)
    third = builder.activation((1, 8, 8, 2), 0.1)
    builder.operator("ROUND", [first], other)
    builder.operator("ROUND", [other], third)
    return builder.build([first, second], [last, third])


def test_all_reasons_are_told_at_once_and_equal_ones_together() -> None:
    graph = replace(parse_tflite(several_faults()), subgraph_count=3)
    with pytest.raises(ModelError) as caught:
        check_model(graph, "static")
    text = str(caught.value)
    for reason in (
        "the model has 3 subgraphs; one can be generated",
        "not int16",
        "4 operators cannot be generated:",
        "op 0 SOFTMAX in int16",
        "op 1 ABS",
        "ops 2, 3 ROUND",
    ):
        assert reason in text
    assert max(map(len, text.split("\n"))) < 500
    with pytest.raises(ModelError, match=r"3 subgraphs") as refused:
        estimated(graph, "static")
    assert str(refused.value) == text


def with_state() -> Graph:
    graph = parse_tflite(small_model())
    state = Tensor("state", (1, 40), DType.INT8, is_state=True)
    tensors = (*graph.tensors, state)
    first = replace(graph.operators[0], kind="SVDF")
    first = replace(first, inputs=(*first.inputs, len(graph.tensors)))
    return replace(graph, tensors=tensors, operators=(first, *graph.operators[1:]))


def test_state_is_called_state() -> None:
    texts = reasons_against(with_state(), "static").texts
    assert any("SVDF keeps state from one inference to the next (op 0: tensor" in t for t in texts)


def test_an_npu_is_called_an_npu() -> None:
    graph = with_state()
    compiled = replace(graph.operators[0], kind="CUSTOM 'ethos-u'")
    graph = replace(graph, operators=(compiled, *graph.operators[1:]))
    texts = reasons_against(graph, "tflm").texts
    assert any("CUSTOM 'ethos-u' needs memory of its own" in text for text in texts)
    assert any("the .tflite from before it was compiled" in text for text in texts)


def test_an_output_that_nothing_computes_is_refused() -> None:
    graph = parse_tflite(small_model())
    weights = graph.operators[0].inputs[1]
    for outputs, text in (
        ((weights,), f"its output, tensor {weights}, is a constant"),
        (graph.inputs, "its output is its input"),
    ):
        with pytest.raises(ModelError, match=text):
            check_model(replace(graph, outputs=outputs), "static")


def in_uint8(graph: Graph) -> bytes:
    """The same network with uint8 for int8 throughout."""
    changed = (replace(t, dtype=DType.UINT8) if t.dtype is DType.INT8 else t for t in graph.tensors)
    return graph_file(replace(graph, tensors=tuple(changed)))


@pytest.mark.parametrize("kind", sorted(CASES.keys() & OPERATORS))
def test_tflm_is_refused_what_it_has_no_kernel_for_in_uint8_and_nothing_else(kind: str) -> None:
    content = in_uint8(parse_tflite(CASES[kind](np.random.default_rng(3))[0]))
    graph = parse_tflite(content)
    reasons = reasons_against(graph, "tflm").operators
    assert bool(reasons) != runs(content)
    if kind != "QUANTIZE":
        named = {
            index
            for index, o in enumerate(graph.operators)
            for text in reasons
            if text == f"op {index} {o.kind} in uint8: TensorFlow Lite Micro has no kernel "
            "for that type"
        }
        assert len(named) == len(reasons)


def test_all_operators_in_uint8_are_named_to_who_builds_for_tflm() -> None:
    graph = parse_tflite(in_uint8(parse_tflite(small_model())))
    with pytest.raises(ModelError) as caught:
        check_model(graph, "tflm")
    for operator in graph.operators:
        if operator.kind not in ("QUANTIZE", "DEQUANTIZE", "RESHAPE"):
            assert f"{operator.kind} in uint8" in str(caught.value)
    assert not estimated(graph, "tflm").fits


@pytest.mark.parametrize("kind", ["EXP", "LOG"])
def test_what_tflm_has_in_float_alone_is_refused_in_int8(kind: str) -> None:
    content = CASES[kind](np.random.default_rng(3))[0]
    assert not runs(content)
    assert reasons_against(parse_tflite(content), "tflm").operators == (
        f"op 0 {kind} in int8: TensorFlow Lite Micro has no kernel for that type",
    )


def test_quantize_between_uint8_and_float_is_refused_to_tflm() -> None:
    builder = ModelBuilder()
    source = builder.activation((1, 8), None, 0, "float32")
    output = builder.activation((1, 8), 0.1, 0, "uint8")
    builder.operator("QUANTIZE", [source], output)
    graph = parse_tflite(builder.build([source], [output]))
    assert reasons_against(graph, "tflm").operators == (
        "op 0 QUANTIZE from float32 to uint8: TensorFlow Lite Micro turns uint8 into int8 and back "
        "alone",
    )


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_many_reasons_take_many_lines_none_of_them_long(runtime: str) -> None:
    graph = parse_tflite(small_model())
    lacked = [kind for kind in KINDS if kind not in (*supported_kinds(), *OPERATORS)]
    kinds = [Operator(kind, (0,), (1,)) for kind in lacked]
    many = replace(graph, operators=(*kinds, *graph.operators))
    lines = reasons_against(many, runtime).refusal.split("\n")
    assert max(map(len, lines)) < 500
    assert "  and " in "\n".join(lines)
    assert len(lines) < 60


def test_who_builds_for_tflm_is_told_its_operators_and_not_those_of_the_static_runtime() -> None:
    graph = parse_tflite(small_model())
    lacking = replace(graph, operators=(*graph.operators, Operator("LSTM", (0,), (1,))))
    told = " ".join(reasons_against(lacking, "tflm").refusal.split())
    assert "LSTM: TensorFlow Lite Micro has no such operator" in told
    assert told.endswith("'codegen operators --runtime tflm' lists those that are supported")
    both = reasons_against(lacking, "static", "tflm").refusal
    assert both.endswith("'codegen operators' lists those that are supported")


@pytest.mark.parametrize("kind", ["EXP", "LOG", "NEG", "SQRT", "FLOOR_DIV"])
def test_tflm_is_refused_int8_where_it_has_other_kernels_alone(kind: str) -> None:
    graph = parse_tflite(small_model())
    output = graph.outputs[0]
    lacking = replace(graph, operators=(*graph.operators, Operator(kind, (output,), (output,))))
    told = reasons_against(lacking, "tflm").refusal
    assert f"{kind} in int8: TensorFlow Lite Micro has no kernel for that type" in told


def test_who_has_uint8_for_tflm_is_told_the_operators_that_take_it() -> None:
    told = reasons_against(parse_tflite(in_uint8(parse_tflite(small_model()))), "tflm").refusal
    assert "supported by TensorFlow Lite Micro in uint8: BROADCAST_TO, " in told
