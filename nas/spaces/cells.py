"""Base of spaces with a first convolution of k kernels and c cells after it. Pure.

Source: the published method; n_0 = k and n_i = ceil(n_(i-1) · (1 + 2^(1-i))) kernels.
"""

from typing import ClassVar

from firmware.errors import ConfigError
from nas.network.description import Shape
from nas.spaces.candidate import Candidate
from nas.spaces.converters import OWN, TENSORFLOW
from nas.spaces.space import SearchSpace


class CellSpace(SearchSpace):
    """Candidates of k kernels in the first convolution and c cells, which halve the input."""

    dimensions: ClassVar[dict[str, range]] = {"k": range(1, 1_000_001), "c": range(64)}
    words: ClassVar[dict[str, str]] = {"k": "kernels of the first convolution", "c": "cells"}
    width_name, depth_name = "k", "c"
    converters: ClassVar[tuple[str, ...]] = (OWN, TENSORFLOW)

    @property
    def example(self) -> Candidate:
        """A candidate of the published tables."""
        return Candidate(k=6, c=4)


def channels(candidate: Candidate) -> tuple[int, ...]:
    """Kernels of each of the c + 1 convolutions.

    Calculated in whole numbers, because a float product may round up to the next integer.
    """
    widths = [candidate["k"]]
    for cell in range(1, candidate["c"] + 1):
        half_steps = 1 << (cell - 1)
        widths.append(-(-widths[-1] * (half_steps + 1) // half_steps))
    return tuple(widths)


def cell_limit(shape: Shape) -> int:
    """Maximum number of cells for an input. The pooling of a cell needs 2 rows and 2 columns."""
    height, width, _ = shape
    return min(height, width).bit_length() - 1


def check_cells(candidate: Candidate, shape: Shape) -> None:
    """Refuse a candidate with more cells than the input allows.

    Raises:
        ConfigError: It has more cells than the input allows.
    """
    limit = cell_limit(shape)
    if candidate["c"] > limit:
        size = "x".join(map(str, shape))
        raise ConfigError(
            f"{candidate['c']} cells do not fit an input of {size}; at most {limit} do"
        )
