"""Opens the folds of a dataset; their images lie in a file beside it. I/O."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firmware.errors import DataError
from firmware.files import replacing
from nas.data.dataset import Dataset
from nas.data.folds import fold_rows
from nas.data.row_file import RowFile, holds_rows
from nas.data.splits import Split


@dataclass(frozen=True, slots=True)
class Fold(Dataset):
    """A dataset whose validation part is one fold, and whose training part is the others.

    The images lie fold after fold in a file, twice. So both parts are consecutive rows of the file,
    which are read through the page cache and never copied.

    Attributes:
        path: The file.
        first: Row of the first validation image.
        end: Row after the last validation image, and of the first training image.
        last: Row after the last training image.
        rows: The class of each row of the file, shape (2 n,).
    """

    path: Path
    first: int
    end: int
    last: int
    rows: NDArray[np.int32]

    def images(self, split: Split) -> NDArray[np.uint8]:
        """The images of a part, shape (n, h, w, c), as a memory map."""
        if split is Split.TEST:
            return Dataset.images(self, split)
        images: NDArray[np.uint8] = np.load(self.path, mmap_mode="r")
        return images[self._part(split)]

    def labels(self, split: Split) -> NDArray[np.int32]:
        """The class numbers of a part, shape (n,)."""
        return Dataset.labels(self, split) if split is Split.TEST else self.rows[self._part(split)]

    def _part(self, split: Split) -> slice:
        return slice(self.end, self.last) if split is Split.TRAIN else slice(self.first, self.end)


def open_folds(dataset: Dataset, folds: int) -> list[Fold]:
    """The folds of the training and validation images. Writes their file beside them if needed.

    Raises:
        DataError: The file could not be written.
    """
    labels = np.concatenate([dataset.labels(Split.TRAIN), dataset.labels(Split.VALID)])
    parts = fold_rows(labels, folds)
    order = np.concatenate([*parts, *parts])
    path = dataset.folder / f"train_valid_{folds}_folds.npy"
    if not holds_rows(path, (len(order), *dataset.shape)):
        _write(path, dataset, order)
    ends = np.cumsum([len(part) for part in parts]).tolist()
    own = {name: getattr(dataset, name) for name in Dataset.__dataclass_fields__}
    return [
        Fold(**own, path=path, first=first, end=end, last=first + len(labels), rows=labels[order])
        for first, end in zip([0, *ends], ends, strict=False)
    ]


def _write(path: Path, dataset: Dataset, order: NDArray[np.int64]) -> None:
    train, valid = dataset.images(Split.TRAIN), dataset.images(Split.VALID)
    try:
        with (
            replacing(path) as temporary,
            RowFile(temporary, dataset.shape, len(order)) as file,
        ):
            for index in order:
                file.append(train[index] if index < len(train) else valid[index - len(train)])
    except OSError as error:
        raise DataError(
            f"could not write the folds of the images, {len(order):,} images in "
            f"{str(path)!r}: {error.strerror}; free space there, or pass --folds 1"
        ) from error
