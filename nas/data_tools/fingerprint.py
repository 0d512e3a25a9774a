"""The fingerprint of an image: 300 bytes to compare it with 100,000 others. Decodes images."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from firmware.errors import DataError
from nas.data.decoding_memory import EVERYDAY
from nas.data.image_file import UNREADABLE, to_channels, why_unreadable
from nas.data.sample import Opened, Sample, opened

FIELDS = 8
"""Rows and columns of the fields that are compared."""
_SIDE = 32
_TURNED, _ON_ITS_SIDE = range(2, 9), range(5, 9)
"""Values of the EXIF orientation."""
_TRAITS: dict[str, Callable[[Image.Image], bool]] = {
    "turned by EXIF": lambda image: _orientation(image) in _TURNED,
    "transparent": lambda image: image.has_transparency_data,
    "several pictures": lambda image: getattr(image, "is_animated", False),
}


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The fingerprint of a readable image.

    Attributes:
        content: SHA-256 of its file, or of its array.
        size: Width and height, upright.
        mode: Its mode in Pillow: `RGB`, `L`, `P`, `CMYK`, …
        traits: Its special properties.
        gradients: Difference hash of 64 bits: whether each field is brighter than its left one.
        colours: Mean colours of 8×8 fields, (8, 8, 3), uint8.
    """

    content: bytes
    size: tuple[int, int]
    mode: str
    traits: tuple[str, ...]
    gradients: int
    colours: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Broken:
    """An image that cannot be read.

    Attributes:
        reason: Why.
    """

    reason: str


def look(sample: Sample) -> Fingerprint | Broken:
    """Read an image; returns its fingerprint, or why it cannot be read."""
    try:
        with opened(sample, _SIDE, EVERYDAY) as own:
            return _fingerprint(own)
    except (DataError, *UNREADABLE) as error:
        return Broken(why_unreadable(error))


def _fingerprint(own: Opened) -> Fingerprint:
    image, (width, height) = own.image, own.size
    image.load()
    traits = tuple(name for name, has in _TRAITS.items() if has(image))
    mode = image.mode
    is_on_its_side = _orientation(image) in _ON_ITS_SIDE
    pixels = to_channels(image, 3)
    return Fingerprint(
        _sha256(own.content),
        (height, width) if is_on_its_side else (width, height),
        mode,
        traits,
        gradients(pixels),
        _fields(pixels, FIELDS),
    )


def gradients(image: Image.Image) -> int:
    """The difference hash: each bit is 1 if a field is brighter than the one to its left."""
    grey = np.asarray(image.convert("L").resize((FIELDS + 1, FIELDS), Image.Resampling.BILINEAR))
    return int.from_bytes(np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes())


def _fields(image: Image.Image, side: int) -> NDArray[np.uint8]:
    return np.asarray(image.resize((side, side), Image.Resampling.BILINEAR), dtype=np.uint8)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation; 1 (upright) if it is missing or damaged."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except UNREADABLE:
        return 1
    return value if isinstance(value, int) else 1


def _sha256(content: bytes | NDArray[Any]) -> bytes:
    if isinstance(content, bytes):
        return hashlib.sha256(content).digest()
    return hashlib.sha256(f"{content.shape}".encode() + content.tobytes()).digest()
