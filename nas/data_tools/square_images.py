"""Finds images in folders and writes them as small squares. I/O."""

import io
import os
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from firmware.errors import DataError
from nas.data.file_names import as_unicode, parts_inside
from nas.data.folder_source import file_reader
from nas.data.sample import Sample, decode

JPEG_QUALITY = 95
_JPEG_END = b"\xff\xd9"


class ImageFolders:
    """Folders with images, directly or in subfolders of the first level.

    Args:
        folders: The folders, in the order of search.

    Raises:
        DataError: One of them is not a folder.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._places: list[Path] = []
        for folder in folders:
            if not folder.is_dir():
                raise DataError(f"no such folder of images: {str(folder)!r}")
            inside = sorted(path for path in folder.iterdir() if path.is_dir())
            self._places += [folder, *inside]

    def find(self, file_name: str) -> Path | None:
        """The file with a name from the annotations; None if there is none.

        Raises:
            DataError: The name leaves the folders.
        """
        parts = parts_inside(file_name)
        if parts is None:
            raise DataError(f"the annotations name a file outside of its folder: {file_name!r}")
        paths = (place.joinpath(*parts) for place in self._places)
        return next((path for path in paths if os.path.isfile(path)), None)  # noqa: PTH113 (any name)


def write_image(file_name: str, folders: ImageFolders, side: int, path: Path) -> None:
    """Write an image as a square JPEG, unless it is already written.

    Args:
        file_name: Its name in the annotations.
        folders: The folders to search.
        side: Rows and columns of the JPEG.
        path: The JPEG to write.

    Raises:
        DataError: It is missing, damaged or too large.
    """
    if _is_written(path):
        return
    source = folders.find(file_name)
    if source is None:
        raise DataError(f"the image {file_name!r} was removed meanwhile")
    sample = Sample(as_unicode(file_name), "", None, file_reader(source), source.stat().st_size)
    content = io.BytesIO()
    # Colours at full resolution, because a small image needs them.
    pixels = Image.fromarray(decode(sample, (side, side, 3)))
    pixels.save(content, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    incoming = path.with_suffix(".part")
    incoming.write_bytes(content.getvalue())
    incoming.replace(path)


def _is_written(path: Path) -> bool:
    """Whether an image is complete; after a power failure it may not be."""
    try:
        return path.read_bytes().endswith(_JPEG_END)
    except OSError:
        return False
