"""Finds near duplicates among 100,000 images. Pure.

Two images are near duplicates if their difference hashes differ in few bits, and their colours
little. The hash finds them quickly, but images of plain skies and walls share it by chance.
"""

from collections.abc import Iterator
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

MOST_BITS = 4
"""Most of the 64 bits in which the hashes of near duplicates may differ."""
MEAN_DIFFERENCE, LARGEST_DIFFERENCE = 6, 48
"""Largest difference of the colours of 8×8 fields, of 255: the mean, and that of any field. Chosen
on 16,800 photos: pairs above it are mostly different walls, or one has a figure before the wall.
"""
_HASH_BITS = 64
_Hashes = NDArray[np.uint64]
_Colours = NDArray[np.uint8]


def near_pairs(hashes: _Hashes, colours: _Colours) -> Iterator[tuple[int, int]]:
    """Pairs that link all near duplicates, as numbers of images.

    Images with equal hashes are linked to the first one that is alike, and not all to all: a
    thousand black images give a thousand pairs.

    Args:
        hashes: (n,), the difference hashes.
        colours: (n, fields, fields, 3), the mean colours of each image's fields.
    """
    flat = colours.reshape(len(colours), -1).astype(np.int16)
    leaders = []
    for same in _runs_of_equal(hashes):
        own = same[:1]
        for image in same[1:]:
            alike = _alike(flat, np.asarray(own, dtype=np.intp), image)
            if alike.any():
                yield own[int(np.argmax(alike))], image
            else:
                own.append(image)
        leaders += own
    numbers = np.sort(np.asarray(leaders, dtype=np.intp))
    for first, second in close_hashes(hashes[numbers]):
        ones, others = numbers[first], numbers[second]
        alike = _alike(flat, ones, others)
        yield from zip(ones[alike].tolist(), others[alike].tolist(), strict=True)


def close_hashes(hashes: _Hashes) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """All pairs of hashes that differ in 1 to `MOST_BITS` bits, each pair once, in batches.

    The bits are cut into twice as many blocks as may differ. Whatever bits differ, half of the
    blocks are equal; so for each half of the blocks, hashes are sorted by these and compared with
    those that are equal there.
    """
    edges = np.linspace(0, _HASH_BITS, 2 * MOST_BITS + 1).astype(int)
    masks = np.asarray(
        [(1 << int(end)) - (1 << int(first)) for first, end in pairwise(edges)],
        dtype=np.uint64,
    )
    for blocks in combinations(range(len(masks)), MOST_BITS):
        keys = hashes & np.bitwise_or.reduce(masks[list(blocks)])
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        places = np.arange(len(keys) - 1)
        step = 1
        while len(places := places[places + step < len(keys)]):
            places = places[keys[places + step] == keys[places]]
            ones, others = order[places], order[places + step]
            different = hashes[ones] ^ hashes[others]
            close = np.flatnonzero((np.bitwise_count(different) <= MOST_BITS) & (different > 0))
            own = close[(_first_equal(different[close], masks) == blocks).all(axis=1)]
            if len(own):
                yield ones[own], others[own]
            step += 1


def _first_equal(different: _Hashes, masks: _Hashes) -> NDArray[np.intp]:
    """The first blocks in which each pair is equal, (n, `MOST_BITS`): those that report it."""
    unequal = (different[:, None] & masks) != 0
    return np.argsort(unequal, axis=1, kind="stable")[:, :MOST_BITS]


def _runs_of_equal(hashes: _Hashes) -> Iterator[list[int]]:
    """Indices of the images of each hash, ascending."""
    order = np.argsort(hashes, kind="stable")
    edges = np.flatnonzero(np.diff(hashes[order])) + 1
    for run in np.split(order, edges):
        yield run.tolist()


def _alike(
    flat: NDArray[np.int16], ones: NDArray[np.intp], others: NDArray[np.intp] | int
) -> NDArray[np.bool_]:
    """Whether the colours of images differ little."""
    difference = np.abs(flat[ones] - flat[others])
    in_all: NDArray[np.bool_] = difference.mean(axis=1) <= MEAN_DIFFERENCE
    in_one: NDArray[np.bool_] = difference.max(axis=1, initial=0) <= LARGEST_DIFFERENCE
    return np.logical_and(in_all, in_one)


def groups(pairs: Iterator[tuple[int, int]]) -> list[list[int]]:
    """Sets of numbers that pairs link, each sorted, in the order of their first numbers."""
    roots: dict[int, int] = {}

    def root(number: int) -> int:
        while (above := roots.setdefault(number, number)) != number:
            roots[number] = roots[above]
            number = above
        return number

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        roots[high] = low
    found: dict[int, list[int]] = {}
    for number in sorted(roots):
        found.setdefault(root(number), []).append(number)
    return list(found.values())
