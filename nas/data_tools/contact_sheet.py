"""Draws a contact sheet with some images of each part and class. Decodes images."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from firmware.errors import ConfigError, DataError
from firmware.output_files import MARK
from firmware.printable import printable
from nas.data.dataset import assign
from nas.data.decoding_memory import EVERYDAY
from nas.data.image_file import UNREADABLE, to_channels
from nas.data.sample import DataSource, Sample, decode, opened, unreadable
from nas.data.splits import Split
from nas.network.description import Shape

_CELL, _GAP, _MARGIN = 112, 8, 12
_LEAST_COLUMNS = 4
_HEADING, _CAPTION = 22, 16
_HEADING_SIZE, _CAPTION_SIZE = 14, 10
_MOST_PIXELS = 100_000_000
_INK, _PAPER, _PALE = (24, 24, 24), (255, 255, 255), (225, 225, 225)
_Font: TypeAlias = "ImageFont.ImageFont | ImageFont.FreeTypeFont"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """Images of one part and class.

    Attributes:
        part: Their part.
        label: Their class.
        count: Number of all images of the part and class.
        samples: The images to draw.
    """

    part: Split
    label: str
    count: int
    samples: tuple[Sample, ...]

    @property
    def heading(self) -> str:
        """The heading above the images."""
        return printable(f"{self.part} / {self.label}: {self.count:,} images")


def choose_rows(source: DataSource, per_row: int, seed: int) -> list[SheetRow]:
    """Choose images of each part and class at random, in the order of the data.

    Raises:
        ConfigError: The number of images is below 1, or the seed is below 0.
    """
    if per_row < 1 or seed < 0:
        raise ConfigError(f"{per_row} images a row, seed {seed}: expected at least 1, at least 0")
    classes, numbers, parts = assign(source)
    found: dict[tuple[Split, str], list[int]] = defaultdict(list)
    for index, (number, part) in enumerate(zip(numbers, parts, strict=True)):
        found[part, classes[number]].append(index)
    rows = []
    for row, (part, label) in enumerate(sorted(found, key=_in_order)):
        own = found[part, label]
        order = np.random.default_rng((seed, row)).permutation(len(own))
        chosen = sorted(order[:per_row].tolist())
        samples = tuple(source.samples[own[index]] for index in chosen)
        rows.append(SheetRow(part, label, len(own), samples))
    return rows


def _in_order(key: tuple[Split, str]) -> tuple[int, str]:
    part, label = key
    return list(Split).index(part), label


def draw_sheet(rows: Sequence[SheetRow], shape: Shape | None) -> Image.Image:
    """Draw the sheet.

    Args:
        rows: The rows.
        shape: Draw the images as inputs of this shape; None for the original images.

    Raises:
        DataError: The sheet would be too large.
    """
    widest = max(len(row.samples) for row in rows)
    height_of_row = _HEADING + _CELL + _CAPTION + _GAP
    width = 2 * _MARGIN + max(widest, _LEAST_COLUMNS) * (_CELL + _GAP)
    height = 2 * _MARGIN + len(rows) * height_of_row
    if width * height > _MOST_PIXELS:
        raise DataError(
            f"a sheet of {len(rows):,} rows and {widest:,} images would have {width}x{height} "
            "pixels; ask for fewer images a row"
        )
    sheet = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    heading, caption = _font(_HEADING_SIZE), _font(_CAPTION_SIZE)
    for number, row in enumerate(rows):
        top = _MARGIN + number * height_of_row
        draw.text((_MARGIN, top), row.heading, _INK, heading)
        for column, sample in enumerate(row.samples):
            left = _MARGIN + column * (_CELL + _GAP)
            _draw_cell(sheet, (left, top + _HEADING), sample, shape)
            name = _shortened(printable(sample.name.rpartition("/")[2]), draw, caption)
            draw.text((left, top + _HEADING + _CELL), name, _INK, caption)
    return sheet


def _draw_cell(
    sheet: Image.Image, place: tuple[int, int], sample: Sample, shape: Shape | None
) -> None:
    left, top = place
    box = (left, top, left + _CELL - 1, top + _CELL - 1)
    draw = ImageDraw.Draw(sheet)
    try:
        picture = _as_it_is(sample) if shape is None else _as_seen(sample, shape)
    except DataError:
        draw.rectangle(box, fill=_PALE)
        draw.line((*box[:2], *box[2:]), _INK)
        draw.line((box[0], box[3], box[2], box[1]), _INK)
        return
    middle = (left + (_CELL - picture.width) // 2, top + (_CELL - picture.height) // 2)
    sheet.paste(picture, middle)


def _as_it_is(sample: Sample) -> Image.Image:
    """The image scaled to its cell, with its aspect ratio.

    Raises:
        DataError: It is damaged.
    """
    try:
        with opened(sample, _CELL, EVERYDAY) as own:
            return _fitted(to_channels(own.image, 3))
    except (DataError, *UNREADABLE) as error:
        raise unreadable(sample, error) from error


def _fitted(image: Image.Image) -> Image.Image:
    scale = _CELL / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BILINEAR)


def made_by() -> PngInfo:
    """The metadata of the PNG file: the mark of the SDK."""
    info = PngInfo()
    info.add_text("Software", MARK)
    return info


def _as_seen(sample: Sample, shape: Shape) -> Image.Image:
    """The image as the input of a network; pixels are enlarged by a whole factor if they fit.

    Raises:
        DataError: It is damaged.
    """
    pixels = decode(sample, shape)
    image = Image.fromarray(pixels[..., 0] if shape[2] == 1 else pixels).convert("RGB")
    scale = _CELL // max(image.size)
    if scale < 1:
        image.thumbnail((_CELL, _CELL))
        return image
    return image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)


def _font(size: int) -> _Font:
    return ImageFont.load_default(size)


def _shortened(text: str, draw: ImageDraw.ImageDraw, font: _Font) -> str:
    """The end of a name that fits the cell, because names differ at their ends."""
    if draw.textlength(text, font) <= _CELL:
        return text
    while draw.textlength(f"…{text}", font) > _CELL:
        text = text[1:]
    return f"…{text}"
