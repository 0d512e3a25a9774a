"""Where images come from: folders, zip files, arrays, the built-in digits. Reads files."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from firmware.errors import DataError
from firmware.files import sha256_of_file
from nas.space import Shape
from nas.splits import Split, split_of_folder

DIGITS = "digits"
"""Name of the built-in data: 1,797 handwritten digits of 8×8 pixels, shipped by scikit-learn."""

DEFAULT_SHAPE: Shape = (50, 50, 3)
"""Input for photographs: the published one."""

_SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True)
class Sample:
    """One image that is not decoded yet.

    Attributes:
        name: For error texts.
        label: Class name.
        split: The part that the data names for it, if any.
        load: Gives the image: Pillow's, or an array (h, w) or (h, w, c).
    """

    name: str
    label: str
    split: Split | None
    load: Callable[[], Image.Image | NDArray[Any]]


@dataclass(frozen=True, slots=True)
class DataSource:
    """Images of one origin.

    Attributes:
        name: What the user gave.
        content_sha256: Of everything that was read.
        default_shape: Input shape if the user names none.
        samples: All images, in a fixed order.
    """

    name: str
    content_sha256: str
    default_shape: Shape
    samples: Sequence[Sample]


def find_data(data: str) -> DataSource:
    """The images that an argument means: `digits`, a folder, a .zip or an .npz.

    Raises:
        DataError: There is nothing of that name, or no image in it.
    """
    path = Path(data)
    if data == DIGITS:
        source = _digits()
    elif path.is_dir():
        source = _folder(path)
    elif not path.is_file():
        raise DataError(f"no such folder or file: {data!r}; 'digits' is the built-in data")
    elif zipfile.is_zipfile(path):
        source = _arrays(path) if path.suffix == ".npz" else _zip(path)
    else:
        raise DataError(f"{data!r} is neither a folder, nor a zip file, nor an .npz")
    if not source.samples:
        raise DataError(
            f"no images in {data!r}; expected folders of JPEG or PNG files, one for each class, "
            "perhaps inside train, valid and test"
        )
    return source


def decode(sample: Sample, shape: Shape) -> NDArray[np.uint8]:
    """An image at the input's resolution, (h, w, c), uint8, as a camera's frame would be scaled.

    Raises:
        DataError: The image is damaged.
    """
    height, width, channels = shape
    try:
        image = sample.load()
        if not isinstance(image, Image.Image):
            image = Image.fromarray(image)
        image = ImageOps.exif_transpose(image).convert("L" if channels == 1 else "RGB")
        if image.size != (width, height):
            image = image.resize((width, height), Image.Resampling.BILINEAR)
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, TypeError) as error:
        raise DataError(f"could not read the image {sample.name!r}: {error}") from error
    return np.asarray(image, dtype=np.uint8).reshape(shape)


def _place(parts: Sequence[str]) -> tuple[str, Split | None] | None:
    """Class and part of an image in these folders, the outermost first; None if it has no class."""
    if any(part.startswith((".", "__MACOSX")) for part in parts) or len(parts) < 2:
        return None
    folders = parts[:-1]
    for index, folder in enumerate(folders[:-1]):
        split = split_of_folder(folder)
        if split is not None:
            return folders[index + 1], split
    return folders[-1], None


def _image_samples(
    names: Sequence[str], opener: Callable[[str], Callable[[], Image.Image]]
) -> list[Sample]:
    samples = []
    for name in sorted(names):
        path = PurePosixPath(name)
        place = _place(path.parts) if path.suffix.lower() in _SUFFIXES else None
        if place is not None:
            samples.append(Sample(name, *place, opener(name)))
    return samples


def _folder(folder: Path) -> DataSource:
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]

    def opener(name: str) -> Callable[[], Image.Image]:
        return lambda: _loaded((folder / name).read_bytes())

    samples = _image_samples(names, opener)
    digest = hashlib.sha256()
    try:
        for sample in samples:
            digest.update(f"{sample.name}\0{sha256_of_file(folder / sample.name)}\0".encode())
    except OSError as error:
        raise DataError(f"could not read {error.filename!r}: {error.strerror}") from error
    return DataSource(str(folder), digest.hexdigest(), DEFAULT_SHAPE, samples)


def _zip(path: Path) -> DataSource:
    archive = zipfile.ZipFile(path)

    def opener(name: str) -> Callable[[], Image.Image]:
        def load() -> Image.Image:
            try:
                return _loaded(archive.read(name))
            except zipfile.BadZipFile as error:
                raise DataError(f"{str(path)!r} is damaged at {name!r}") from error

        return load

    samples = _image_samples(archive.namelist(), opener)
    return DataSource(str(path), sha256_of_file(path), DEFAULT_SHAPE, samples)


def _loaded(content: bytes) -> Image.Image:
    image: Image.Image = Image.open(io.BytesIO(content))
    image.load()
    return image


def _digits() -> DataSource:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    pixels = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    digest = hashlib.sha256(pixels.tobytes() + bunch.target.astype("<i8").tobytes())
    samples = list(_array_samples(DIGITS, pixels, bunch.target, None))
    return DataSource(DIGITS, digest.hexdigest(), (8, 8, 1), samples)


def _arrays(path: Path) -> DataSource:
    """Arrays `images` and `labels`, or `train_images`, `train_labels` and the same for others."""
    samples: list[Sample] = []
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            for prefix in ("", *(f"{part}_" for part in Split)):
                if f"{prefix}images" in arrays:
                    images, labels = arrays[f"{prefix}images"], arrays[f"{prefix}labels"]
                    _check_arrays(path, prefix, images, labels)
                    split = Split(prefix[:-1]) if prefix else None
                    samples += _array_samples(path.name, images, labels, split)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"could not read {str(path)!r}: {error}") from error
    if not samples:
        raise DataError(f"{str(path)!r} holds no arrays 'images' and 'labels'")
    first = np.asarray(samples[0].load())
    shape = (first.shape[0], first.shape[1], first.shape[2] if first.ndim == 3 else 1)
    return DataSource(str(path), sha256_of_file(path), shape, samples)


def _check_arrays(path: Path, prefix: str, images: NDArray[Any], labels: NDArray[Any]) -> None:
    is_image = images.ndim == 3 or (images.ndim == 4 and images.shape[3] in (1, 3))
    if images.dtype != np.uint8 or not is_image:
        raise DataError(
            f"{prefix}images in {str(path)!r} is {images.dtype} of shape {images.shape}; expected "
            "uint8 of (n, h, w), (n, h, w, 1) or (n, h, w, 3)"
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iuU":
        raise DataError(
            f"{prefix}labels in {str(path)!r} is {labels.dtype} of shape {labels.shape}; expected "
            f"{len(images)} whole numbers or names"
        )


def _array_samples(
    name: str, images: NDArray[np.uint8], labels: NDArray[Any], split: Split | None
) -> Iterator[Sample]:
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    digits = len(str(labels.max())) if labels.dtype.kind in "iu" and len(labels) else 0

    def opener(index: int) -> Callable[[], NDArray[Any]]:
        return lambda: images[index]

    for index, label in enumerate(labels):
        text = f"{label:0{digits}d}" if digits else str(label)
        yield Sample(f"{name}[{index}]", text, split, opener(index))
