"""What every supported operator of the static runtime has; one that lacks a part fails by name."""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from benchmarks.operator_cases import CASES
from codegen.c_code.lower_steps import lower_step
from codegen.costs import code_size
from codegen.costs.code_size import estimate_code
from codegen.costs.speed import SpeedModel, shipped_speed_model
from codegen.costs.tables import code_table
from codegen.costs.work import OWN_KERNELS, plan_work, stream_work
from codegen.model.fold_constants import fold_constants
from codegen.model.graph import DType, Graph, Tensor
from codegen.model.placeholders import with_placeholders
from codegen.model.read_tflite import parse_tflite
from codegen.operators import (
    check_operators,
    count_macc,
    lower_operator,
    overlap_bytes,
    row_window,
    scratch_bytes,
    supported_kinds,
    works_on_rows,
)
from codegen.operators.kernel_call import KernelCall
from codegen.planning.planner import plan_graph
from firmware.targets import load_target
from nas.estimator.cost import Limits
from nas.estimator.network import estimate
from nas.estimator.report import estimate_text

FOLDER = Path(__file__).parents[2]
HEADERS = FOLDER / "firmware" / "nn" / "include"
CASE_COUNT = 12
every_kind = pytest.mark.parametrize("kind", supported_kinds())


@cache
def graphs_of(kind: str) -> list[Graph]:
    """Random networks with one operator of a kind, and perhaps others before it."""
    models = [CASES[kind](np.random.default_rng(seed))[0] for seed in range(CASE_COUNT)]
    return [fold_constants(parse_tflite(model)) for model in models]


@cache
def calls_of(kind: str) -> list[KernelCall]:
    return [
        lower_operator(graph, operator)
        for graph in graphs_of(kind)
        for operator in graph.operators
        if operator.kind == kind
    ]


def test_each_supported_operator_has_cases_and_work_and_is_in_the_docs() -> None:
    docs = (FOLDER / "docs" / "static-runtime.md").read_text(encoding="utf-8")
    table = docs.split("## Supported operators")[1].split("\n## ")[0]
    lacking = {
        "benchmarks/operator_cases.py": set(supported_kinds()) - CASES.keys(),
        "codegen/costs/work.py": set(supported_kinds()) - OWN_KERNELS.keys(),
        "docs/static-runtime.md": set(supported_kinds()) - set(re.findall(r"[A-Z0-9_]+", table)),
    }
    assert {name: kinds for name, kinds in lacking.items() if kinds} == {}
    assert OWN_KERNELS.keys() <= set(supported_kinds())


@every_kind
def test_its_memory_is_planned_if_a_constant_is_computed_instead(kind: str) -> None:
    """Such as the shape of a TRANSPOSE_CONV's output, or the size of a RESIZE_BILINEAR."""
    for graph in graphs_of(kind)[:2]:
        for index, tensor in enumerate(graph.tensors):
            if tensor.is_constant:
                own = replace(tensor, is_constant=False, data=None)
                tensors = (*graph.tensors[:index], own, *graph.tensors[index + 1 :])
                computed = replace(graph, tensors=tensors, inputs=(*graph.inputs, index))
                assert plan_graph(computed).arena_bytes > 0


@every_kind
def test_its_check_passes_its_cases_with_and_without_weights(kind: str) -> None:
    for graph in graphs_of(kind):
        assert any(operator.kind == kind for operator in graph.operators)
        assert check_operators(graph) == []
        assert check_operators(without_weights(graph)) == []


def without_weights(graph: Graph) -> Graph:
    """As of a candidate: no scales, and no data of int8 constants and of biases.

    Of a network without constants, one that nothing reads tells that it is a candidate.
    """
    tensors = [*graph.tensors, Tensor("", (1,), DType.INT8, is_constant=True)]
    biases = {
        operator.inputs[2]
        for operator in graph.operators
        if len(operator.inputs) == 3 and graph.tensors[operator.inputs[1]].dtype is DType.INT8
    }
    for index, tensor in enumerate(tensors):
        is_learnt = tensor.is_constant and (tensor.dtype is DType.INT8 or index in biases)
        tensors[index] = _unknown(tensor) if is_learnt else replace(tensor, quantization=None)
    return replace(graph, tensors=tuple(tensors))


