import time
from itertools import pairwise, permutations

import numpy as np
import pytest

from benchmarks.tflite_builder import ModelBuilder
from codegen.model.graph import DType, Graph, Operator, Tensor
from codegen.model.read_tflite import parse_tflite
from codegen.planning.placement import (
    ALIGNMENT_BYTES,
    SMALL_PART,
    Buffer,
    aligned,
    arrange,
    neighbours,
    place_in_order,
)
from codegen.planning.planner import plan_graph
from codegen.planning.steps import make_steps
from nas.spaces import Candidate
from tests.networks import paper_graph
from tests.small_model import small_model


def random_buffers(rng: np.random.Generator, count: int) -> list[Buffer]:
    buffers = []
    for _ in range(count):
        first = int(rng.integers(0, 8))
        size = int(rng.integers(1, 40)) * ALIGNMENT_BYTES
        buffers.append(Buffer(size, first, first + int(rng.integers(1, 4))))
    return buffers


def place(buffers: list[Buffer], overlaps: dict[tuple[int, int], int] | None = None) -> list[int]:
    return arrange([b.size_bytes for b in buffers], [b.busy for b in buffers], overlaps or {})


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


@pytest.mark.parametrize(
    "candidate", [Candidate(k=1, c=0), Candidate(k=4, c=3), Candidate(k=9, c=5)], ids=str
)
def test_a_chain_hardly_exceeds_the_bytes_that_must_be_alive(candidate: Candidate) -> None:
    plan = plan_graph(paper_graph(candidate, (50, 50, 3), 2))
    assert plan.live_bytes[plan.peak_op] == max(plan.live_bytes)
    assert max(plan.live_bytes) <= plan.arena_bytes <= max(plan.live_bytes) + ALIGNMENT_BYTES


def test_buffers_that_may_overlap_do_so_only_as_far_as_allowed() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        source = Buffer(int(rng.integers(1, 60)) * 16, 0, 1)
        output = Buffer(int(rng.integers(1, 60)) * 16, 0, 2)
        distance = int(rng.integers(0, 900))
        offsets = place([source, output], {(1, 0): distance})
        are_apart = (
            offsets[1] >= offsets[0] + source.size_bytes
            or offsets[0] >= offsets[1] + output.size_bytes
        )
        assert are_apart or offsets[0] - offsets[1] >= distance
        apart = source.size_bytes + output.size_bytes
        assert height([source, output], offsets) <= min(
            apart, max(output.size_bytes, aligned(distance) + source.size_bytes)
        )


