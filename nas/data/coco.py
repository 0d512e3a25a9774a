"""COCO's annotation files, read as a stream: memory grows with the images, not with the file. I/O.

The sections may come in any order, so the file is read three times: for the categories, for the
images, and for the boxes.

Source: the data format on cocodataset.org; the rule of Visual Wake Words, arXiv 1906.05721,
section 3.1.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import ijson

from firmware.errors import DataError

PERSON = "person"
AREA_FRACTION = Fraction(5, 1000)
"""Of an image: a box must cover more for its person to count, says the published rule."""
_PASSES = 3

OnBytes = Callable[[int, int], None]
"""Called with the bytes read, of all passes, and with all."""


@dataclass(slots=True)
class CocoImage:
    """An image that an annotation file lists.

    Attributes:
        id: Its number, unique in the file.
        file_name: Its file, relative to the folder of images.
        pixels: Width times height.
        has_person: Whether the rule finds a person in it.
    """

    id: int
    file_name: str
    pixels: int
    has_person: bool = False


def read_coco(path: Path, area_fraction: Fraction, on_bytes: OnBytes) -> list[CocoImage]:
    """All images of an annotation file, in its order, with their labels.

    An image has a person if a box of the category `person` that is no crowd covers more than
    `area_fraction` of it. Boxes of images that the file does not list are passed over.

    Args:
        path: `instances_*.json`.
        area_fraction: Of the image's area, which a box must exceed.
        on_bytes: Gets the progress.

    Raises:
        DataError: The file cannot be read, or is no such file.
    """
    reader = _Reader(path, on_bytes)
    person = _person_id(reader)
    images = _images(reader)
    count = 0
    for count, annotation in enumerate(reader.items("annotations"), 1):  # noqa: B007 (used below)
        if reader.whole(annotation, "category_id") != person or annotation.get("iscrowd"):
            continue
        image = images.get(reader.whole(annotation, "image_id"))
        if image is not None and not image.has_person:
            area = _box_area(reader, annotation)
            image.has_person = area * area_fraction.denominator > (
                area_fraction.numerator * image.pixels
            )
    if not count:
        raise reader.error("it has no annotations")
    return list(images.values())


class _Telling:
    """A file that tells how much of it has been read."""

    def __init__(self, stream: IO[bytes], tell: Callable[[int], None]) -> None:
        self._stream = stream
        self._tell = tell

    def read(self, size: int) -> bytes:
        """The next bytes."""
        content = self._stream.read(size)
        self._tell(self._stream.tell())
        return content


class _Reader:
    """Reads the sections of one file, pass by pass."""

    def __init__(self, path: Path, on_bytes: OnBytes) -> None:
        self.path = path
        self._on_bytes = on_bytes
        self._passes = 0
        """Begun so far."""

    def items(self, section: str) -> Iterator[dict[str, Any]]:
        """The records of a section; the file is read from its beginning to its end."""
        self._passes += 1
        try:
            with self.path.open("rb") as stream:
                telling = _Telling(stream, self._tell)
                for item in ijson.items(telling, f"{section}.item", use_float=True):
                    if not isinstance(item, dict):
                        raise self.error(f"a record of {section!r} is {_shown(item)}")
                    yield item
        except ijson.JSONError as error:
            raise self.error(f"it is no whole JSON: {_shown(error)}") from error
        except OSError as error:
            raise self.error(str(error.strerror)) from error

    def _tell(self, done_bytes: int) -> None:
        all_bytes = self.path.stat().st_size
        self._on_bytes((self._passes - 1) * all_bytes + done_bytes, _PASSES * all_bytes)

    def whole(self, record: dict[str, Any], name: str) -> int:
        """A whole number of a record."""
        value = record.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(f"{name} is {_shown(value)}, expected a whole number")
        return value

    def error(self, text: str) -> DataError:
        """What is wrong with the file."""
        return DataError(f"could not use {str(self.path)!r}: {text}")


def _person_id(reader: _Reader) -> int:
    others = []
    for category in reader.items("categories"):
        if category.get("name") == PERSON:
            return reader.whole(category, "id")
        others.append(_shown(category.get("name")))
    names = ", ".join(others[:10]) or "none"
    raise reader.error(f"no category is named {PERSON!r}; its categories: {names}")


def _images(reader: _Reader) -> dict[int, CocoImage]:
    """The images by their numbers."""
    images: dict[int, CocoImage] = {}
    for record in reader.items("images"):
        number = reader.whole(record, "id")
        width, height = reader.whole(record, "width"), reader.whole(record, "height")
        name = record.get("file_name")
        if number in images or min(width, height) < 1 or not isinstance(name, str):
            reason = "occurs twice" if number in images else "has no size or no file_name"
            raise reader.error(f"image {number} {reason}")
        images[number] = CocoImage(number, name, width * height)
    if not images:
        raise reader.error("it lists no images")
    return images


def _box_area(reader: _Reader, annotation: dict[str, Any]) -> float:
    """Pixels of a box; 0 if it has no extent."""
    box = annotation.get("bbox")
    if isinstance(box, list) and len(box) == 4 and all(map(_is_number, box)):
        return float(max(0, box[2]) * max(0, box[3]))
    raise reader.error(
        f"the bbox of annotation {_shown(annotation.get('id'))} is {_shown(box)}, expected "
        "[x, y, width, height]"
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _shown(value: object) -> str:
    return repr(value)[:80]
