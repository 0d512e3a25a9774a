"""Inputs among which a search may choose. Reads a few images."""

from statistics import median

from firmware.errors import ConfigError, DataError
from nas.data.image_file import UNREADABLE
from nas.data.sample import DataSource
from nas.network.description import Shape

AUTO = "auto"
"""What stands for the choice on the command line."""
SIDES = (24, 32, 48, 64, 96, 128)
"""Rows and columns that are tried: eight of them halve to whole numbers three times."""
FIRST_SIDE = 48
"""Where the search begins: near the published input."""
_LOOKED_AT = 100


def input_sides(source: DataSource) -> tuple[int, ...]:
    """The sides up to that of the images themselves, rising.

    Images that are smaller than all of them keep their own: enlarged ones hold no more.

    Raises:
        DataError: No image can be read.
    """
    own = _own_side(source)
    return tuple(side for side in SIDES if side <= own) or (own,)


def first_side(sides: tuple[int, ...]) -> int:
    """The side where the search begins: the largest up to `FIRST_SIDE`, else the smallest."""
    return max((side for side in sides if side <= FIRST_SIDE), default=sides[0])


def _own_side(source: DataSource) -> int:
    """The shorter side of images: the median of some of them, spread over all."""
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