def convolution(rng: np.random.Generator) -> Graph:
    """One of any shape, perhaps with what can be fused to it."""
    kernel = [int(n) for n in rng.integers(1, 5, 2)]
    stride = [int(n) for n in rng.integers(1, 4, 2)]
    dilation = [int(n) for n in rng.choice([1, 1, 2, 3], 2)]
    window = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = [int(k + n) for k, n in zip(window, rng.integers(3, 10, 2), strict=True)]
    channels, count = (int(n) for n in rng.integers(1, 7, 2))
    padding = "SAME" if rng.integers(2) else "VALID"
    reach = size if padding == "SAME" else [s - k + 1 for s, k in zip(size, window, strict=True)]
    out = [-(-r // s) for r, s in zip(reach, stride, strict=True)]
    tensors = [
        Tensor("image", (1, *size, channels), DType.INT8),
        Tensor("weights", (count, *kernel, channels), DType.INT8, is_constant=True),
        Tensor("out", (1, *out, count), DType.INT8),
    ]
    options = {"padding": padding, "stride_h": stride[0], "stride_w": stride[1]}
    options |= {"dilation_h_factor": dilation[0], "dilation_w_factor": dilation[1]}
    operators = [Operator("CONV_2D", (0, 1), (2,), options)]
    if rng.integers(2) and min(out) >= 2 and dilation == [1, 1]:
        tensors.append(Tensor("pooled", (1, out[0] // 2, out[1] // 2, count), DType.INT8))
        operators.append(Operator("MAX_POOL_2D", (2,), (3,), POOL))
    return Graph(tuple(tensors), tuple(operators), (0,), (len(tensors) - 1,))


POOL = {
    "padding": "VALID",
    "filter_height": 2,
    "filter_width": 2,
    "stride_h": 2,
    "stride_w": 2,
}


def loses_bytes(graph: Graph, distance: int) -> bool:
    """Whether a byte of the image is read after it was written over; byte by byte.

    The output begins `distance` bytes before the image. Pixels are computed in order; each reads
    its patches, then is written.
    """
    operator = graph.operators[0]
    _, rows, columns, depth = graph.tensors[0].shape
    steps = [int(operator.options[f"dilation_{side}_factor"]) for side in "hw"]
    window = [(k - 1) * d + 1 for k, d in zip(graph.tensors[1].shape[1:3], steps, strict=True)]
    _, height_, width, count = graph.tensors[graph.outputs[0]].shape
    places = (0, 1) if len(graph.operators) == 2 else (0,)
    strides = (operator.options["stride_h"], operator.options["stride_w"])
    before = (0, 0)
    if operator.options["padding"] == "SAME":
        full = graph.tensors[2].shape[1:3]
        before = tuple(
            max((n - 1) * s + k - size, 0) // 2
            for n, s, k, size in zip(full, strides, window, (rows, columns), strict=True)
        )
    written: set[int] = set()
    for y in range(height_):
        for x in range(width):
            for dy in places:
                for dx in places:
                    top = (y * len(places) + dy) * strides[0] - before[0]
                    left = (x * len(places) + dx) * strides[1] - before[1]
                    pixels = [
                        row * columns + column
                        for row in range(top, top + window[0], steps[0])
                        for column in range(left, left + window[1], steps[1])
                        if 0 <= row < rows and 0 <= column < columns
                    ]
                    if any(written & set(range(p * depth, (p + 1) * depth)) for p in pixels):
                        return True
            start = (y * width + x) * count - distance
            written.update(range(start, start + count))
    return False


def test_the_overlap_of_a_convolution_loses_no_byte_and_one_less_would() -> None:
    rng = np.random.default_rng(3)
    overlapping = tight = 0
    for _ in range(300):
        graph = convolution(rng)
        (step,) = make_steps(graph)
        assert step.overlap_bytes is not None
        assert not loses_bytes(graph, step.overlap_bytes)
        overlapping += step.overlap_bytes > 0
        tight += step.overlap_bytes > 0 and loses_bytes(graph, step.overlap_bytes - 1)
    assert overlapping > 50
    assert tight > 0.8 * overlapping, "the distance is mostly the smallest one"


def test_activations_and_scratch_memory_lie_inside_the_arena() -> None:
    graph = parse_tflite(small_model())
    plan = plan_graph(graph)
    for tensor, offset in plan.offsets.items():
        assert offset + graph.tensors[tensor].size_bytes <= plan.arena_bytes
    for step, offset in zip(plan.steps, plan.scratch_offsets, strict=True):
        assert offset + step.scratch_bytes <= plan.arena_bytes
        own = [plan.offsets[t] for t in (*step.inputs, step.output)]
        ends = [plan.offsets[t] + graph.tensors[t].size_bytes for t in (*step.inputs, step.output)]
        if step.scratch_bytes > 0:
            apart = zip(own, ends, strict=True)
            assert all(offset >= end or offset + step.scratch_bytes <= o for o, end in apart)


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


def chain_of_convolutions(count: int) -> Graph:
    rng = np.random.default_rng(7)
    tensors = [Tensor("", (1, 24, 24, 8), DType.INT8)]
    operators = []
    for _ in range(count):
        weights = Tensor("", (8, 3, 3, 8), DType.INT8, is_constant=True)
        side = int(rng.integers(20, 25))
        tensors += [weights, Tensor("", (1, side, side, 8), DType.INT8)]
        last = len(tensors) - 1
        source = last - 2 if last > 2 else 0
        operators.append(Operator("CONV_2D", (source, last - 1), (last,), {"padding": "SAME"}))
    return Graph(tuple(tensors), tuple(operators), (0,), (len(tensors) - 1,))


def fan(count: int) -> Graph:
    """Many operators on one tensor, whose results are all alive until one operator reads them."""
    size = Tensor("", (1, 64), DType.INT8)
    reads = [Operator("TANH", (0,), (index + 1,)) for index in range(count)]
    joins = Operator("CONCATENATION", tuple(range(1, count + 1)), (count + 1,))
    return Graph((size,) * (count + 2), (*reads, joins), (0,), (count + 1,))


@pytest.mark.parametrize(
    "graph", [chain_of_convolutions(160), chain_of_convolutions(1024), fan(200), fan(1000)]
)
def test_no_network_is_planned_for_long(graph: Graph) -> None:
    start = time.process_time()
    plan = plan_graph(graph)
    assert time.process_time() - start < 10, "half a second on a slow core"
    assert plan.arena_bytes >= max(plan.live_bytes)


def improved_by_hand(buffers: list[Buffer], overlaps: dict[tuple[int, int], int]) -> int:
    """The lowest arena of all orders that the planner tries, without its short cuts."""
    sizes, busy = [b.size_bytes for b in buffers], [b.busy for b in buffers]
    beside = neighbours(sizes, busy, overlaps)
    by_size = sorted(range(len(buffers)), key=lambda i: -buffers[i].size_bytes)
    pairs = [list(pair) for pair in sorted(overlaps)]
    largest = max(buffer.size_bytes for buffer in buffers)
    best = []
    for first in [[], *pairs]:
        order, seen = [*first, *(i for i in by_size if i not in first)], set()
        while tuple(order) not in seen and len(seen) <= len(order):
            seen.add(tuple(order))
            offsets = place_in_order(order, beside)
            best.append(aligned(height(buffers, offsets)))
            movable = [i for i in order if buffers[i].size_bytes * SMALL_PART >= largest]
            top = max(movable, key=lambda i: offsets[i] + buffers[i].size_bytes)
            order = [top, *(i for i in order if i != top)]
    return min(best)


def test_an_arena_that_ends_the_search_early_is_the_lowest_of_all() -> None:
    rng = np.random.default_rng(11)
    for _ in range(100):
        buffers, overlaps = [], {}
        for step in range(int(rng.integers(2, 9))):
            buffers.append(Buffer(int(rng.integers(1, 900)), step, step + 2))
            buffers.append(Buffer(int(rng.integers(1, 200)), step, step + 1))
            if step > 0 and rng.random() < 0.7:
                overlaps[2 * step, 2 * step - 2] = int(rng.integers(0, 900))
        expected = improved_by_hand(buffers, overlaps)
        assert aligned(height(buffers, place(buffers, overlaps))) == expected


def test_every_step_is_in_exactly_one_segment() -> None:
    for graph in (parse_tflite(small_model()), fan(3), Graph((), (), (), ())):
        plan = plan_graph(graph)
        named = [
            step
            for segment in plan.segments
            for step in range(segment.first_step, segment.end_step)
        ]
        assert named == list(range(len(plan.steps)))


def test_the_last_step_does_not_overwrite_an_output_that_it_reads() -> None:
    """The output of a convolution may overlap its input, but not if the caller reads that too."""
    model, rng = ModelBuilder(), np.random.default_rng(3)
    tensors = [model.activation(shape, 0.1) for shape in ((1, 8, 8, 4), (1, 6, 6, 4), (1, 2, 2, 8))]
    for (source, output), (count, side) in zip(pairwise(tensors), ((4, 3), (8, 5)), strict=True):
        weights = rng.integers(-127, 128, (count, side, side, 4)).astype(np.int8)
        values = model.constant(weights, 0.01), model.constant(np.zeros(count, np.int32), 0.001)
        strides = {"stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
        model.operator("CONV_2D", [source, *values], output, padding=1, **strides)
    _, first, last = tensors
    for outputs, may_overlap in (([last], True), ([first, last], False)):
        graph = parse_tflite(model.build(tensors[:1], outputs))
        plan = plan_graph(graph)
        begins = plan.offsets[first]
        ends = plan.offsets[last] + graph.tensors[last].size_bytes
        is_before = plan.offsets[last] <= begins < ends
        is_behind = begins <= plan.offsets[last] < begins + graph.tensors[first].size_bytes
        assert (is_before or is_behind) == may_overlap
