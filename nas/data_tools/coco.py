"""Reads COCO's annotation files as a stream; memory grows with the images, not the file. I/O.

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
from typing import Any, BinaryIO

import ijson

from firmware.errors import DataError, FileError
from firmware.printable import brief
from firmware.regular_file import open_regular
from nas.data_tools.json_guard import MOST_RECORD_BYTES, JsonGuard

PERSON = "person"
AREA_FRACTION = Fraction(5, 1000)
"""Fraction of an image that the box of a person must exceed, in the published rule."""
_PASSES = 3
MOST_IMAGES = 500_000
"""Limit for the images of a file, each about 400 bytes; COCO has 123,287."""
_LOOKED_AT_BYTES = 2 * MOST_RECORD_BYTES
_MOST_WHOLE = 1 << 63
_NAMED = 10
_DAMAGE = (ijson.JSONError, ValueError, ArithmeticError, LookupError, RecursionError)

OnBytes = Callable[[int, int], None]
"""Called with the bytes read in all passes, and the total."""


@dataclass(slots=True)
class CocoImage:
    """An image that an annotation file lists.

    Attributes:
        id: Its number, unique in the file.
        file_name: Path of its file, relative to the folder of images.
        pixels: Width times height.
        has_person: Whether the rule finds a person in it.
    """

    id: int
    file_name: str
    pixels: int
    has_person: bool = False


def read_coco(path: Path, area_fraction: Fraction, on_bytes: OnBytes) -> list[CocoImage]:
    """All images of an annotation file, in its order, with their labels.

    An image has a person if a box of the category `person` that is not a crowd covers more than
    `area_fraction` of it. Boxes of images that the file does not list are ignored.

    Args:
        path: `instances_*.json`.
        area_fraction: Fraction of the image that a box must exceed.
        on_bytes: Called with the progress.

    Raises:
        DataError: The file cannot be read, or is not an annotation file.
    """
    reader = _CocoReader(path, on_bytes)
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


def check_annotations(path: Path) -> None:
    """Check that the path is a file that begins like an annotation file.

    Raises:
        DataError: It does not.
    """
    with _opened(path) as stream:
        guard = JsonGuard(stream, lambda _: None)
        try:
            while guard.end_byte < _LOOKED_AT_BYTES and guard.read():
                pass
        except FileError as error:
            raise _refusal(path, str(error)) from error


def _opened(path: Path) -> BinaryIO:
    try:
        return open_regular(path)
    except FileError as error:
        raise DataError(str(error)) from error


def _refusal(path: Path, text: str) -> DataError:
    return DataError(f"could not use {brief(repr(str(path)), 160)}: {text}")


class _CocoReader:
    """Reads the sections of one file, pass by pass."""

    def __init__(self, path: Path, on_bytes: OnBytes) -> None:
        self.path = path
        self._on_bytes = on_bytes
        self._passes = 0
        """Number of passes so far."""

    def items(self, section: str) -> Iterator[dict[str, Any]]:
        """The records of a section, in one pass through the file."""
        self._passes += 1
        with _opened(self.path) as stream:
            guard = JsonGuard(stream, self._tell)
            try:
                for item in ijson.items(guard, f"{section}.item", use_float=True):
                    if not isinstance(item, dict):
                        raise self.error(f"a record of {section!r} is {_shown(item)}")
                    yield item
            except _DAMAGE as error:
                raise self.error(
                    f"it is not complete JSON {guard.place}: {_shown(str(error))}"
                ) from error
            except OSError as error:
                raise self.error(str(error.strerror)) from error
            except FileError as error:
                raise self.error(str(error)) from error

    def _tell(self, done_bytes: int) -> None:
        all_bytes = self.path.stat().st_size
        self._on_bytes((self._passes - 1) * all_bytes + done_bytes, _PASSES * all_bytes)

    def whole(self, record: dict[str, Any], name: str) -> int:
        """A whole number of a record."""
        value = record.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MOST_WHOLE:
            return value
        raise self.error(f"{name} is {_shown(value)}, expected a whole number")

    def error(self, text: str) -> DataError:
        """The error for this file."""
        return _refusal(self.path, text)


def _person_id(reader: _CocoReader) -> int:
    others: list[str] = []
    for category in reader.items("categories"):
        if category.get("name") == PERSON:
            return reader.whole(category, "id")
        if len(others) < _NAMED:
            others.append(_shown(category.get("name"))[:40])
    names = ", ".join(others) or "none"
    raise reader.error(f"no category is named {PERSON!r}; its categories: {names}")


def _images(reader: _CocoReader) -> dict[int, CocoImage]:
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
        if len(images) > MOST_IMAGES:
            raise reader.error(f"it lists more than {MOST_IMAGES:,} images")
    if not images:
        raise reader.error("it lists no images")
    return images


def _box_area(reader: _CocoReader, annotation: dict[str, Any]) -> float:
    """Pixels of a box; 0 if it has no extent."""
    box = annotation.get("bbox")
    if isinstance(box, list) and len(box) == 4 and all(map(_is_number, box)):
        return float(max(0, box[2]) * max(0, box[3]))
    raise reader.error(
        f"the bbox of annotation {_shown(annotation.get('id'))} is {_shown(box)}, expected "
        "[x, y, width, height]"
    )


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and abs(value) < _MOST_WHOLE


def _shown(value: object) -> str:
    return repr(value)[:80]
