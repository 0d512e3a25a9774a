"""Measures on the virtual board how much stack each part of each kernel takes.

Used by `benchmarks.code_size`. Kernel calls of many networks run in one firmware; what the bench
application adds is the difference to whole firmware of a few networks.
"""

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.glue_size import Glue, stack_by_kind
from benchmarks.many_networks import run_calls
from benchmarks.operator_cases import CASES, FUSED
from benchmarks.random_networks import random_network
from benchmarks.runtime import run_model
from codegen.glue import stack_kind
from codegen.graph import ROUNDINGS, Graph
from codegen.lower_steps import lower_step
from codegen.operators import check_operators
from codegen.planner import MemoryPlan, plan_graph
from codegen.read_tflite import parse_tflite
from codegen.work import plan_work
from firmware.targets import Target

SEEDS_PER_CASE, RANDOM = 6, 60
WHOLE = ("RESHAPE", "CONV_2D", "SOFTMAX")
"""Operators of which whole firmware runs; the first has a kernel without a stack."""

StackByFunction = dict[str, dict[str, int]]


def measure_stack(
    more: Sequence[Graph], glue: Sequence[Glue], target: Target
) -> tuple[StackByFunction, int]:
    """Most stack of each function's parts in the bench application, and what that has by itself.

    Args:
        more: Networks to run besides random ones.
        glue: Generated code, of which the stack is told apart.
        target: The chip.
    """
    step_bytes = {own.stack_kind: own.step_stack_bytes for own in glue}
    glue_bytes = stack_by_kind(glue)
    whole = [_single(operator) for operator in WHOLE]
    graphs = [*map(parse_tflite, whole), *_graphs(), *more]
    kinds = [_stack_kind(graph, plan_graph(graph, stream=False)) for graph in graphs]
    depths = [
        [run.stack_bytes - step_bytes[kind] for run in calls]
        for kind, calls in zip(kinds, run_calls(graphs, target), strict=True)
    ]
    peaks = [_peak_bytes(model, target) for model in whole]
    added = [
        peak - max(own) - glue_bytes[_stack_kind(graph, plan_graph(graph))]
        for peak, own, graph in zip(peaks, depths, graphs, strict=False)
    ]
    # The first peak may be the application's own.
    application_bytes = round(statistics.median(added[1:]))
    by_function: StackByFunction = {}
    for graph, own in zip(graphs, depths, strict=True):
        for (function, reached), depth in zip(calls_of(graph), own, strict=True):
            parts = by_function.setdefault(function, {})
            stack_bytes = max(0, depth + application_bytes)
            for part in reached:
                parts[part] = min(parts.get(part, stack_bytes), stack_bytes)
    return {name: dict(sorted(own.items())) for name, own in by_function.items()}, min(peaks)


def _stack_kind(graph: Graph, plan: MemoryPlan) -> str:
    return stack_kind(plan, [lower_step(graph, step) for step in plan.steps])


def calls_of(graph: Graph) -> list[tuple[str, frozenset[str]]]:
    """The function of each call, and the parts of it that run."""
    plan = plan_graph(graph, stream=False)
    return [
        (
            lower_step(graph, step).function,
            frozenset(part for part, count in work.items() if count > 0),
        )
        for step, (_, work) in zip(plan.steps, plan_work(graph, plan), strict=True)
    ]


def _graphs() -> Iterator[Graph]:
    for case in (*CASES.values(), *FUSED.values()):
        for seed in range(SEEDS_PER_CASE):
            graph = parse_tflite(case(np.random.default_rng([seed, 17]))[0])
            if not check_operators(graph):
                yield from (replace(graph, rounding=own) for own in _roundings(graph))
    for seed in range(RANDOM):
        yield parse_tflite(random_network(seed))


def _roundings(graph: Graph) -> Sequence[str]:
    has_choice = any(operator.kind == "FULLY_CONNECTED" for operator in graph.operators)
    return ROUNDINGS if has_choice else ROUNDINGS[:1]


def _single(operator: str) -> bytes:
    return CASES[operator](np.random.default_rng(0))[0]


def _peak_bytes(model: bytes, target: Target) -> int:
    """Most stack of a whole firmware, by the bench application."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "measured.tflite"
        path.write_bytes(model)
        figures: dict[str, Any] = run_model(path, target, Path(folder) / "project")[1]
    return int(figures["stack_peak_bytes"])
