"""What TensorFlow Lite Micro is said to take of flash, against firmware that was built."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.tflm_code_table import Linked, Variables, make_table
from codegen.costs.code_size import estimate_tflm_code, tflm_runtime_bytes, tflm_variables_bytes
from codegen.costs.footprint import code_of, footprint
from codegen.model.graph import DType, Graph, Operator
from codegen.model.read_tflite import parse_tflite, read_tflite
from codegen.tflm.library import CORE_LEVEL, KERNEL_LEVEL
from codegen.tflm.reserve import reserved_bytes
from firmware.targets import load_target
from tests.codegen.known_networks import keyword_spotting, person_detection
from tests.small_model import small_model

RECORDED = json.loads(Path("benchmarks/tflm_runtime.json").read_text())
"""Whole firmware, measured by another benchmark; not used for the table."""


def runtime_bytes(graph: Graph) -> int:
    code = estimate_tflm_code(graph, 0, "cortex-m4")
    assert code is not None
    return code.runtime_bytes


@pytest.mark.parametrize(
    ("name", "graph"),
    [
        ("nas_k8_c3", read_tflite(Path("benchmarks/models/nas_k8_c3.tflite"))),
        ("person_detect", person_detection()),
        ("kws", keyword_spotting()),
    ],
)
def test_the_code_and_ram_that_are_foretold_are_what_a_project_has(name: str, graph: Graph) -> None:
    built = RECORDED[name][f"{CORE_LEVEL} {KERNEL_LEVEL}"]
    assert runtime_bytes(graph) == pytest.approx(built["code"], rel=0.01)
    target = load_target("stm32f412")
    code = code_of(graph, None, 0, "tflm", target.core)
    parts = footprint(graph, None, 0, reserved_bytes(graph), code, target.stack_bytes)
    assert parts.ram_bytes == built["ram_bytes"]


def in_type(graph: Graph, kind: str, dtype: DType) -> Graph:
    """A network of one operator."""
    tensors = tuple(replace(tensor, dtype=dtype) for tensor in graph.tensors)
    return replace(graph, tensors=tensors, operators=(Operator(kind, (0, 0), (1,)),))


def test_a_kernel_for_int8_alone_is_counted_only_where_it_does() -> None:
    graph = parse_tflite(small_model())
    assert runtime_bytes(in_type(graph, "ADD", DType.INT8)) < runtime_bytes(
        in_type(graph, "ADD", DType.INT16)
    )


def test_an_operator_that_was_not_measured_has_no_figure_rather_than_none_of_its_bytes() -> None:
    graph = in_type(parse_tflite(small_model()), "IF", DType.INT8)
    assert estimate_tflm_code(graph, 0, "cortex-m4") is None
    assert estimate_tflm_code(parse_tflite(small_model()), 0, "cortex-m3") is None


def test_parts_that_operators_share_count_once_and_functions_of_one_name_do_not() -> None:
    one = Variables({"invokes": 4, "model": 96}, 504, 72)
    two = Variables({"invokes": 4, "model": 96, "libm's": 4}, 504, 72)
    operators = {
        "ADD": Linked(100 + 10 + 20, {"core": 90, "add.cc:Eval": 10, ":shared": 20}, one),
        "MUL": Linked(100 + 30 + 20 + 4, {"core": 90, "mul.cc:Eval": 30, ":shared": 20}, two),
        "RELU": Linked(100 + 5, {"core": 90, "relu.cc:Eval": 5}, one),
    }
    # Both together, and 12 bytes in the model's own source for the second, 40 of its RAM.
    many_data = {"invokes": 8, "model": 96, "libm's": 4}
    many = Linked(100 + 10 + 30 + 20 + 4 + 12, {}, Variables(many_data, 540, 72))
    table = make_table(operators, many, ["ADD", "MUL"])
    assert table["interpreter_bytes"] == 100
    assert table["bytes_per_further_operator"] == 12
    assert table["variables"] == {
        "data_bytes": 96,
        "data_bytes_per_kind": 4,
        "data_of_operators": {"MUL": {"libm's": 4}},
        "before_arena_bytes": 468,
        "before_arena_bytes_per_kind": 36,
        "after_arena_bytes": 72,
    }
    graph = parse_tflite(small_model())
    both = replace(graph, operators=tuple(Operator(kind, (0, 0), (1,)) for kind in ("ADD", "MUL")))
    assert tflm_runtime_bytes(both, table) == many.total_bytes
    # Of two kinds and two operators: 108 bytes up to a multiple of 8, 548 up to one of 16, 72.
    assert tflm_variables_bytes(both, table) == 112 + 560 + 72
    assert tflm_runtime_bytes(in_type(graph, "RELU", DType.INT8), table) == 108, "whole words"
