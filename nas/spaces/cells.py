"""Spaces of cells after a first convolution: how wide (k) and how deep (c). Pure.

Source: the published method; n_0 = k and n_i = ceil(n_(i-1) · (1 + 2^(1-i))) kernels.
"""

from typing import ClassVar

from firmware.errors import ConfigError
from nas.network.description import Shape
from nas.spaces.candidate import Candidate
from nas.spaces.converters import OWN, TENSORFLOW
from nas.spaces.space import SearchSpace


class CellSpace(SearchSpace):
    """Kernels of the first convolution, and cells after it; each halves the resolution."""

    dimensions: ClassVar[dict[str, range]] = {"k": range(1, 1_000_001), "c": range(64)}
    words: ClassVar[dict[str, str]] = {"k": "kernels of the first convolution", "c": "cells"}
    width_name, depth_name = "k", "c"
    converters: ClassVar[tuple[str, ...]] = (OWN, TENSORFLOW)

    @property
    def example(self) -> Candidate:
        """A candidate of the published tables."""
        return Candidate(k=6, c=4)


def channels(candidate: Candidate) -> tuple[int, ...]:
    """Kernels of each convolution, c + 1 of them.

    In whole numbers, because a float product may round up over the next integer.
    """
    widths = [candidate["k"]]
    for cell in range(1, candidate["c"] + 1):
        half_steps = 1 << (cell - 1)
        widths.append(-(-widths[-1] * (half_steps + 1) // half_steps))
    return tuple(widths)


def cell_limit(shape: Shape) -> int:
    """The most cells that an input allows: a cell needs 2 rows and 2 columns to pool."""
    height, width, _ = shape
    return min(height, width).bit_length() - 1


def check_cells(candidate: Candidate, shape: Shape) -> None:
    """Refuse a candidate with more cells than the input allows.

    Raises:
        ConfigError: It has.
    """
    limit = cell_limit(shape)
    if candidate["c"] > limit:
        size = "x".join(map(str, shape))
        raise ConfigError(
            f"{candidate['c']} cells do not fit an input of {size}; at most {limit} do"
        )
