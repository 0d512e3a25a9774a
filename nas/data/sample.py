"""An image that is not decoded yet, and its decoding. Reads images."""

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
        name: Name for messages; bytes that are not Unicode are written as escapes.
        label: Class name, written in the same way.
        split: Its part; None if the data does not name one.
        read: Returns the content of an image file, or an array (h, w) or (h, w, c).
        file_bytes: Size of its file; 0 for an array.
    """

    name: str
    label: str
    split: Split | None
    read: Callable[[], bytes | NDArray[Any]]
    file_bytes: int = 0

    def open(self) -> Image.Image:
        """The image; the pixels of a file are decoded when they are first used.

        Raises:
            DataError: It cannot be read, or is too large.
            OSError: It is damaged; or another of `UNREADABLE`.
        """
        return image_of(self.read())


def image_of(content: bytes | NDArray[Any]) -> Image.Image:
    """The image of the content of a file, or of an array.

    Raises:
        DataError: It is too large.
        OSError: It is damaged; or another of `UNREADABLE`.
    """
    return open_image(content) if isinstance(content, bytes) else Image.fromarray(content)


@dataclass(frozen=True, slots=True)
class DataSource:
    """The images of a source.

    Attributes:
        name: The value of `--data`.
        content_sha256: SHA-256 of the names and contents of all images.
        default_shape: Input shape if none is given.
        samples: All images, in a fixed order.
        ignored: Number of other files, by suffix.
        notes: Messages for the owner about how the data was interpreted.
    """

    name: str
    content_sha256: str
    default_shape: Shape
    samples: Sequence[Sample]
    ignored: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def remarks(self) -> list[str]:
        """The notes, and one line about the ignored files."""
        count = sum(self.ignored.values())
        if not count:
            return list(self.notes)
        most = sorted(self.ignored.items(), key=lambda pair: -pair[1])
        shown = ", ".join(f"{n:,} {suffix or 'without suffix'}" for suffix, n in most[:_NAMED])
        rest = count - sum(n for _, n in most[:_NAMED])
        others = f", {rest:,} others" if rest else ""
        return [*self.notes, f"ignored files that are not images: {shown}{others}"]


@dataclass(frozen=True, slots=True)
class Opened:
    """An image whose header is read.

    Attributes:
        content: The content of its file, or its array.
        size: Width and height, before the decoder scales a JPEG.
        image: The image; decoded when it is first used.
    """

    content: bytes | NDArray[Any]
    size: tuple[int, int]
    image: Image.Image


@contextlib.contextmanager
def opened(sample: Sample, side: int, memory: DecodingMemory) -> Iterator[Opened]:
    """An image that may be decoded inside the `with` block; its memory is reserved.

    Args:
        sample: The image.
        side: Wanted rows or columns; the decoder may scale a JPEG to at least twice that.
        memory: Memory limit of the decoding.

    Raises:
        DataError: It is too large.
        OSError: It is damaged; or another of `UNREADABLE`.
    """
    with memory.room(sample.file_bytes):
        content = sample.read()
        image = image_of(content)
        size, kept_bytes = image.size, sample.file_bytes + coefficient_bytes(image)
        shrink_early(image, side)
        with memory.room(kept_bytes + decoded_bytes(image)):
            yield Opened(content, size, image)


def decode(sample: Sample, shape: Shape, memory: DecodingMemory = EVERYDAY) -> NDArray[np.uint8]:
    """The image scaled to the resolution of the input, (h, w, c), uint8.

    Args:
        sample: The image.
        shape: Height, width and channels of the input.
        memory: Memory limit of the decoding.

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
    """The error for an image that cannot be decoded."""
    return DataError(f"could not read the image {sample.name!r}: {why_unreadable(error)}")
