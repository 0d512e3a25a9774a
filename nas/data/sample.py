"""An image that is not decoded yet, and how it is decoded. Pure, but for what it reads."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from firmware.errors import DataError
from nas.data.decoding_memory import EVERYDAY, DecodingMemory, coefficient_bytes, decoded_bytes
from nas.data.image_file import UNREADABLE, open_image, shrink_early, to_channels, why_unreadable
from nas.data.splits import Split
from nas.network.description import Shape

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """One image that is not decoded yet.

    Attributes:
        name: For people and error texts; characters that are no Unicode are written as escapes.
        label: Class name, written in the same way.
        split: The part that the data names for it, if any.
        read: Gives the content of an image file, or an array (h, w) or (h, w, c).
        file_bytes: Of its file; 0 of an array.
    """

    name: str
    label: str
    split: Split | None
    read: Callable[[], bytes | NDArray[Any]]
    file_bytes: int = 0

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
        notes: What the owner of the data should know of how it was understood.
    """

    name: str
    content_sha256: str
    default_shape: Shape
    samples: Sequence[Sample]
    ignored: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def remarks(self) -> list[str]:
        """The notes, and the files that are passed over, one line each."""
        count = sum(self.ignored.values())
        if not count:
            return list(self.notes)
        most = sorted(self.ignored.items(), key=lambda pair: -pair[1])
        shown = ", ".join(f"{n:,} {suffix or 'without suffix'}" for suffix, n in most[:_NAMED])
        rest = count - sum(n for _, n in most[:_NAMED])
        others = f", {rest:,} others" if rest else ""
        return [*self.notes, f"files passed over, which are not read as images: {shown}{others}"]


@dataclass(frozen=True, slots=True)
class Opened:
    """An image of which the header was read.

    Attributes:
        content: Its file, or its array.
        size: Width and height of the whole, before a JPEG is decoded at a part of them.
        image: Decoded when it is first used.
    """

    content: bytes | NDArray[Any]
    size: tuple[int, int]
    image: Image.Image


@contextlib.contextmanager
def opened(sample: Sample, side: int, memory: DecodingMemory) -> Iterator[Opened]:
    """An image whose pixels may be decoded inside the block: there is memory for it.

    Args:
        sample: The image.
        side: Pixels a side that are wanted of it; a JPEG is decoded at a part of its size.
        memory: What decoding may take.

    Raises:
        DataError: It is too large.
        OSError: It is damaged, or any other of `UNREADABLE`.
    """
    with memory.room(sample.file_bytes):
        content = sample.read()
        image = image_of(content)
        size, kept_bytes = image.size, sample.file_bytes + coefficient_bytes(image)
        shrink_early(image, side)
        with memory.room(kept_bytes + decoded_bytes(image)):
            yield Opened(content, size, image)


def decode(sample: Sample, shape: Shape, memory: DecodingMemory = EVERYDAY) -> NDArray[np.uint8]:
    """An image at the input's resolution, (h, w, c), uint8, as a camera's frame would be scaled.

    Args:
        sample: The image.
        shape: Height, width and channels of the input.
        memory: What decoding may take.

    Raises:
        DataError: The image is damaged, or too large.
    """
    height, width, channels = shape
    try:
        with opened(sample, max(height, width), memory) as own:
            image = to_channels(own.image, channels)
            if image.size != (width, height):
                image = image.resize((width, height), Image.Resampling.BILINEAR)
    except (*UNREADABLE, DataError) as error:
        raise unreadable(sample, error) from error
    return np.asarray(image, dtype=np.uint8).reshape(shape)


def unreadable(sample: Sample, error: BaseException) -> DataError:
    """What to tell of an image that cannot be decoded."""
    return DataError(f"could not read the image {sample.name!r}: {why_unreadable(error)}")
