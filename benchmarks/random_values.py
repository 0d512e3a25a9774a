"""Seeded random quantisation and values of small networks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Case = tuple[bytes, NDArray[Any]]
"""A model, and an input."""
Random = np.random.Generator


def scale(rng: Random, lowest: float = 0.002, highest: float = 0.1) -> float:
    """A scale; its logarithm is uniform."""
    return float(np.float32(np.exp(rng.uniform(np.log(lowest), np.log(highest)))))


def point(rng: Random) -> int:
    """A zero point of int8."""
    return int(rng.integers(-128, 128))


def values(rng: Random, shape: tuple[int, ...], dtype: type = np.int8) -> NDArray[Any]:
    """Values of the whole range of a type."""
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max + 1, shape).astype(dtype)
