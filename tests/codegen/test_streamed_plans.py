"""Plans with streamed segments, carried out on a memory that knows what each byte holds."""

import time
from dataclasses import replace

import numpy as np
import pytest

from codegen.model.graph import DType, Graph, Operator, Tensor
from codegen.planning.cut import best_cut
from codegen.planning.lifetimes import find_lifetimes
from codegen.planning.placement import bytes_in_use
from codegen.planning.planner import MemoryPlan, plan_graph
from codegen.planning.segments import MOST_STEPS, NEXT_IMAGE_ROW, is_row_fed
from codegen.planning.steps import last_reads, make_steps
from nas.spaces import Candidate
from tests.arena_memory import problems_of
from tests.networks import paper_graph
from tests.random_streams import RandomStream


def random_graph(seed: int) -> Graph:
    """A random network of image operators, in one of three with a classifier behind it."""
    rng = np.random.default_rng(seed)
    stream = RandomStream(rng, int(rng.integers(1, 30)))
    graph = stream.graph()
    if seed % 3 > 0:
        return graph
    last = graph.operators[-1].outputs[0]
    axes = Tensor("", (2,), DType.INT32, is_constant=True, data=np.array([1, 2], np.int32))
    mean = Tensor("", (1, graph.tensors[last].shape[3]), DType.INT8)
    count = len(graph.tensors)
    operators = (
        *graph.operators,
        Operator("MEAN", (last, count), (count + 1,)),
        Operator("SOFTMAX", (count + 1,), (count + 2,)),
    )
    outputs = (*(t for t in graph.outputs if t != last), count + 2)
    return Graph((*graph.tensors, axes, mean, mean), operators, graph.inputs, outputs)


@pytest.mark.parametrize("seed", range(120))
def test_nothing_is_read_after_it_was_overwritten(seed: int) -> None:
    graph = random_graph(seed)
    whole, streamed = plan_graph(graph, stream=False), plan_graph(graph)
    assert problems_of(graph, whole) == []
    assert problems_of(graph, streamed) == []
    assert streamed.arena_bytes <= whole.arena_bytes
    assert max(streamed.live_bytes) <= streamed.arena_bytes
    row_fed = is_row_fed(streamed.segments, graph.inputs[0])
    markers = streamed.segments[0].schedule.count(NEXT_IMAGE_ROW)
    assert markers == (graph.tensors[graph.inputs[0]].shape[1] if row_fed else 0)


def moved(plan: MemoryPlan, tensor: int, by: int) -> MemoryPlan:
    return replace(plan, offsets=plan.offsets | {tensor: plan.offsets[tensor] + by})


def test_a_tensor_at_another_place_would_be_noticed() -> None:
    noticed = total = 0
    for seed in range(25):
        graph = random_graph(seed)
        plan = plan_graph(graph)
        for tensor, offset in plan.offsets.items():
            if offset >= 16 and max(plan.live_bytes) == plan.arena_bytes:
                total += 1
                noticed += problems_of(graph, moved(plan, tensor, -16)) != []
    assert noticed > 0.5 * total > 30


def test_random_networks_are_cut_in_several_ways() -> None:
    plans = [plan_graph(random_graph(seed)) for seed in range(60)]
    streamed = [[s for s in plan.segments if s.streamed] for plan in plans]
    assert sum(len(own) > 0 for own in streamed) > 36
    assert sum(len(own) > 1 for own in streamed) > 5
    assert sum(any(s.first_step > 0 for s in own) for own in streamed) > 6
    assert sum(any(s.first_step == 0 for s in own) for own in streamed) > 12


@pytest.mark.parametrize("seed", range(40))
def test_the_cut_foretells_the_bytes_that_its_parts_need(seed: int) -> None:
    graph = random_graph(seed)
    steps = make_steps(graph)
    reads = last_reads(graph, steps)
    whole = [2**40] * len(steps) if seed % 2 and seed % 3 else [1000] * len(steps)
    parts = best_cut(graph, steps, reads, whole)
    if all(part.run is not None for part in parts):
        life = find_lifetimes(graph, steps, reads, parts)
        foretold = max(part.needed_bytes for part in parts)
        assert life.most_bytes() <= foretold


