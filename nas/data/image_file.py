"""One image file: opened within limits, and made what a network sees. Pure, but for its decoders.

What is done to each kind of image is told in docs/data.md.
"""

import contextlib
import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from firmware.errors import DataError, FileError

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
"""Of the files that are taken for images; what they hold decides how they are read."""
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP")
_NO_IMAGE = f"it is no image, or none of {', '.join(_FORMATS)}"

MAX_PIXELS = 1 << 26
"""Of one image. Its memory is bounded in nas/data/decoding_memory.py."""
MAX_FILE_BYTES = 1 << 26
"""Of one image file, also in a zip, where a small one may unpack to anything."""
HEAD_BYTES = 64
_HEADS = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"RIFF"),
    *(b"II*\0", b"MM\0*", b"II\0*", b"MM*\0", b"II+\0", b"MM\0+"),
)
"""What image files begin with: JPEG, PNG, GIF, BMP, WebP; TIFF in all its ways."""
_GIT_LFS = b"version https://git-lfs.github.com/spec/"

UNREADABLE = (
    *(OSError, ValueError, SyntaxError, TypeError, EOFError, LookupError, ArithmeticError),
    *(
        AttributeError,
        RuntimeError,
        struct.error,
        zlib.error,
        Image.DecompressionBombError,
        Warning,
        FileError,
    ),
)
"""What decoders raise on damaged files; warnings where Python was told to raise them."""

_WHITE = 255


def check_head(head: bytes) -> None:
    """Refuse the file that begins so, if no image does.

    Raises:
        DataError: It is none.
    """
    if head.startswith(_GIT_LFS):
        raise DataError("it is a Git LFS pointer; run 'git lfs pull'")
    if not head.startswith(_HEADS):
        raise DataError(_NO_IMAGE)


def open_image(content: bytes) -> Image.Image:
    """The image of a file's content, its header read and its pixels not yet.

    Raises:
        DataError: It has too many pixels.
        OSError: It is no image; any of `UNREADABLE` if it is damaged.
    """
    try:
        image: Image.Image = Image.open(io.BytesIO(content), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(_too_large("many more")) from error
    if image.width * image.height > MAX_PIXELS:
        raise DataError(_too_large(f"{image.width}x{image.height}"))
    return image


def _too_large(pixels: str) -> str:
    return f"it has {pixels} pixels, at most {MAX_PIXELS:,} are read; make it smaller"


def why_unreadable(error: BaseException) -> str:
    """What an error of reading an image means to its owner."""
    if isinstance(error, UnidentifiedImageError):
        return _NO_IMAGE
    return str(error) or type(error).__name__


def shrink_early(image: Image.Image, side: int) -> None:
    """Have a JPEG decoded at an eighth, a quarter or half of its size, if enough is left.

    Twice the side that is wanted is enough: what is resized afterwards looks the same.
    """
    image.draft(None, (2 * side, 2 * side))


def to_channels(image: Image.Image, channels: int) -> Image.Image:
    """The image upright, of 8 bits, opaque, in grey (1 channel) or RGB (3).

    Raises:
        DataError: Its pixels are of a kind whose range is not known.
        OSError: It is damaged, or any other of `UNREADABLE`.
    """
    image.load()
    image = _opaque(_of_8_bits(upright(image)))
    mode = "L" if channels == 1 else "RGB"
    return image if image.mode == mode else image.convert(mode)


def upright(image: Image.Image) -> Image.Image:
    """The image turned as its EXIF says, in its place; as it is if its EXIF is damaged."""
    with contextlib.suppress(*UNREADABLE):
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _of_8_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise DataError("its pixels are 32-bit numbers of unknown range; save it with 8 or 16 bits")
    return image


def _opaque(image: Image.Image) -> Image.Image:
    """The image on white: pictures with transparent parts are made to be seen on paper."""
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    paper = Image.new("RGBA", image.size, (_WHITE,) * 4)
    return Image.alpha_composite(paper, image).convert("RGB")
