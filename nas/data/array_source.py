"""Finds images and labels in the arrays of an .npz file. Reads files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware.array_file import ArrayFile, ArrayForm
from firmware.errors import DataError
from firmware.files import cache_folder, sha256_of_file
from firmware.printable import brief
from nas.data.array_rows import ArrayRows
from nas.data.array_samples import ArraySamples, Joined
from nas.data.file_names import as_unicode
from nas.data.image_file import MAX_PIXELS
from nas.data.sample import DataSource
from nas.data.splits import Split, split_of_folder

MOST_IMAGES = 1_000_000
MOST_CLASSES = 1000
_MOST_LABEL_BYTES = 64 << 20
_NAMES = (
    re.compile(r"(?:(?P<part>[a-z]+)_)?(?P<kind>images|labels)"),
    re.compile(r"(?P<kind>[xy])(?:_(?P<part>[a-z]+))?"),
)
"""Names of arrays: our own and MedMNIST's, and those of Keras."""
_IMAGES, _LABELS = ("images", "x"), ("labels", "y")
_EXPECTED = "expected 'images' and 'labels', 'train_images' and 'train_labels', or x_train, y_train"


@dataclass(slots=True)
class _Part:
    """The names of the arrays of one part: those of images, and those of labels."""

    images: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)


def read_arrays(file: ArrayFile) -> DataSource:
    """The images and labels of an .npz file, of one or several parts.

    Raises:
        DataError: The file is damaged, or does not contain arrays of images and labels.
    """
    path = file.path
    parts, others = _find_parts(file)
    shape: tuple[int, int, int] | None = None
    labels = {}
    for split, part in parts.items():
        form = file.form(part.images[0])
        shape = _check_images(path, part.images[0], form, shape)
        labels[split] = _labels(file, part.labels[0], form.shape[0])
    assert shape is not None, "a file without images was refused"
    digits = max(_digits(own) for own in labels.values())
    samples = []
    for split, part in parts.items():
        row = ArrayRows(file, part.images[0], cache_folder()).row
        name = path.name if split is None else f"{path.name}:{part.images[0]}"
        samples.append(ArraySamples(name, row, labels[split], digits, split))
    _check_counts(path, samples)
    notes = [f"ignored arrays: {_listed(others)}"] if others else []
    return DataSource(
        as_unicode(str(path)), sha256_of_file(path), shape, Joined(samples), notes=notes
    )


def _find_parts(file: ArrayFile) -> tuple[dict[Split | None, _Part], list[str]]:
    """The arrays of each part, and the names of all other arrays."""
    parts: dict[Split | None, _Part] = {}
    others = []
    for name in file.names:
        match = next(filter(None, (form.fullmatch(name.lower()) for form in _NAMES)), None)
        word = match["part"] if match else None
        split = split_of_folder(word) if word else None
        if match is None or (word and split is None):
            others.append(name)
            continue
        own = parts.setdefault(split, _Part())
        (own.images if match["kind"] in _IMAGES else own.labels).append(name)
    _check_parts(file, parts)
    return {split: parts[split] for split in (None, *Split) if split in parts}, others


def _check_parts(file: ArrayFile, parts: dict[Split | None, _Part]) -> None:
    """Check that each part has exactly one array of images and one of labels."""
    place = repr(str(file.path))
    if not any(own.images for own in parts.values()):
        raise DataError(
            f"{place} contains no arrays of images; {_EXPECTED}; found {_listed(file.names)}"
        )
    if None in parts and len(parts) > 1:
        raise DataError(
            f"{place} contains images without a part and images of parts: {_listed(file.names)}"
        )
    for own in parts.values():
        for names in (own.images, own.labels):
            if len(names) > 1:
                raise DataError(
                    f"{place} contains {_listed(names)}, which have the same meaning; keep one"
                )
        if not own.labels:
            raise DataError(f"{place} contains {own.images[0]!r} without labels; {_EXPECTED}")
        if not own.images:
            raise DataError(f"{place} contains {own.labels[0]!r} without images; {_EXPECTED}")


def _check_images(
    path: Path, name: str, form: ArrayForm, before: tuple[int, int, int] | None
) -> tuple[int, int, int]:
    """Height, width and channels of an array's images."""
    shape = form.shape
    is_image = len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3))
    if form.dtype != np.uint8 or not is_image:
        turned = len(shape) == 4 and shape[1] in (1, 3) and not is_image
        hint = "; channels come last: save images.transpose(0, 2, 3, 1)" if turned else ""
        raise DataError(
            f"{name} in {str(path)!r} is {form.dtype} of shape {shape}; expected "
            f"uint8 of (n, h, w), (n, h, w, 1) or (n, h, w, 3){hint}"
        )
    if shape[0] > MOST_IMAGES or not 0 < shape[1] * shape[2] <= MAX_PIXELS:
        raise DataError(
            f"{name} in {str(path)!r} has shape {shape}; at most {MOST_IMAGES:,} images of 1 to "
            f"{MAX_PIXELS:,} pixels are read"
        )
    found = (shape[1], shape[2], shape[3] if len(shape) == 4 else 1)
    if before is not None and before[2] != found[2]:
        raise DataError(
            f"{name} in {str(path)!r} has {found[2]} channels, the images of another part "
            f"{before[2]}"
        )
    return before or found


def _labels(file: ArrayFile, name: str, count: int) -> NDArray[Any]:
    """The labels as whole numbers or text, shape (n,)."""
    labels = file.read(name, _MOST_LABEL_BYTES)
    place = f"{name} in {str(file.path)!r} is {labels.dtype} of shape {labels.shape}"
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.shape[0] == count:
        raise DataError(
            f"{place}, such as one-hot labels; expected one number for each image: save "
            f"{name}.argmax(axis=1)"
        )
    if labels.shape != (count,) or labels.dtype.kind not in "biufUS":
        raise DataError(f"{place}; expected {count} whole numbers or names")
    if labels.dtype.kind == "b":
        return labels.astype(np.int64)
    if labels.dtype.kind == "S":
        return np.asarray([own.decode("utf-8", "backslashreplace") for own in labels.tolist()])
    if labels.dtype.kind == "f":
        if not np.isfinite(labels).all() or (np.abs(labels) >= 2**53).any() or (labels % 1).any():
            raise DataError(f"{place} and not whole; expected {count} whole numbers or names")
        return labels.astype(np.int64)
    return labels


def _digits(labels: NDArray[Any]) -> int:
    """Number of digits of the largest class number; 0 if classes have names."""
    return len(str(labels.max())) if labels.dtype.kind in "iu" and len(labels) else 0


def _check_counts(path: Path, samples: Sequence[ArraySamples]) -> None:
    classes = {label for own in samples for label in own.classes}
    if len(classes) > MOST_CLASSES:
        raise DataError(
            f"{str(path)!r} has {len(classes):,} different labels; the maximum is "
            f"{MOST_CLASSES:,} classes"
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(brief(repr(name), 40) for name in names[:6])
    return (shown or "none") + (f" and {len(names) - 6:,} more" if len(names) > 6 else "")
