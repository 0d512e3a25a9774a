"""How much memory the decoding of images may take, and what an image takes. Pure, but for a lock.

Images are decoded in the process that the user has started, before any worker starts.
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
"""Of one image, whatever the host has, so that data that is read here is read anywhere."""
_OWN_BUFFERS = {"WEBP": 12, "TIFF": 8, "GIF": 8, "BMP": 4}
"""Bytes for each pixel that decoders of a format hold besides the image."""
_SMALL_MODES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
"""Bytes of a pixel in Pillow's memory; 4 in all other modes."""
_RGB, _ON_PAPER, _OF_16_BITS = 4, 16, 12
"""Bytes for each pixel of the copies on the way: to RGB; RGBA, the paper, both, and RGB; 16 bits
as two arrays and 8 bits as two."""
_COEFFICIENT = 2
_EDGE_BYTES = 32
"""For each row and column: the weights with which Pillow resizes."""


class DecodingMemory:
    """Memory that threads share: small images side by side, large ones one after the other.

    Args:
        limit_bytes: That one image may take, and that all small ones together may take.
    """

    def __init__(self, limit_bytes: int = DECODING_BYTES) -> None:
        self.limit_bytes = max(0, limit_bytes)
        self._share_bytes = self.limit_bytes // (4 * (os.cpu_count() or 1))
        self._alone = threading.RLock()

    @contextlib.contextmanager
    def room(self, needed_bytes: int) -> Iterator[None]:
        """Wait until there is room for an image.

        Raises:
            DataError: There will never be.
        """
        if needed_bytes > self.limit_bytes:
            more = "" if self.limit_bytes == DECODING_BYTES else ", or raise --host-memory"
            raise DataError(
                f"it takes {needed_bytes / MIB:,.0f} MiB to decode, {self.limit_bytes / MIB:,.0f} "
                f"may be taken; make it smaller, or save it as a JPEG{more}"
            )
        with self._alone if needed_bytes > self._share_bytes else contextlib.nullcontext():
            yield


EVERYDAY = DecodingMemory()
"""Where no limit of the host's memory was asked for."""


def memory_within(limit_bytes: int | None) -> DecodingMemory:
    """What decoding may take of a limit of which this process takes a part already."""
    if limit_bytes is None:
        return EVERYDAY
    return DecodingMemory(min(DECODING_BYTES, limit_bytes - anonymous_bytes(os.getpid())))


def coefficient_bytes(image: Image.Image) -> int:
    """What a decoder keeps of a whole image whatever size it gives it: progressive JPEGs do."""
    if not image.info.get("progressive"):
        return 0
    return _COEFFICIENT * len(image.getbands()) * image.width * image.height


def decoded_bytes(image: Image.Image) -> int:
    """What it takes to decode an image that was opened and to make it what a network sees."""
    own = _SMALL_MODES.get(image.mode, 4)
    each = own + _OWN_BUFFERS.get(str(image.format), 0)
    if "exif" in image.info:
        each += own  # turned
    if image.has_transparency_data:
        each += _ON_PAPER
    elif image.mode.startswith("I;16"):
        each += _OF_16_BITS
    elif image.mode != "RGB":
        each += _RGB
    return each * image.width * image.height + _EDGE_BYTES * (image.width + image.height)