def _unknown(tensor: Tensor) -> Tensor:
    return replace(tensor, quantization=None, data=None, expected_scales=tensor.scale_count)


@every_kind
def test_its_call_is_one_that_a_header_declares(kind: str) -> None:
    for call in calls_of(kind):
        text = " ".join((HEADERS / call.header).read_text(encoding="utf-8").split())
        assert re.search(rf"\b{call.function}\(const {call.params_type} \*", text), kind
        named = {constant.name for constant in call.constants}
        assert named == named & {value for _, value in call.params}, kind


@every_kind
def test_its_kernel_makes_single_rows_if_it_tells_which_rows_they_need(kind: str) -> None:
    assert all(call.rings for call in calls_of(kind)) or not works_on_rows(kind)
    windows = [row_window(g, o) for g in graphs_of(kind) for o in g.operators if o.kind == kind]
    assert any(window is not None for window in windows) == works_on_rows(kind)


@every_kind
def test_its_scratch_memory_is_planned_if_its_kernel_takes_any(kind: str) -> None:
    for graph in graphs_of(kind):
        plan = plan_graph(graph)
        for step in plan.steps:
            call = lower_step(with_placeholders(graph), step)
            assert bool(call.scratch) == (step.scratch_bytes > 0), kind
        for operator in graph.operators:
            overlap = overlap_bytes(graph, operator)
            assert scratch_bytes(graph, operator) >= 0
            assert overlap is None or overlap >= 0


@every_kind
def test_its_weights_are_multiplied(kind: str) -> None:
    for graph in graphs_of(kind):
        for operator in graph.operators:
            named = {constant.name for constant in lower_operator(graph, operator).constants}
            assert (count_macc(graph, operator) > 0) == ("weights" in named), kind


@every_kind
def test_the_parts_of_its_kernel_are_counted_with_and_without_weights(kind: str) -> None:
    for graph in graphs_of(kind):
        plan = plan_graph(graph)
        known = plan_work(graph, plan)
        for (_, work), step in zip(known, plan.steps, strict=True):
            own = {
                part: count for part, count in work.items() if part not in ("call", "image rows")
            }
            assert all(isinstance(count, int) and count >= 0 for count in work.values()), kind
            assert sum(own.values()) > 0 or step.in_place is not None, kind
        unknown = without_weights(graph)
        assert [name for name, _ in plan_work(unknown, plan_graph(unknown))] == [
            name for name, _ in known
        ]


def test_a_kind_without_work_fails_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(OWN_KERNELS, "PAD")
    with pytest.raises(AssertionError, match=r"costs/work.py': \{'PAD'\}"):
        test_each_supported_operator_has_cases_and_work_and_is_in_the_docs()


@pytest.fixture
def nothing_measured(monkeypatch: pytest.MonkeyPatch) -> SpeedModel:
    """Tables of the core that hold no kernel: the speed model, and those of code from now on."""
    core, empty = "cortex-m4", {}
    for runtime in ("static", "tflm"):
        path = FOLDER / "codegen" / code_table(runtime, core)
        table = json.loads(path.read_text(encoding="utf-8"))
        empty[runtime, core] = {**table, "functions": {}, "operators": {}}
    monkeypatch.setattr(code_size, "_table", lambda *own: empty[own])
    shipped = shipped_speed_model("static", core)
    assert shipped is not None
    return replace(shipped, kernels={})


@every_kind
def test_a_kernel_that_was_not_measured_is_named(kind: str, nothing_measured: SpeedModel) -> None:
    limits = Limits(10**9, 1 << 20, 1 << 18)
    target = load_target("stm32f412")
    for graph in graphs_of(kind)[:3]:
        plan = plan_graph(graph)
        assert estimate_code(graph, plan, target.core) is None
        result = estimate("x", graph, 1000, target, limits, "static", nothing_measured)
        text = " ".join(estimate_text(result).split())
        calls = [lower_step(graph, step) for step in plan.steps]
        work = plan_work(graph, plan) + stream_work(plan)
        assert result.unmeasured == tuple(sorted({call.function for call in calls}))
        assert result.untimed == tuple(sorted({name for name, _ in work}))
        for names in (result.unmeasured, result.untimed):
            was = "was" if len(names) == 1 else "were"
            assert f"not known: {', '.join(names)} {was} not measured" in text
        assert result.code is None
        assert result.time is not None
        assert result.time.ticks is None
