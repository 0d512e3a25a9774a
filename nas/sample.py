"""An image that is not decoded yet, and how it is decoded. Pure, but for what it reads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from firmware.errors import DataError
from nas.image_file import UNREADABLE, open_image, shrink_early, to_channels, why_unreadable
from nas.space import Shape
from nas.splits import Split


@dataclass(frozen=True, slots=True)
class Sample:
    """One image that is not decoded yet.

    Attributes:
        name: For people and error texts; characters that are no Unicode are written as escapes.
        label: Class name, written in the same way.
        split: The part that the data names for it, if any.
        read: Gives the content of an image file, or an array (h, w) or (h, w, c).
    """

    name: str
    label: str
    split: Split | None
    read: Callable[[], bytes | NDArray[Any]]

    def open(self) -> Image.Image:
        """The image; pixels of a file are decoded when they are first used.

        Raises:
            DataError: It cannot be read, or is too large.
            OSError: It is damaged, or any other of `UNREADABLE`.
        """
        return image_of(self.read())


def image_of(content: bytes | NDArray[Any]) -> Image.Image:
    """The image of a file's content or of an array.

    Raises:
        DataError: It is too large.
        OSError: It is damaged, or any other of `UNREADABLE`.
    """
    return open_image(content) if isinstance(content, bytes) else Image.fromarray(content)


@dataclass(frozen=True, slots=True)
class DataSource:
    """Images of one origin.

    Attributes:
        name: What the user gave.
        content_sha256: Of everything that was read.
        default_shape: Input shape if the user names none.
        samples: All images, in a fixed order.
        ignored: How many other files lie among them, by suffix.
    """

    name: str
    content_sha256: str
    default_shape: Shape
    samples: Sequence[Sample]
    ignored: Mapping[str, int] = field(default_factory=dict)


def decode(sample: Sample, shape: Shape) -> NDArray[np.uint8]:
    """An image at the input's resolution, (h, w, c), uint8, as a camera's frame would be scaled.

    Raises:
        DataError: The image is damaged, or too large.
    """
    height, width, channels = shape
    try:
        image = sample.open()
        shrink_early(image, max(height, width))
        image = to_channels(image, channels)
        if image.size != (width, height):
            image = image.resize((width, height), Image.Resampling.BILINEAR)
    except (*UNREADABLE, DataError) as error:
        raise unreadable(sample, error) from error
    return np.asarray(image, dtype=np.uint8).reshape(shape)


def unreadable(sample: Sample, error: BaseException) -> DataError:
    """What to tell of an image that cannot be decoded."""
    return DataError(f"could not read the image {sample.name!r}: {why_unreadable(error)}")
