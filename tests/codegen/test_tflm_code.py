"""What TensorFlow Lite Micro is said to take of flash, against firmware that was built."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.tflm_code_table import Linked, make_table
from codegen.code_size import estimate_tflm_code, tflm_runtime_bytes
from codegen.graph import DType, Graph, Operator
from codegen.read_tflite import parse_tflite, read_tflite
from tests.codegen.known_networks import person_detection
from tests.small_model import small_model

RECORDED = json.loads(Path("benchmarks/tflm_runtime.json").read_text())
"""Firmware of earlier projects, measured by another benchmark; not used for the table."""


def runtime_bytes(graph: Graph) -> int:
    code = estimate_tflm_code(graph, 0, "cortex-m4")
    assert code is not None
    return code.runtime_bytes


@pytest.mark.parametrize(
    ("name", "graph"),
    [
        ("nas_k8_c3", read_tflite(Path("benchmarks/models/nas_k8_c3.tflite"))),
        ("person_detect", person_detection()),
    ],
)
def test_the_code_that_is_foretold_is_what_a_project_has(name: str, graph: Graph) -> None:
    built = RECORDED[name]["-Os -O2"]["code"]
    assert runtime_bytes(graph) == pytest.approx(built, rel=0.03)


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
    operators = {
        "ADD": Linked(100 + 10 + 20, {"core": 90, "add.cc:Eval": 10, ":shared": 20}),
        "MUL": Linked(100 + 30 + 20 + 4, {"core": 90, "mul.cc:Eval": 30, ":shared": 20}),
        "RELU": Linked(100 + 5, {"core": 90, "relu.cc:Eval": 5}),
    }
    # Both together, and 12 bytes in the model's own source for the second.
    many = Linked(100 + 10 + 30 + 20 + 4 + 12, {})
    table = make_table(operators, many, ["ADD", "MUL"])
    assert table["interpreter_bytes"] == 100
    assert table["bytes_per_further_operator"] == 12
    graph = parse_tflite(small_model())
    both = replace(graph, operators=tuple(Operator(kind, (0, 0), (1,)) for kind in ("ADD", "MUL")))
    assert tflm_runtime_bytes(both, table) == many.total_bytes
    assert tflm_runtime_bytes(in_type(graph, "RELU", DType.INT8), table) == 108, "whole words"
