"""Measures on the virtual board how much stack each part of each kernel takes.

Used by `benchmarks.code_size`. Kernel calls of many networks run in one firmware; what the bench
application adds is the difference to whole firmware of a few networks.
"""

import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.glue_size import Glue, glue_of, stack_by_kind
from benchmarks.many_networks import run_calls
from benchmarks.network_chain import Chain, weights_of
from benchmarks.operator_cases import CASES, FUSED, VALID
from benchmarks.random_networks import random_network
from benchmarks.runtime import run_model
from codegen.c_code.lower_steps import lower_step
from codegen.costs.glue import stack_kind
from codegen.costs.work import plan_work
from codegen.model.fold_constants import fold_constants
from codegen.model.graph import ROUNDINGS, Graph
from codegen.model.read_tflite import parse_tflite
from codegen.operators import check_operators
from codegen.planning.planner import MemoryPlan, plan_graph
from firmware.targets import Target

SEEDS_PER_CASE, RANDOM = 6, 60
SHALLOW = "RESHAPE"
"""An operator whose kernel has no stack, so that the peak is the application's own."""
WHOLE = ("SOFTMAX", "FULLY_CONNECTED")
FED = ("CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D")
"""Operators of which whole firmware runs, on a whole input and on rows that are fed."""
WHOLE_WAY, FED_WAY, AFTER_FED_WAY = "whole", "fed rows", "after fed rows"
"""Ways through the bench application to a kernel; the last two are also names of `stack_kinds`.

While rows are fed, the functions that receive them are on the stack; afterwards, those that run the
rest are.
"""


@dataclass(frozen=True, slots=True)
class StackSizes:
    """The stack of the parts of a firmware, in bytes.

    Attributes:
        functions: Most stack of each part of each kernel, with what the application has before.
        before: Stack of the generated code before a kernel, by how the kernel is reached; with
            fed rows, the application takes more, which is added here.
        application: Most stack of the application without a kernel.
    """

    functions: dict[str, dict[str, int]]
    before: dict[str, int]
    application: int


def measure_stack(more: Sequence[Graph], glue: Sequence[Glue], target: Target) -> StackSizes:
    """The stack of each kernel, and of what is before it.

    Args:
        more: Networks to run besides random ones.
        glue: Generated code, of which the stack is told apart.
        target: The chip.
    """
    step_bytes = {own.stack_kind: own.step_stack_bytes for own in glue}
    models = {WHOLE_WAY: WHOLE, FED_WAY: FED}
    built = [(way, _single(operator)) for way, own in models.items() for operator in own]
    built.append((AFTER_FED_WAY, deepest_after_fed_rows()))
    graphs = [*(parse_tflite(model) for _, model in built), *_graphs(), *more]
    kinds = [_stack_kind(graph, plan_graph(graph, stream=False)) for graph in graphs]
    depths = [
        [run.stack_bytes - step_bytes[kind] for run in calls]
        for kind, calls in zip(kinds, run_calls(graphs, target), strict=True)
    ]
    added: dict[str, list[int]] = defaultdict(list)
    for (way, model), own in zip(built, depths, strict=False):
        added[way].append(_peak_bytes(model, target) - max(own) - _before(model, way, target))
    taken = {way: round(statistics.median(own)) for way, own in added.items()}
    application_bytes = taken[WHOLE_WAY]
    return StackSizes(
        _by_function(graphs, depths, application_bytes),
        {
            kind: own + taken[_way(kind)] - application_bytes
            for kind, own in stack_by_kind(glue).items()
        },
        _peak_bytes(_single(SHALLOW), target),
    )


def _way(kind: str) -> str:
    """The way through the application to a kernel that is reached so."""
    ways = (own for own in (AFTER_FED_WAY, FED_WAY) if kind.endswith(own))
    return next(ways, WHOLE_WAY)


def _before(model: bytes, way: str, target: Target) -> int:
    """Stack of the generated code of a model before a kernel."""
    graph = parse_tflite(model)
    glue = glue_of(graph, plan_graph(graph), target)
    return glue.stack_bytes[glue.stack_kind if way == WHOLE_WAY else way]


def _by_function(
    graphs: Sequence[Graph], depths: Sequence[Sequence[int]], application_bytes: int
) -> dict[str, dict[str, int]]:
    """The least stack with which each part of each function ran."""
    by_function: dict[str, dict[str, int]] = {}
    for graph, own in zip(graphs, depths, strict=True):
        for (function, reached), depth in zip(calls_of(graph), own, strict=True):
            parts = by_function.setdefault(function, {})
            stack_bytes = max(0, depth + application_bytes)
            for part in reached:
                parts[part] = min(parts.get(part, stack_bytes), stack_bytes)
    return {name: dict(sorted(own.items())) for name, own in by_function.items()}


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
            graph = fold_constants(parse_tflite(case(np.random.default_rng([seed, 17]))[0]))
            if not check_operators(graph):
                yield from (replace(graph, rounding=own) for own in _roundings(graph))
    yield parse_tflite(_inside())
    for seed in range(RANDOM):
        yield parse_tflite(random_network(seed))


def _inside() -> bytes:
    """A first layer whose windows lie inside the image: elsewhere some cross its border too."""
    chain = Chain(np.random.default_rng(0), (1, 10, 10, 3))
    _convolve(chain)
    return chain.model.build([chain.first], [chain.last])


def deepest_after_fed_rows() -> bytes:
    """The rows of a float image are quantised as they are fed; a deeper kernel runs after them."""
    chain = Chain(np.random.default_rng(0), (1, 10, 10, 3))
    image = chain.model.activation(chain.shape, None, dtype="float32")
    chain.model.operator("QUANTIZE", [image], chain.first)
    _convolve(chain)
    return chain.model.build([image], [chain.last])


def _convolve(chain: Chain) -> None:
    weights = weights_of(chain, (4, 3, 3, 3), 0)
    options = {"stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
    chain.add("CONV_2D", weights, (1, 8, 8, 4), padding=VALID, **options)


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
