"""The decoded dataset: uint8 arrays on disk, read through the page cache. I/O."""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware.errors import DataError, FileError
from firmware.files import new_folder, write_json
from firmware.printable import brief
from firmware.regular_file import read_regular
from nas.data.decoding_memory import EVERYDAY, DecodingMemory
from nas.data.row_file import RowFile
from nas.data.sample import DataSource, decode
from nas.data.splits import Split, check_splits, complete_splits
from nas.network.description import Shape

_FORMAT = "4"
"""Part of the key; change it when the decoding or the splitting changes."""
_RECORD = "dataset.json"
_DAMAGE = (FileError, OSError, EOFError, ValueError, LookupError, TypeError, RecursionError)
_MOST_RECORD_BYTES = 64 << 20
"""Names of the skipped images."""

OnImage = Callable[[int, int], None]
"""Called with the number of decoded images and the total."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Decoded images on disk.

    Attributes:
        folder: Folder of the arrays.
        key: SHA-256 of the images, the input shape and the way they were decoded.
        shape: Height, width and channels.
        classes: Names, in the order of the labels.
        counts: Number of images in each part.
        skipped: Names of the damaged images that were skipped.
    """

    folder: Path
    key: str
    shape: Shape
    classes: tuple[str, ...]
    counts: dict[str, int]
    skipped: tuple[str, ...]

    def images(self, split: Split) -> NDArray[np.uint8]:
        """The images of a part, shape (n, h, w, c), as a memory map."""
        images: NDArray[np.uint8] = np.load(self.folder / f"{split}_images.npy", mmap_mode="r")
        return images

    def labels(self, split: Split) -> NDArray[np.int32]:
        """The class numbers of a part, shape (n,)."""
        labels: NDArray[np.int32] = np.load(self.folder / f"{split}_labels.npy")
        return labels


def open_dataset(folder: Path) -> Dataset:
    """Open a dataset that is already decoded.

    Raises:
        DataError: There is none in the folder.
    """
    try:
        content = read_regular(folder / _RECORD, _MOST_RECORD_BYTES)
        record: dict[str, Any] = json.loads(content)
        height, width, channels = record["shape"]
        found = Dataset(
            folder,
            record["key"],
            (height, width, channels),
            tuple(record["classes"]),
            record["counts"],
            tuple(record["skipped"]),
        )
        for split in Split:
            images, labels = found.images(split), found.labels(split)
            if images.shape != (found.counts[split], *found.shape) or len(labels) != len(images):
                raise ValueError(f"{split} has another shape")
    except _DAMAGE as error:
        raise DataError(f"no decoded images in {str(folder)!r}") from error
    return found


def assign(source: DataSource) -> tuple[tuple[str, ...], list[int], list[Split]]:
    """The classes; and for each image the number of its class, and its part."""
    classes = tuple(sorted({sample.label for sample in source.samples}))
    numbers = {name: number for number, name in enumerate(classes)}
    labels = [numbers[sample.label] for sample in source.samples]
    return classes, labels, complete_splits([sample.split for sample in source.samples], labels)


def prepare_dataset(
    source: DataSource,
    shape: Shape,
    skip_broken: bool,
    cache: Path,
    on_image: OnImage,
    memory: DecodingMemory = EVERYDAY,
) -> Dataset:
    """Decode the images into the cache, unless it contains them already.

    Args:
        source: The images.
        shape: Height, width and channels of the decoded images.
        skip_broken: Skip damaged images instead of raising an error.
        cache: Folder of decoded datasets.
        on_image: Called with the progress.
        memory: Memory limit of the decoding.

    Raises:
        DataError: An image is damaged, a class has no images in some part, or the disk is full.
            The cache is then unchanged.
    """
    text = f"{_FORMAT} {source.content_sha256} {'x'.join(map(str, shape))} {skip_broken}"
    key = hashlib.sha256(text.encode()).hexdigest()
    folder = cache / key
    with contextlib.suppress(DataError):
        return open_dataset(folder)
    shutil.rmtree(folder, ignore_errors=True)  # damaged, if it is there
    classes, labels, splits = assign(source)
    check_splits(splits, labels, classes)
    try:
        with new_folder(folder) as incoming:
            decoding = _Decoding(source, shape, skip_broken, memory, on_image)
            counts = {}
            for split in Split:
                own = [index for index, part in enumerate(splits) if part is split]
                counts[str(split)] = decoding.write_part(incoming, split, own, labels)
            record = {
                "key": key,
                "source": source.name,
                "shape": list(shape),
                "classes": list(classes),
                "counts": counts,
                "skipped": decoding.broken,
            }
            write_json(incoming / _RECORD, record)
    except OSError as error:
        raise DataError(
            f"could not write the decoded images, {len(labels) * prod(shape):,} bytes, in "
            f"{brief(repr(str(cache)), 160)}: {error.strerror}; free space there, or set "
            "XDG_CACHE_HOME to another folder"
        ) from error
    return open_dataset(folder)


class _Decoding:
    """Decodes all images of a source, part by part.

    Attributes:
        broken: Names of the images that were skipped so far.
    """

    def __init__(
        self,
        source: DataSource,
        shape: Shape,
        skip_broken: bool,
        memory: DecodingMemory,
        on_image: OnImage,
    ) -> None:
        self._source, self._shape, self._memory = source, shape, memory
        self._skip_broken, self._on_image = skip_broken, on_image
        self._done = 0
        self.broken: list[str] = []

    def write_part(
        self, folder: Path, split: Split, indices: Sequence[int], labels: Sequence[int]
    ) -> int:
        """Write the arrays of a part; returns the number of its images.

        Raises:
            DataError: An image is damaged, or a class has no image left.
            OSError: The disk is full.
        """
        kept: list[int] = []
        with RowFile(folder / f"{split}_images.npy", self._shape, len(indices)) as file:
            for index in indices:
                pixels = self._decoded(index)
                if pixels is not None:
                    file.append(pixels)
                    kept.append(labels[index])
                self._done += 1
                self._on_image(self._done, len(self._source.samples))
        np.save(folder / f"{split}_labels.npy", np.asarray(kept, dtype=np.int32))
        if len(set(kept)) < len(set(labels)):
            names = brief(", ".join(self.broken[:5]), 300)
            raise DataError(f"a class has no readable images in {split}: {names}")
        return len(kept)

    def _decoded(self, index: int) -> NDArray[np.uint8] | None:
        sample = self._source.samples[index]
        try:
            return decode(sample, self._shape, self._memory)
        except DataError as error:
            if not self._skip_broken:
                raise DataError(f"{error}; --skip-broken skips such images") from error
            self.broken.append(sample.name)
            return None
