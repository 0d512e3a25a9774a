"""Places buffers in one arena, so that no two that are in use together share a byte. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

ALIGNMENT_BYTES = 16
SMALL_PART = 16
"""Buffers below this fraction of the largest are small."""
MOST_COMPARISONS = 60_000
"""Pairs of buffers to compare before the smallest arena found so far is taken: a tenth of a
second."""
EARLIEST_OP = -2
"""Smallest index of an operator in a lifetime: TFLM's planner counts from there."""

Overlaps = Mapping[tuple[int, int], int]
"""For pairs (output, input) of buffers: bytes by which the output must begin first."""
Beside = list[list[tuple[int, int, int]]]
"""For each buffer, those that are in use together with it: which one, and how many bytes the buffer
must begin before that one, or behind it."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """Bytes that one or more activations share, and when they are in use.

    Attributes:
        size_bytes: Bytes that it occupies.
        first_op: Index of the operator that writes it first; 0 for the model's input.
        end_op: One past the index of the last operator that needs it.
    """

    size_bytes: int
    first_op: int
    end_op: int

    @property
    def busy(self) -> int:
        """The operators during which it is in use, as the set bits of a number."""
        return (1 << (self.end_op - EARLIEST_OP)) - (1 << (self.first_op - EARLIEST_OP))


def arrange(sizes: Sequence[int], busy: Sequence[int], overlaps: Overlaps) -> list[int]:
    """An offset for each buffer, so that no two that are in use together share a byte.

    Each buffer is placed as low as the buffers before it allow: the largest first, or those
    that overlap first, from the last to the first one, so that each output lies below its input.
    Then the buffer with the
    highest end is moved to the front, repeatedly, as long as this gives new orders. The smallest
    arena is taken. Ties are resolved by the given order.

    The search stops when the arena cannot be smaller, or after `MOST_COMPARISONS`.

    Args:
        sizes: Bytes of each buffer.
        busy: The ticks in which each is in use, as the set bits of a number.
        overlaps: Which outputs may overlap which inputs.
    """
    beside = neighbours(sizes, busy, overlaps)
    by_size = sorted(range(len(sizes)), key=lambda i: -sizes[i])
    overlapping = {buffer for pair in overlaps for buffer in pair}
    by_end = sorted(by_size, key=lambda i: (-busy[i].bit_length(), -(busy[i] & -busy[i])))
    orders = [by_size, sorted(by_end, key=lambda i: i not in overlapping)]
    for output, source in sorted(overlaps):
        orders.append([output, source, *(i for i in by_size if i not in (output, source))])
    tries = max(1, MOST_COMPARISONS // max(1, sum(map(len, beside)) // 2))
    lowest = int(bytes_in_use(sizes, busy, overlaps).max(initial=0))
    best: list[int] = []
    best_top = -1
    plans = (plan for order in orders for plan in _improved(sizes, order, beside))
    for offsets in islice(plans, tries):
        top = top_of(sizes, offsets)
        if best_top < 0 or top < best_top:
            best, best_top = offsets, top
        if best_top <= lowest:
            break
    return best


def neighbours(sizes: Sequence[int], busy: Sequence[int], overlaps: Overlaps) -> Beside:
    """For each buffer, those that are in use together with it."""
    beside: Beside = [[] for _ in sizes]
    indices = [i for i, size in enumerate(sizes) if size > 0]
    for position, one in enumerate(indices):
        for other in indices[:position]:
            if busy[one] & busy[other]:
                before = min(sizes[one], overlaps.get((one, other), sizes[one]))
                behind = min(sizes[other], overlaps.get((other, one), sizes[other]))
                beside[one].append((other, before, behind))
                beside[other].append((one, behind, before))
    return beside


def bytes_in_use(
    sizes: Sequence[int], busy: Sequence[int], overlaps: Overlaps
) -> NDArray[np.int64]:
    """The bytes that are needed in each tick, if all buffers could be placed without a gap."""
    masks, changes = list(busy), [aligned(size) for size in sizes]
    for (output, source), before_bytes in overlaps.items():
        pair = sizes[output], sizes[source]
        masks.append(busy[output] & busy[source])
        changes.append(aligned(together_bytes(*pair, before_bytes)) - sum(map(aligned, pair)))
    ticks = max((mask.bit_length() for mask in masks), default=0)
    if ticks == 0:
        return np.zeros(0, np.int64)
    packed = b"".join(mask.to_bytes(-(-ticks // 8), "little") for mask in masks)
    rows = np.frombuffer(packed, np.uint8).reshape(len(masks), -1)
    in_use = np.unpackbits(rows, axis=1, count=ticks, bitorder="little")
    # Sums of whole numbers below 2^53 are exact in double precision, which is faster.
    return (np.array(changes, np.float64) @ in_use).astype(np.int64)


def _improved(sizes: Sequence[int], order: list[int], beside: Beside) -> Iterator[list[int]]:
    """Plan an order, then the orders in which the buffer with the highest end comes first.

    Small buffers are not moved to the front, because there they block the others.
    """
    largest = max(sizes, default=0)
    movable = [i for i in order if sizes[i] * SMALL_PART >= largest]
    seen = set()
    for _ in range(len(order) + 1):
        offsets = place_in_order(order, beside)
        yield offsets
        seen.add(tuple(order))
        highest = max(movable, key=lambda i: offsets[i] + sizes[i], default=0)
        order = [highest, *(i for i in order if i != highest)]
        if tuple(order) in seen:
            return


def together_bytes(output_bytes: int, input_bytes: int, before_bytes: int) -> int:
    """Bytes that an output and an input take if the output begins `before_bytes` before it."""
    return max(output_bytes, min(before_bytes, output_bytes) + input_bytes)


def aligned(size_bytes: int) -> int:
    """A size rounded up to the arena's alignment."""
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def place_in_order(order: Sequence[int], beside: Beside) -> list[int]:
    """An offset for each buffer, placed in the given order as low as possible.

    Args:
        order: The buffers.
        beside: For each of them, its `neighbours`.
    """
    offsets = [-1] * len(beside)
    for index in order:
        taken = [
            (offset - before, offset + behind)
            for other, before, behind in beside[index]
            if (offset := offsets[other]) >= 0
        ]
        taken.sort()
        lowest = 0
        for first, end in taken:
            if first < lowest < end:
                lowest = aligned(end)
        offsets[index] = lowest
    return offsets


def top_of(sizes: Sequence[int], offsets: Sequence[int]) -> int:
    """Bytes of the arena that placed buffers need, a multiple of `ALIGNMENT_BYTES`."""
    ends = (aligned(offset + size) for offset, size in zip(offsets, sizes, strict=True) if size > 0)
    return max(ends, default=0)
