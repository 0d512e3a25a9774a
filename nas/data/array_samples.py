"""Images in arrays as a sequence of samples. Each sample is made when it is used. Reads arrays."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from nas.data.file_names import as_unicode
from nas.data.sample import Sample
from nas.data.splits import Split


class ArraySamples(Sequence[Sample]):
    """The images of an array. Each sample is made when it is used.

    Args:
        name: Prefix of the name of each sample.
        row: Returns an image by its index.
        labels: Class of each image, a whole number or a text.
        digits: Digits of a class number in names, so that names sort in the order of the numbers.
        split: The part that all the images belong to.

    Attributes:
        classes: Names of the classes that occur, in order.
    """

    def __init__(
        self,
        name: str,
        row: Callable[[int], NDArray[Any]],
        labels: NDArray[Any],
        digits: int,
        split: Split | None,
    ) -> None:
        self._name, self._row, self._split = name, row, split
        classes, self._numbers = np.unique(labels, return_inverse=True)
        is_number = classes.dtype.kind in "iu"
        self.classes = [
            f"{own:0{digits}d}" if is_number else as_unicode(str(own)) for own in classes
        ]

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | Sequence[Sample]:
        if isinstance(index, slice):
            return [self[own] for own in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        label = self.classes[int(self._numbers[number])]
        read = partial(_pixels, self._row, number)
        return Sample(f"{self._name}[{number}]", label, self._split, read)


class Joined(Sequence[Sample]):
    """The samples of several parts, one part after the other."""

    def __init__(self, parts: Sequence[ArraySamples]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | Sequence[Sample]:
        if isinstance(index, slice):
            return [self[own] for own in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        for part in self._parts:
            if number < len(part):
                return part[number]
            number -= len(part)
        raise IndexError(index)

    def __iter__(self) -> Iterator[Sample]:
        for part in self._parts:
            yield from part


def _pixels(row: Callable[[int], NDArray[Any]], index: int) -> NDArray[Any]:
    """An image of (h, w) or (h, w, 3)."""
    pixels = row(index)
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
