"""Places buffers in one arena, so that no two that are alive together share a byte. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

ALIGNMENT_BYTES = 16
SMALL_PART = 16
"""Buffers below this fraction of the largest are small."""
MOST_COMPARISONS = 250_000
"""Pairs of buffers to compare before the smallest arena found so far is taken: half a second."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """Bytes that one or more activations share, and when they are alive.

    Attributes:
        size_bytes: Bytes that it occupies.
        first_op: Index of the step (or operator) that writes it first; 0 for the model's input.
        end_op: One past the index of the last step that needs it.
    """

    size_bytes: int
    first_op: int
    end_op: int

    def overlaps(self, other: "Buffer") -> bool:
        """Whether both are alive at some time."""
        return self.first_op < other.end_op and other.first_op < self.end_op


Overlaps = Mapping[tuple[int, int], int]
"""For pairs (output, input) of buffers: bytes by which the output must begin first."""


def place(buffers: Sequence[Buffer], overlaps: Overlaps | None = None) -> list[int]:
    """An offset for each buffer, so that no two that are alive together share a byte.

    Each buffer is placed as low as the buffers before it allow, the largest first; an order with
    the overlapping buffers first, output before input, is also tried. Then the buffer with the
    highest end is moved to the front, repeatedly, as long as this gives new orders. The smallest
    arena is taken. Ties are resolved by the given order.

    The search stops when the arena cannot be smaller, or after `MOST_COMPARISONS`.
    """
    allowed = overlaps or {}
    by_size = sorted(range(len(buffers)), key=lambda i: -buffers[i].size_bytes)
    orders = [by_size]
    for output, source in sorted(allowed):
        orders.append([output, source, *(i for i in by_size if i not in (output, source))])
    beside = neighbours(buffers)
    comparisons_each = max(1, sum(map(len, beside)) // 2)
    lowest = _lowest_height(buffers, allowed)
    best: list[int] = []
    best_height = -1
    tries = max(1, MOST_COMPARISONS // comparisons_each)
    plans = (plan for order in orders for plan in _improved(buffers, allowed, order, beside))
    for offsets in islice(plans, tries):
        height = arena_height(buffers, offsets)
        if best_height < 0 or height < best_height:
            best, best_height = offsets, height
        if best_height <= lowest:
            break
    return best


def neighbours(buffers: Sequence[Buffer]) -> list[list[int]]:
    """For each buffer, the buffers whose lifetimes overlap with its own."""
    beside: list[list[int]] = [[] for _ in buffers]
    alive: list[int] = []
    for index in sorted(range(len(buffers)), key=lambda i: buffers[i].first_op):
        own = buffers[index]
        alive = [i for i in alive if buffers[i].end_op > own.first_op]
        for other in alive:
            if own.overlaps(buffers[other]):
                beside[index].append(other)
                beside[other].append(index)
        alive.append(index)
    return beside


def alive_in_steps(buffers: Sequence[Buffer], step_count: int) -> list[list[int]]:
    """For each step, the buffers that are alive in it."""
    alive: list[list[int]] = [[] for _ in range(step_count)]
    for index, buffer in enumerate(buffers):
        for step in range(max(buffer.first_op, 0), min(buffer.end_op, step_count)):
            alive[step].append(index)
    return alive


def _lowest_height(buffers: Sequence[Buffer], overlaps: Overlaps) -> int:
    """A lower bound of the arena: the largest total of the buffers alive in one step."""
    step_count = max((buffer.end_op for buffer in buffers), default=0)
    lowest = 0
    saved: dict[int, int] = {}
    for (output, source), before_bytes in overlaps.items():
        first, second = buffers[output].size_bytes, buffers[source].size_bytes
        together = max(first, min(before_bytes, first) + second)
        step = buffers[output].first_op
        saved[step] = saved.get(step, 0) + aligned(first) + aligned(second) - aligned(together)
    for step, alive in enumerate(alive_in_steps(buffers, step_count)):
        side_by_side = sum(aligned(buffers[i].size_bytes) for i in alive)
        lowest = max(lowest, side_by_side - saved.get(step, 0))
    return lowest


def _improved(
    buffers: Sequence[Buffer], overlaps: Overlaps, order: list[int], beside: Sequence[Sequence[int]]
) -> Iterator[list[int]]:
    """Plan an order, then the orders in which the buffer with the highest end comes first.

    Small buffers are not moved to the front, because there they block the others.
    """
    largest = max((buffer.size_bytes for buffer in buffers), default=0)
    movable = [i for i in order if buffers[i].size_bytes * SMALL_PART >= largest]
    seen = set()
    for _ in range(len(order) + 1):
        offsets = place_in_order(buffers, overlaps, order, beside)
        yield offsets
        seen.add(tuple(order))
        highest = max(movable, key=lambda i: offsets[i] + buffers[i].size_bytes, default=0)
        order = [highest, *(i for i in order if i != highest)]
        if tuple(order) in seen:
            return


def aligned(size_bytes: int) -> int:
    """A size rounded up to the arena's alignment."""
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def place_in_order(
    buffers: Sequence[Buffer],
    overlaps: Overlaps,
    order: Sequence[int],
    beside: Sequence[Sequence[int]] | None = None,
) -> list[int]:
    """An offset for each buffer, placed in the given order as low as possible.

    Args:
        buffers: The buffers to place.
        overlaps: Which of them may overlap.
        order: Their indices.
        beside: Their `neighbours`, if already known.
    """
    beside = neighbours(buffers) if beside is None else beside
    offsets = [-1] * len(buffers)
    for index in order:
        gaps = [
            _forbidden(buffers, overlaps, index, other, offsets[other])
            for other in beside[index]
            if offsets[other] >= 0
        ]
        lowest = 0
        for first, end in sorted(gaps):
            if first < lowest < end:
                lowest = aligned(end)
        offsets[index] = lowest
    return offsets


def _forbidden(
    buffers: Sequence[Buffer], overlaps: Overlaps, index: int, other: int, offset: int
) -> tuple[int, int]:
    """The open interval of offsets at which a buffer may not begin because of another one."""
    own_bytes, other_bytes = buffers[index].size_bytes, buffers[other].size_bytes
    if own_bytes == 0 or other_bytes == 0:
        return offset, offset
    as_output = overlaps.get((index, other), own_bytes)
    as_input = overlaps.get((other, index), other_bytes)
    return offset - min(own_bytes, as_output), offset + min(other_bytes, as_input)


def arena_height(buffers: Sequence[Buffer], offsets: Sequence[int]) -> int:
    """Bytes of the arena that placed buffers need, a multiple of `ALIGNMENT_BYTES`."""
    ends = (
        aligned(offset + buffer.size_bytes)
        for buffer, offset in zip(buffers, offsets, strict=True)
        if buffer.size_bytes > 0
    )
    return max(ends, default=0)
