"""The two dimensions of a search space by which a report draws the way of a search. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Axis:
    """A dimension of the search space.

    Attributes:
        name: Of the value.
        words: What it is, in words; may be empty.
    """

    name: str
    words: str = ""

    def __str__(self) -> str:
        return f"{self.name}, {self.words}" if self.words else self.name


_WIDTH, _DEPTH = Axis("k", "kernels of the first convolution"), Axis("c", "cells")
"""Of all spaces of the versions that did not record them."""


@dataclass(frozen=True, slots=True)
class AxesRecord:
    """The dimensions of the search space by which a report draws the way of a search."""

    width: Axis = _WIDTH
    depth: Axis = _DEPTH
