"""The search for near duplicates against a comparison of all with all."""

import time

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from nas.data.sample import Sample
from nas.data_tools import near
from nas.data_tools.fingerprint import FIELDS, Fingerprint, gradients, look
from nas.data_tools.near import (
    LARGEST_DIFFERENCE,
    MEAN_DIFFERENCE,
    close_hashes,
    groups,
    near_pairs,
)

BITS = 64


def by_comparing_all(hashes: np.ndarray) -> set[tuple[int, int]]:
    found = set()
    for one in range(len(hashes)):
        for other in range(one + 1, len(hashes)):
            if 1 <= (int(hashes[one]) ^ int(hashes[other])).bit_count() <= 4:
                found.add((one, other))
    return found


def families(count: int, seed: int) -> np.ndarray:
    """Hashes in groups, whose members differ from the first in 0 to 6 bits."""
    rng = np.random.default_rng(seed)
    hashes = []
    for first in rng.integers(0, 1 << 63, count):
        for changes in range(7):
            value = int(first)
            for bit in rng.choice(BITS, changes, replace=False):
                value ^= 1 << int(bit)
            hashes.append(value)
    return np.asarray(hashes, dtype=np.uint64)


@pytest.mark.parametrize("seed", range(3))
def test_all_close_hashes_are_found_each_pair_once(seed: int) -> None:
    hashes = families(60, seed)
    found = [
        (min(pair), max(pair))
        for batch in close_hashes(hashes)
        for pair in zip(*(numbers.tolist() for numbers in batch), strict=True)
    ]
    assert len(found) == len(set(found))
    assert set(found) == by_comparing_all(hashes)


def test_crowded_hashes_are_found_too() -> None:
    # 300 hashes that share 54 of their bits, as pictures of one scene do.
    low = np.random.default_rng(0).permutation(1 << 10)[:300].astype(np.uint64)
    hashes = low | np.uint64(0xABCD << 40)
    found = {
        (min(pair), max(pair))
        for batch in close_hashes(hashes)
        for pair in zip(*(numbers.tolist() for numbers in batch), strict=True)
    }
    assert found == by_comparing_all(hashes)


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_is_close_to_nothing(count: int) -> None:
    assert list(close_hashes(np.zeros(count, np.uint64))) == []


def test_100_000_images_are_searched_in_seconds() -> None:
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 1 << 63, 100_000).astype(np.uint64)
    colours = rng.integers(0, 256, (100_000, FIELDS, FIELDS, 3), dtype=np.uint8)
    hashes[::1000] = hashes[1]
    colours[::1000] = colours[1]
    first = time.monotonic()
    found = groups(near_pairs(hashes, colours))
    assert time.monotonic() - first < 60  # 4 s on two idle cores
    assert found == [[0, 1, *range(1000, 100_000, 1000)]]


def test_images_of_one_hash_are_linked_to_one_of_them_not_each_to_each() -> None:
    hashes = np.zeros(2000, np.uint64)
    colours = np.zeros((2000, FIELDS, FIELDS, 3), np.uint8)
    colours[1000:] = 200  # black ones and grey ones
    pairs = list(near_pairs(hashes, colours))
    assert len(pairs) == 1998
    assert groups(iter(pairs)) == [list(range(1000)), list(range(1000, 2000))]


@pytest.mark.parametrize(
    ("difference", "fields", "alike"),
    [
        (MEAN_DIFFERENCE, FIELDS * FIELDS, True),
        (MEAN_DIFFERENCE + 1, FIELDS * FIELDS, False),
        (LARGEST_DIFFERENCE, 1, True),
        (LARGEST_DIFFERENCE + 1, 1, False),
    ],
)
def test_colours_decide_where_hashes_agree(difference: int, fields: int, alike: bool) -> None:
    colours = np.full((2, FIELDS * FIELDS, 3), 100, np.uint8)
    colours[1, :fields] += difference
    hashes = np.asarray([5, 4], np.uint64)
    pairs = list(near_pairs(hashes, colours.reshape(2, FIELDS, FIELDS, 3)))
    assert pairs == ([(0, 1)] if alike else [])


def test_links_make_groups() -> None:
    assert groups(iter([(5, 3), (1, 2), (3, 8), (8, 5), (2, 0)])) == [[0, 1, 2], [3, 5, 8]]
    assert groups(iter([])) == []


def test_the_hash_says_where_brightness_rises() -> None:
    ramp = np.tile(np.linspace(0, 255, 90), (80, 1)).astype(np.uint8)
    assert gradients(Image.fromarray(ramp)) == (1 << BITS) - 1
    assert gradients(Image.fromarray(ramp[:, ::-1].copy())) == 0
    upper = ramp.copy()
    upper[40:] = 7
    assert gradients(Image.fromarray(upper)) >> 40 == (1 << 24) - 1, "the first rows come first"


def scene(seed: int) -> Image.Image:
    """A photo's like: large shapes of soft edges."""
    pixels = np.random.default_rng(seed).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((320, 240), Image.Resampling.BICUBIC)


def fingerprint(image: Image.Image) -> Fingerprint:
    found = look(Sample("x", "a", None, lambda: np.asarray(image)))
    assert isinstance(found, Fingerprint)
    return found


def are_near(one: Image.Image, other: Image.Image) -> bool:
    looks = [fingerprint(one), fingerprint(other)]
    hashes = np.asarray([own.gradients for own in looks], dtype=np.uint64)
    return bool(list(near_pairs(hashes, np.stack([own.colours for own in looks]))))


@pytest.mark.parametrize("seed", range(5))
def test_the_same_picture_smaller_or_a_little_brighter_is_found(seed: int) -> None:
    picture = scene(seed)
    assert are_near(picture, picture.resize((160, 120)))
    assert are_near(picture, ImageEnhance.Brightness(picture).enhance(1.03))


@pytest.mark.parametrize("seed", range(5))
def test_another_picture_is_not(seed: int) -> None:
    assert not are_near(scene(seed), scene(seed + 100))
    assert not are_near(scene(seed), scene(seed).transpose(Image.Transpose.FLIP_LEFT_RIGHT))


def test_blocks_cover_every_bit() -> None:
    # The proof of completeness needs twice as many blocks as bits may differ.
    for bit in range(BITS):
        hashes = np.asarray([0, 1 << bit], dtype=np.uint64)
        assert sum(len(ones) for ones, _ in close_hashes(hashes)) == 1
    assert near.MOST_BITS == 4
