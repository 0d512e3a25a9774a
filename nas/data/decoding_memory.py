"""Limits the memory of decoding images, and predicts it for an image. Pure, except for a lock.

Images are decoded in the main process, before any worker starts.
"""

import contextlib
import os
import threading
from collections.abc import Iterator

from PIL import Image

from firmware.errors import DataError
from nas.host.process_memory import anonymous_bytes

MIB = 1 << 20
DECODING_BYTES = 128 * MIB
"""Largest memory of one image on every host, so that a dataset that one host can read, all can."""
_OWN_BUFFERS = {"WEBP": 12, "TIFF": 8, "GIF": 8, "BMP": 4}
"""Bytes per pixel that the decoder of a format allocates beside the image."""
_SMALL_MODES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
"""Bytes per pixel in Pillow, by mode; 4 in all other modes."""
_GREY, _RGB, _ON_PAPER, _OF_16_BITS = 1, 4, 16, 12
"""Bytes per pixel of the copies that a conversion makes: of RGB to grey; to RGB; of RGBA: the white
background, the composition and RGB; of 16 bits: two arrays of 16 and two of 8 bits."""
_COEFFICIENT = 2
_EDGE_BYTES = 32
"""Bytes per row and per column of the weights with which Pillow resizes."""


class DecodingMemory:
    """A memory budget shared by threads: small images in parallel, large images one at a time.

    Args:
        limit_bytes: Limit for one image, and for all small images together.
    """

    def __init__(self, limit_bytes: int = DECODING_BYTES) -> None:
        self.limit_bytes = max(0, limit_bytes)
        self._share_bytes = self.limit_bytes // (4 * (os.cpu_count() or 1))
        self._alone = threading.RLock()

    @contextlib.contextmanager
    def room(self, needed_bytes: int) -> Iterator[None]:
        """Wait until the memory of an image is free.

        Raises:
            DataError: The image needs more than the limit.
        """
        if needed_bytes > self.limit_bytes:
            more = "" if self.limit_bytes == DECODING_BYTES else ", or raise --host-memory"
            raise DataError(
                f"decoding it needs {needed_bytes / MIB:,.0f} MiB, the limit is "
                f"{self.limit_bytes / MIB:,.0f} MiB; make it smaller, or save it as a JPEG{more}"
            )
        with self._alone if needed_bytes > self._share_bytes else contextlib.nullcontext():
            yield


EVERYDAY = DecodingMemory()
"""The budget without a memory limit of the host."""


def memory_within(limit_bytes: int | None) -> DecodingMemory:
    """The budget under a memory limit of the host, of which this process already uses a part."""
    if limit_bytes is None:
        return EVERYDAY
    return DecodingMemory(min(DECODING_BYTES, limit_bytes - anonymous_bytes(os.getpid())))


def coefficient_bytes(image: Image.Image) -> int:
    """Memory that a decoder needs at any output size, as for progressive JPEGs."""
    if not image.info.get("progressive"):
        return 0
    return _COEFFICIENT * len(image.getbands()) * image.width * image.height


def decoded_bytes(image: Image.Image) -> int:
    """Memory to decode an opened image and to convert it to the input of a network."""
    own = _SMALL_MODES.get(image.mode, 4)
    each = own + _OWN_BUFFERS.get(str(image.format), 0)
    if "exif" in image.info:
        each += own  # turned
    if image.has_transparency_data:
        each += _ON_PAPER
    elif image.mode.startswith("I;16"):
        each += _OF_16_BITS
    else:
        each += _GREY if image.mode == "RGB" else _RGB
    return each * image.width * image.height + _EDGE_BYTES * (image.width + image.height)
