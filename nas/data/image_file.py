"""Opens an image file within limits, and converts it to grey or RGB of 8 bits. Pure.

docs/data.md describes the conversion of each kind of image.
"""

import contextlib
import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from firmware.errors import DataError, FileError

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
"""Suffixes of image files. The content of a file determines its format."""
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP")
_NO_IMAGE = f"it is not an image of a supported format: {', '.join(_FORMATS)}"

MAX_PIXELS = 1 << 26
"""Limit for one image. nas/data/decoding_memory.py limits its memory."""
MAX_FILE_BYTES = 1 << 26
"""Limit for one image file, also unpacked from a zip."""
HEAD_BYTES = 64
_HEADS = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"RIFF"),
    *(b"II*\0", b"MM\0*", b"II\0*", b"MM*\0", b"II+\0", b"MM\0+"),
)
"""First bytes of image files: JPEG, PNG, GIF, BMP, WebP, and all forms of TIFF."""
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
"""Exceptions of decoders on damaged files; warnings, if Python turns them into exceptions."""

_WHITE = 255


def check_head(head: bytes) -> None:
    """Check the first bytes of a file.

    Raises:
        DataError: No image file begins like this.
    """
    if head.startswith(_GIT_LFS):
        raise DataError("it is a Git LFS pointer; run 'git lfs pull'")
    if not head.startswith(_HEADS):
        raise DataError(_NO_IMAGE)


def open_image(content: bytes) -> Image.Image:
    """The image of a file. Its header is read, its pixels are not decoded yet.

    Raises:
        DataError: It has too many pixels.
        OSError: It is not an image; or another of `UNREADABLE` if it is damaged.
    """
    try:
        image: Image.Image = Image.open(io.BytesIO(content), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(_too_large("many more")) from error
    if image.width * image.height > MAX_PIXELS:
        raise DataError(_too_large(f"{image.width}x{image.height}"))
    return image


def _too_large(pixels: str) -> str:
    return f"it has {pixels} pixels, the limit is {MAX_PIXELS:,}; make it smaller"


def why_unreadable(error: BaseException) -> str:
    """The reason for the user why an image cannot be read."""
    if isinstance(error, UnidentifiedImageError):
        return _NO_IMAGE
    return str(error) or type(error).__name__


def shrink_early(image: Image.Image, side: int) -> None:
    """Let the decoder scale a JPEG to 1/2, 1/4 or 1/8, if it stays at least twice the wanted side.

    The image is resized afterwards; from twice the side, the result looks the same.
    """
    image.draft(None, (2 * side, 2 * side))


def to_channels(image: Image.Image, channels: int) -> Image.Image:
    """The image upright, opaque and of 8 bits, in grey (1 channel) or RGB (3 channels).

    Raises:
        DataError: Its pixels have an unknown range.
        OSError: It is damaged; or another of `UNREADABLE`.
    """
    image.load()
    image = _opaque(_of_8_bits(upright(image)))
    mode = "L" if channels == 1 else "RGB"
    return image if image.mode == mode else image.convert(mode)


def upright(image: Image.Image) -> Image.Image:
    """The image rotated as its EXIF says, in place; unchanged if its EXIF is damaged."""
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
    """The image on a white background."""
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    paper = Image.new("RGBA", image.size, (_WHITE,) * 4)
    return Image.alpha_composite(paper, image).convert("RGB")
