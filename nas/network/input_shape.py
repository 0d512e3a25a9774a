"""The input shape of a network, as users write it. Pure."""

from firmware.errors import ConfigError
from nas.network.description import Shape


def parse_shape(text: str) -> Shape:
    """Parse an input shape such as `50x50x3`, written as `HxWxC`.

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
