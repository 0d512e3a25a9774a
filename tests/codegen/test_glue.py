from dataclasses import replace

import pytest

from benchmarks.random_networks import random_network
from codegen.c_code.lower_steps import lower_step
from codegen.costs.glue import glue_parts, stack_kind, stack_kinds
from codegen.costs.stream_size import stream_constant_bytes, stream_variable_bytes
from codegen.model.graph import DType, Graph, Tensor
from codegen.model.read_tflite import parse_tflite
from codegen.operators.kernel_call import KernelCall
from codegen.planning.planner import MemoryPlan, plan_graph
from codegen.planning.segments import Segment
from codegen.planning.steps import Step, StepKind
from tests.small_model import small_model


def planned(model: bytes) -> tuple[Graph, MemoryPlan, list[KernelCall]]:
    graph = parse_tflite(model)
    plan = plan_graph(graph)
    return graph, plan, [lower_step(graph, step) for step in plan.steps]


@pytest.mark.parametrize(
    ("offset", "expected_bytes"),
    # mov; add with 12 bits; 0xf5 << 8; 0xb7 << 6 and 48; 0x12 << 12 and 0x345.
    [(0, 2), (16, 4), (4095, 4), (0xF500, 4), ((0xB7 << 6) + 48, 6), (0x12345, 8)],
)
def test_an_address_takes_the_instructions_that_its_offset_needs(
    offset: int, expected_bytes: int
) -> None:
    graph, plan, calls = planned(small_model())
    offsets = dict.fromkeys(plan.offsets, 0)
    zeros = replace(plan, offsets=offsets, scratch_offsets=(0,) * len(calls))
    read = next(call for call in calls if not call.rings).inputs[0]
    one = replace(zeros, offsets=offsets | {graph.inputs[0]: offset, read: offset})
    before, after = (glue_parts(graph, own, calls) for own in (zeros, one))
    assert after["port bytes"] - before["port bytes"] == expected_bytes - 2
    # It was the same as that of the output, which was a copy of it.
    added_bytes = 0 if offset == 0 else expected_bytes - 2
    assert after["address bytes"] - before["address bytes"] == added_bytes


def test_a_kernel_on_rows_is_given_no_address() -> None:
    graph, plan, calls = planned(small_model())
    on_rows = [call for call in calls if call.rings]
    parts = glue_parts(graph, plan, on_rows)
    assert (parts["calls on rows"], parts["address bytes"]) == (len(on_rows), 0)


def test_entries_are_wide_where_the_code_is_long() -> None:
    assert glue_parts(*planned(small_model()))["wide entries"] == 0
    graph, plan, calls = planned(random_network(0, 70))
    assert 30 < len(calls) < 40
    assert glue_parts(graph, plan, calls)["wide entries"] == 0
    assert glue_parts(graph, plan, 2 * calls)["wide entries"] == 2 * len(calls)


def test_what_does_not_fit_into_four_registers_lies_on_the_stack() -> None:
    graph, plan, calls = planned(small_model())
    assert stack_kind(plan, calls) == "calls"
    assert stack_kind(plan, calls[:1]) == "one call"
    six = replace(calls[-1], inputs=tuple(plan.offsets)[:4])
    assert stack_kind(plan, [*calls, six]) == "arguments on the stack"
    assert glue_parts(graph, plan, calls)["arguments on the stack"] == 0
    assert glue_parts(graph, plan, [*calls[:-1], six])["arguments on the stack"] == 2


def test_a_call_is_reached_by_its_segment() -> None:
    """The first segment by the rows that are fed, others by the driver, whole steps after them."""
    graph = parse_tflite(random_network(2))
    plan = plan_graph(graph)
    calls = [lower_step(graph, step) for step in plan.steps]
    assert plan.image_bytes > 0
    kinds = stack_kinds(plan, calls)
    (first, *others) = plan.segments
    assert set(kinds[: first.end_step]) == {"fed rows"}
    for segment in others:
        expected = {"streams" if segment.streamed else "after fed rows"}
        assert set(kinds[segment.first_step : segment.end_step]) == expected
    whole = plan_graph(graph, stream=False)
    assert stack_kinds(whole, calls) == [stack_kind(whole, calls)] * len(calls)


def test_the_schedules_take_flash_and_the_counts_of_the_bench_ram() -> None:
    """Two nn_stream and the nn_ring of the image; the ticks, who measures, the row, its count."""
    segments = (Segment(0, 2, True, {0: 3}, bytes(7)), Segment(2, 3, True, {}, bytes(4)))
    graph = Graph((Tensor("", (1, 4, 5, 3), DType.INT8),), (), (0,), ())
    steps = (Step(StepKind.OPERATOR, (0,), (), 0),) * 3
    plan = MemoryPlan(64, steps, {}, (), (), 0, segments, image_bytes=60)
    assert stream_constant_bytes(plan) == (8 + 20) + (4 + 20) + 12
    assert stream_variable_bytes(graph, plan) == 4 * 3 + 8 + 16 + 12
    whole = replace(plan, segments=(Segment(0, 3),), image_bytes=0)
    assert (stream_constant_bytes(whole), stream_variable_bytes(graph, whole)) == (0, 0)
