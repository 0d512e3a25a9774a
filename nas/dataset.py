"""Images decoded once, kept on disk as uint8 arrays that are read through the page cache. I/O."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware.errors import DataError
from firmware.files import new_folder, write_json
from nas.sample import DataSource, decode
from nas.space import Shape
from nas.splits import Split, check_splits, complete_splits

_FORMAT = "3"
"""Part of the key: change it when decoding or splitting changes."""
_RECORD = "dataset.json"

OnImage = Callable[[int, int], None]
"""Called with the images done, and with all."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Decoded images on disk.

    Attributes:
        folder: Where the arrays lie.
        key: SHA-256 of the images, the input shape and the way they were decoded.
        shape: Height, width and channels.
        classes: Names, in the order of the labels.
        counts: Images in each part.
        skipped: Names of the broken images that were left out.
    """

    folder: Path
    key: str
    shape: Shape
    classes: tuple[str, ...]
    counts: dict[str, int]
    skipped: tuple[str, ...]

    def images(self, split: Split) -> NDArray[np.uint8]:
        """(n, h, w, c) of one part, mapped and not in memory."""
        images: NDArray[np.uint8] = np.load(self.folder / f"{split}_images.npy", mmap_mode="r")
        return images

    def labels(self, split: Split) -> NDArray[np.int32]:
        """(n,) of one part."""
        labels: NDArray[np.int32] = np.load(self.folder / f"{split}_labels.npy")
        return labels


def open_dataset(folder: Path) -> Dataset:
    """A dataset that was decoded before.

    Raises:
        DataError: There is none.
    """
    try:
        record: dict[str, Any] = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"no decoded images in {str(folder)!r}") from error
    height, width, channels = record["shape"]
    return Dataset(
        folder,
        record["key"],
        (height, width, channels),
        tuple(record["classes"]),
        record["counts"],
        tuple(record["skipped"]),
    )


def assign(source: DataSource) -> tuple[tuple[str, ...], list[int], list[Split]]:
    """The classes, and for each image the number of its class and the part it belongs to."""
    classes = tuple(sorted({sample.label for sample in source.samples}))
    numbers = {name: number for number, name in enumerate(classes)}
    labels = [numbers[sample.label] for sample in source.samples]
    return classes, labels, complete_splits([sample.split for sample in source.samples], labels)


def prepare_dataset(
    source: DataSource, shape: Shape, skip_broken: bool, cache: Path, on_image: OnImage
) -> Dataset:
    """Decode images into the cache, unless they are there already.

    Args:
        source: The images.
        shape: Height, width and channels to decode to.
        skip_broken: Leave damaged images out instead of refusing the data.
        cache: Folder of decoded datasets.
        on_image: Gets the progress.

    Raises:
        DataError: An image is damaged, or the data does not make a classification problem.
    """
    text = f"{_FORMAT} {source.content_sha256} {'x'.join(map(str, shape))} {skip_broken}"
    key = hashlib.sha256(text.encode()).hexdigest()
    folder = cache / key
    if not (folder / _RECORD).is_file():
        classes, labels, splits = assign(source)
        check_splits(splits, labels, classes)
        with new_folder(folder) as incoming:
            counts, skipped = _decode_all(
                source, splits, labels, shape, skip_broken, incoming, on_image
            )
            record = {
                "key": key,
                "source": source.name,
                "shape": list(shape),
                "classes": list(classes),
                "counts": counts,
                "skipped": skipped,
            }
            write_json(incoming / _RECORD, record)
    return open_dataset(folder)


def _decode_all(
    source: DataSource,
    splits: list[Split],
    labels: list[int],
    shape: Shape,
    skip_broken: bool,
    folder: Path,
    on_image: OnImage,
) -> tuple[dict[str, int], list[str]]:
    """Write the arrays of each part; gives their counts and the names of skipped images."""
    counts: dict[str, int] = {}
    broken: list[str] = []
    done = 0
    for split in Split:
        indices = [index for index, part in enumerate(splits) if part is split]
        scratch = folder / "scratch.npy"
        images = np.lib.format.open_memmap(
            scratch, mode="w+", dtype=np.uint8, shape=(len(indices), *shape)
        )
        kept: list[int] = []
        for index in indices:
            try:
                images[len(kept)] = decode(source.samples[index], shape)
                kept.append(labels[index])
            except DataError as error:
                if not skip_broken:
                    raise DataError(f"{error}; --skip-broken leaves such images out") from error
                broken.append(source.samples[index].name)
            done += 1
            on_image(done, len(splits))
        _write_part(folder, split, images, kept)
        scratch.unlink()
        counts[str(split)] = len(kept)
        if len(set(kept)) < len(set(labels)):
            raise DataError(f"a class has no readable images in {split}: {', '.join(broken[:5])}")
    return counts, broken


def _write_part(folder: Path, split: Split, images: NDArray[np.uint8], labels: list[int]) -> None:
    np.save(folder / f"{split}_images.npy", images[: len(labels)])
    np.save(folder / f"{split}_labels.npy", np.asarray(labels, dtype=np.int32))
