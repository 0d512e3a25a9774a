"""Streamed ranges, compared with a memory that records which row each slot of a ring holds."""

from collections import Counter

import numpy as np
import pytest

from codegen.model.graph import Graph
from codegen.planning.rings import ring_rows, share_rings
from codegen.planning.row_run import IMAGE, RowRun, run_by_rows
from codegen.planning.steps import last_reads, make_steps
from tests.random_streams import Needs, RandomStream, RowMemory


def random_run(seed: int) -> tuple[Graph, Needs, RowRun]:
    rng = np.random.default_rng(seed)
    stream = RandomStream(rng, int(rng.integers(2, 14)))
    graph = stream.graph()
    steps = make_steps(graph)
    assert [step.operators for step in steps] == [(i,) for i in range(len(graph.operators))]
    return graph, stream.needs, run_by_rows(graph, steps, 0, len(steps), 0)


def rows_read(graph: Graph, needs: Needs, operator: int, row: int) -> list[tuple[int, int]]:
    """The rows (tensor, row) that an operator reads for one row of its output."""
    size, stride, padding = needs[operator]
    return [
        (tensor, y)
        for tensor in graph.operators[operator].inputs
        if not graph.tensors[tensor].is_constant
        for y in range(row * stride - padding, row * stride - padding + size)
        if 0 <= y < graph.tensors[tensor].shape[1]
    ]


def loses_a_row(graph: Graph, needs: Needs, run: RowRun, memory: RowMemory) -> bool:
    """Whether a row is read before it is made, or after another one was written over it."""
    made: Counter[int] = Counter()
    for operator in run.order.tolist():
        row = made[operator]
        made[operator] += 1
        if operator == IMAGE:
            memory.write(graph.inputs[0], row)
            continue
        if not all(memory.holds(t, y) for t, y in rows_read(graph, needs, operator, row)):
            return True
        memory.write(graph.operators[operator].outputs[0], row)
    return not all(
        memory.holds(tensor, row)
        for tensor in graph.outputs
        for row in range(graph.tensors[tensor].shape[1])
    )


def is_output(graph: Graph, group: tuple[int, ...]) -> bool:
    return not set(group).isdisjoint(graph.outputs)


@pytest.mark.parametrize("seed", range(200))
def test_no_row_is_read_after_it_was_overwritten_and_one_row_less_would_lose_one(seed: int) -> None:
    graph, needs, run = random_run(seed)
    groups = share_rings(graph, (steps := make_steps(graph)), run, last_reads(graph, steps))
    assert sorted(t for group in groups for t in group) == sorted(run.made)
    shared = {tensor: group[0] for group in groups for tensor in group}
    rows = {
        tensor: graph.tensors[tensor].shape[1] if is_output(graph, group) else ring_rows(run, group)
        for group in groups
        for tensor in group
    }
    assert not loses_a_row(graph, needs, run, RowMemory(rows, shared))
    for group in groups:
        fewer = rows | {tensor: rows[tensor] - 1 for tensor in group}
        if rows[group[0]] > 1:
            assert loses_a_row(graph, needs, run, RowMemory(fewer, shared))


@pytest.mark.parametrize("seed", range(60))
def test_every_row_is_made_once_by_the_last_step_that_can_make_one(seed: int) -> None:
    graph, needs, run = random_run(seed)
    outputs = [operator.outputs[0] for operator in graph.operators]
    rows = {i: graph.tensors[tensor].shape[1] for i, tensor in enumerate(outputs)}
    rows[IMAGE] = graph.tensors[graph.inputs[0]].shape[1]
    made: Counter[int] = Counter()
    exists = {(tensor, -1) for tensor in (*outputs, graph.inputs[0])}
    for own in run.order.tolist():
        for other in range(len(outputs) - 1, own, -1):
            if made[other] < rows[other]:
                assert not exists.issuperset(rows_read(graph, needs, other, made[other]))
        written = graph.inputs[0] if own == IMAGE else outputs[own]
        exists.add((written, made[own]))
        made[own] += 1
    assert made == rows


def test_random_networks_share_rings_and_delay_rows() -> None:
    """What the tests above are to try occurs."""
    sharing = delayed = 0
    for seed in range(100):
        graph, _, run = random_run(seed)
        groups = share_rings(graph, (steps := make_steps(graph)), run, last_reads(graph, steps))
        sharing += any(len(group) > 1 for group in groups)
        delayed += any(ring_rows(run, group) > 7 for group in groups)
    assert sharing > 30
    assert delayed > 5