def tall_chain(rows: int, count: int, stride: int = 1) -> Graph:
    """Convolutions of 3×3 on an image much taller than wide."""
    weights = Tensor("", (4, 3, 3, 4), DType.INT8, is_constant=True)
    options = {"padding": "SAME", "stride_h": stride}
    operators = [
        Operator("CONV_2D", (2 * i, 2 * i + 1), (2 * i + 2,), options) for i in range(count)
    ]
    tensors = [Tensor("", (1, rows, 4, 4), DType.INT8)]
    for index in range(1, count + 1):
        tensors += [weights, Tensor("", (1, rows // stride**index, 4, 4), DType.INT8)]
    return Graph(tuple(tensors), tuple(operators), (0,), (2 * count,))


def test_a_chain_needs_three_rows_of_each_image() -> None:
    """Rows of 16 bytes: three of the image and of each of two tensors, eight of the output.

    And one patch of 9 groups, 36 bytes each, and a counter of two bytes for each of three steps.
    """
    plan = plan_graph(tall_chain(64, 3, stride=2))
    (segment,) = plan.segments
    assert segment.rings == {0: 3, 2: 3, 4: 3}
    assert plan.arena_bytes == 3 * 3 * 16 + 8 * 16 + 336 + 16
    assert len(segment.schedule) == 64 + 32 + 16 + 8
    first = [255, 255, 255, 0, 255, 255, 0, 255, 255, 0, 1]
    assert segment.schedule[: len(first)] == bytes(first)


@pytest.mark.parametrize(
    "graph",
    [tall_chain(100, 160), RandomStream(np.random.default_rng(3), 160).graph()],
    ids=["chain", "random"],
)
def test_no_network_of_160_operators_is_cut_for_long(graph: Graph) -> None:
    start = time.process_time()
    plan_graph(graph)
    assert time.process_time() - start < 5, "half a second on a core of its own"


def test_the_same_network_gets_the_same_plan() -> None:
    for seed in range(10):
        graph = random_graph(seed)
        assert plan_graph(graph) == plan_graph(graph)


def test_a_segment_has_no_more_steps_than_a_byte_can_name() -> None:
    plan = plan_graph(tall_chain(40, 300))
    assert all(s.end_step - s.first_step <= MOST_STEPS for s in plan.segments if s.streamed)


def test_an_image_that_is_read_late_is_not_fed_row_by_row() -> None:
    graph = tall_chain(100, 3)
    total = Operator("ADD", (6, 0), (7,), {})
    late = Graph((*graph.tensors, graph.tensors[0]), (*graph.operators, total), (0,), (7,))
    flat = Operator("RESHAPE", (0,), (7,), {})
    whole = Tensor("", (1, 1600), DType.INT8)
    also = Graph((*graph.tensors, whole), (*graph.operators, flat), (0,), (6, 7))
    assert is_row_fed(plan_graph(late).segments, 0), "the sum is part of the segment"
    assert not is_row_fed(plan_graph(also).segments, 0)


def test_a_damaged_network_is_not_streamed() -> None:
    graph = tall_chain(100, 3)
    first, second, third = graph.operators
    twice = replace(graph, operators=(first, second, replace(third, outputs=(2,))))
    early = replace(graph, operators=(second, first, third))
    for damaged in (twice, early):
        assert not any(s.streamed for s in plan_graph(damaged).segments)


def test_a_published_network_is_fed_row_by_row_in_fewer_bytes() -> None:
    graph = paper_graph(Candidate(k=8, c=3), (50, 50, 3), 2)
    whole, plan = plan_graph(graph, stream=False), plan_graph(graph)
    assert is_row_fed(plan.segments, graph.inputs[0])
    assert plan.arena_bytes < 0.6 * whole.arena_bytes
    assert problems_of(graph, plan) == []


def test_the_needs_of_whole_steps_count_in_the_cut() -> None:
    """A network without operators that make single rows is one whole segment."""
    size = Tensor("", (1, 64), DType.INT8)
    graph = Graph(
        (size,) * 3, tuple(Operator("TANH", (i,), (i + 1,)) for i in range(2)), (0,), (2,)
    )
    plan = plan_graph(graph)
    assert plan == plan_graph(graph, stream=False)
    assert bytes_in_use([64, 64], [1, 1], {}).tolist() == [128]
