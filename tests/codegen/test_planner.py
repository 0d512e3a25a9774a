from itertools import pairwise, permutations

import numpy as np
import pytest

from codegen.graph import DType, Graph, Operator, Tensor
from codegen.planner import ALIGNMENT_BYTES, Buffer, aligned, place, plan_graph
from codegen.read_tflite import parse_tflite
from nas.lower import lower_paper
from nas.space import Candidate
from tests.small_model import small_model


def random_buffers(rng: np.random.Generator, count: int) -> list[Buffer]:
    buffers = []
    for _ in range(count):
        first = int(rng.integers(0, 8))
        size = int(rng.integers(1, 40)) * ALIGNMENT_BYTES
        buffers.append(Buffer(size, first, first + int(rng.integers(1, 4))))
    return buffers


def height(buffers: list[Buffer], offsets: list[int]) -> int:
    return max(offset + buffer.size_bytes for buffer, offset in zip(buffers, offsets, strict=True))


def lowest_possible(buffers: list[Buffer]) -> int:
    """The best of all orders, each buffer put as low as those before it allow."""
    best = sum(buffer.size_bytes for buffer in buffers)
    for order in permutations(range(len(buffers))):
        offsets: dict[int, int] = {}
        for index in order:
            buffer = buffers[index]
            spans = sorted(
                (offsets[other], offsets[other] + buffers[other].size_bytes)
                for other in offsets
                if buffers[other].first_op < buffer.end_op
                and buffer.first_op < buffers[other].end_op
            )
            offset = 0
            for first, end in spans:
                if first - offset >= buffer.size_bytes:
                    break
                offset = max(offset, end)
            offsets[index] = offset
        best = min(best, height(buffers, [offsets[index] for index in range(len(buffers))]))
    return best


def test_no_two_that_are_alive_together_share_a_byte() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        buffers = random_buffers(rng, 12)
        offsets = place(buffers)
        for op in range(12):
            alive = sorted(
                (offset, offset + buffer.size_bytes)
                for buffer, offset in zip(buffers, offsets, strict=True)
                if buffer.first_op <= op < buffer.end_op
            )
            assert all(before[1] <= after[0] for before, after in pairwise(alive))
        assert all(offset % ALIGNMENT_BYTES == 0 for offset in offsets)


def test_plans_are_near_the_best_that_any_order_gives() -> None:
    rng = np.random.default_rng(1)
    ratios = []
    for _ in range(40):
        buffers = random_buffers(rng, 6)
        ratios.append(height(buffers, place(buffers)) / lowest_possible(buffers))
    assert max(ratios) < 1.35
    assert np.median(ratios) == 1.0


@pytest.mark.parametrize("candidate", [Candidate(1, 0), Candidate(4, 3), Candidate(9, 5)], ids=str)
def test_a_chain_reaches_the_bytes_that_must_be_alive(candidate: Candidate) -> None:
    plan = plan_graph(lower_paper(candidate, (50, 50, 3), 2))
    assert plan.arena_bytes == max(plan.live_bytes)
    assert plan.live_bytes[plan.peak_op] == plan.arena_bytes


def test_activations_lie_inside_the_arena_and_apart_where_both_are_needed() -> None:
    graph = parse_tflite(small_model())
    plan = plan_graph(graph)
    for operator in graph.operators:
        spans = []
        for tensor in {i for i in (*operator.inputs, *operator.outputs) if i in plan.offsets}:
            end = plan.offsets[tensor] + graph.tensors[tensor].size_bytes
            assert end <= plan.arena_bytes
            spans.append((plan.offsets[tensor], end))
        spans.sort()
        shared = [before for before, after in pairwise(spans) if after[0] < before[1]]
        in_place = [before for before, after in pairwise(spans) if before[0] == after[0]]
        assert shared == in_place, "what overlaps is written over exactly"


def test_an_output_that_is_read_twice_stays_until_the_second_reader() -> None:
    """A residual: x -> a -> b, then x + b; x must survive a and b."""
    tensors = tuple(Tensor(name, (1, 4, 4, 4), DType.INT8) for name in "xabc")
    operators = (
        Operator("QUANTIZE", (0,), (1,)),
        Operator("SOFTMAX", (1,), (2,)),
        Operator("ADD", (0, 2), (3,), {"fused_activation_function": "NONE"}),
    )
    plan = plan_graph(Graph(tensors, operators, (0,), (3,)))
    assert plan.offsets[1] != plan.offsets[0]
    assert plan.offsets[2] != plan.offsets[0]
    assert plan.offsets[3] == plan.offsets[0], "the sum is written over what nothing reads later"
    assert plan.arena_bytes == 3 * 64


def test_sizes_are_rounded_up_to_the_alignment() -> None:
    assert [aligned(size) for size in (0, 1, 16, 17)] == [0, 16, 16, 32]
