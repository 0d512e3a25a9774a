"""The input sizes that a search compares with `--input auto`. Reads a few images."""

from statistics import median

from firmware.errors import DataError
from nas.data.image_file import UNREADABLE
from nas.data.sample import DataSource

AUTO = "auto"
"""Value of `--input` with which the search chooses the input size."""
SIDES = (24, 32, 48, 64, 96, 128)
"""Rows and columns of the possible inputs; eight of them can be halved three times."""
FIRST_SIDE = 48
"""Side at which the search starts, near the input of the publication."""
_LOOKED_AT = 100


def input_sides(source: DataSource) -> tuple[int, ...]:
    """The possible sides up to the size of the images, ascending.

    If the images are smaller than all of them, their own side is the only one.

    Raises:
        DataError: No image can be read.
    """
    own = _own_side(source)
    return tuple(side for side in SIDES if side <= own) or (own,)


def first_side(sides: tuple[int, ...]) -> int:
    """The side at which the search starts: the largest up to `FIRST_SIDE`, else the smallest."""
    return max((side for side in sides if side <= FIRST_SIDE), default=sides[0])


def _own_side(source: DataSource) -> int:
    """The median of the shorter sides of some images, spread over the dataset."""
    step = max(1, len(source.samples) // _LOOKED_AT)
    sides = []
    for sample in source.samples[::step]:
        try:
            sides.append(min(sample.open().size))
        except (DataError, *UNREADABLE):
            continue
    if not sides:
        raise DataError(f"no image of {source.name!r} could be read")
    return int(median(sides))
