"""Candidates of the search space: how wide and how deep. Pure."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from firmware.errors import ConfigError

Shape = tuple[int, int, int]
"""Height, width and channels of an image."""
_Kernels = Annotated[int, Meta(ge=1, le=1_000_000)]
_Cells = Annotated[int, Meta(ge=0, le=64)]
_Side = Annotated[int, Meta(ge=0, le=65_536)]


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """One point of the search space.

    Attributes:
        k: Kernels of the first convolution, at least 1.
        c: Cells after it, at least 0; each halves the resolution and widens.
        side: Rows and columns of its input; 0 where all candidates have the same.
    """

    k: _Kernels
    c: _Cells
    side: _Side = 0

    def __post_init__(self) -> None:
        if self.k < 1 or self.c < 0:
            raise ConfigError(f"candidate {self}: k must be at least 1 and c at least 0")

    def __str__(self) -> str:
        return f"{self.k},{self.c}" + (f" at {self.side}" if self.side else "")


def parse_candidate(text: str) -> Candidate:
    """The candidate that is written as `k,c`, such as `6,4`.

    Raises:
        ConfigError: The text is not two whole numbers in their ranges.
    """
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
        raise ConfigError(f"candidate {text!r} is not of the form K,C, such as 6,4")
    return Candidate(int(parts[0]), int(parts[1]))


def channels(candidate: Candidate) -> tuple[int, ...]:
    """Kernels of each convolution, c + 1 of them.

    Source: the method's rule, n_0 = k and n_i = ceil(n_(i-1) · (1 + 2^(1-i))). In whole numbers,
    because a float product may round up over the next integer.
    """
    widths = [candidate.k]
    for cell in range(1, candidate.c + 1):
        half_steps = 1 << (cell - 1)
        widths.append(-(-widths[-1] * (half_steps + 1) // half_steps))
    return tuple(widths)


def cell_limit(shape: Shape) -> int:
    """The most cells that an input allows: a cell needs 2 rows and 2 columns to pool."""
    height, width, _ = shape
    return min(height, width).bit_length() - 1


def check_candidate(candidate: Candidate, shape: Shape) -> None:
    """Refuse a candidate with more cells than the input allows.

    Raises:
        ConfigError: It has.
    """
    limit = cell_limit(shape)
    if candidate.c > limit:
        size = "x".join(map(str, shape))
        raise ConfigError(f"{candidate.c} cells do not fit an input of {size}; at most {limit} do")


def parse_shape(text: str) -> Shape:
    """The input shape that is written as `HxWxC`, such as `50x50x3`.

    Raises:
        ConfigError: The text is not three numbers in their ranges.
    """
    parts = text.lower().split("x")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        raise ConfigError(f"input {text!r} is not of the form HxWxC, such as 50x50x3")
    height, width, depth = (int(part) for part in parts)
    if not (1 <= height <= 1024 and 1 <= width <= 1024 and depth in (1, 3)):
        raise ConfigError(
            f"input {text!r}: height and width must be 1 to 1024 pixels, channels 1 or 3"
        )
    return height, width, depth
