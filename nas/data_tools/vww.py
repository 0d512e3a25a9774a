"""Selects the images of Visual Wake Words from COCO, and their parts. Pure."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from firmware.errors import ConfigError, DataError
from nas.data.splits import TEST_FRACTION, Split
from nas.data_tools.coco import PERSON, CocoImage

CLASSES = (f"not_{PERSON}", PERSON)
MINIVAL_FRACTION = Fraction(8_059, 123_287)
"""Of COCO 2014's training and validation images, the published minival; the rest is maxitrain."""
FEWEST = 10
"""The smallest proxy: two images of each class to train, one to test."""
_MINIVAL_END = MINIVAL_FRACTION * (1 << 256) // 1
"""Images with a hash below this are for the test."""

Chosen = Mapping[Split, Sequence[CocoImage]]


def class_of(image: CocoImage) -> str:
    """The name of an image's class."""
    return CLASSES[image.has_person]


def choose_images(
    images: Sequence[CocoImage], minival: Collection[int] | None, limit: int | None
) -> Chosen:
    """The images of each part, in the order of their numbers: maxitrain to train, minival to test.

    A proxy has as many images of each class as of the other, a fifth of them to test. The choice
    depends on nothing but the numbers, and a smaller proxy is part of a larger one.

    Args:
        images: All images, with their labels.
        minival: Numbers of the test images; None to choose the published share by hash.
        limit: Number of images of the proxy; None for all images. If a class has too few, the
            proxy is smaller.

    Raises:
        ConfigError: The limit is too small.
        DataError: An image occurs twice, or no part has both classes.
    """
    if limit is not None and limit < FEWEST:
        raise ConfigError(f"a proxy of {limit} images is too small; at least {FEWEST} are needed")
    _check_unique(images)
    chosen: dict[Split, Sequence[CocoImage]] = {}
    for part, most in zip((Split.TRAIN, Split.TEST), _shares(limit), strict=True):
        own = [image for image in images if (part is Split.TEST) == _tests(image, minival)]
        if most is not None:
            own = _balanced(own, most)
        chosen[part] = sorted(own, key=lambda image: image.id)
    classes = {class_of(image) for image in chosen[Split.TRAIN]}
    if len(classes) < len(CLASSES):
        raise DataError(
            f"of {len(images):,} images, those to train are of {len(classes)} class, not of "
            f"{' and '.join(CLASSES)}"
        )
    return chosen


def _check_unique(images: Sequence[CocoImage]) -> None:
    seen: set[int] = set()
    for image in images:
        if image.id in seen:
            raise DataError(f"image {image.id} ({image.file_name!r}) is in two annotation files")
        seen.add(image.id)


def _shares(limit: int | None) -> tuple[int | None, int | None]:
    """The training and the test images."""
    if limit is None:
        return None, None
    test = round(limit * TEST_FRACTION)
    return limit - test, test


def _tests(image: CocoImage, minival: Collection[int] | None) -> bool:
    if minival is not None:
        return image.id in minival
    return _hash("minival", image) < _MINIVAL_END


def _balanced(images: Sequence[CocoImage], most: int) -> list[CocoImage]:
    """So many images at most, half of them with a person."""
    by_class = [[image for image in images if image.has_person == has] for has in (False, True)]
    each = min(most // 2, *map(len, by_class))
    return [
        image
        for own in by_class
        for image in sorted(own, key=lambda image: _hash("proxy", image))[:each]
    ]


def _hash(purpose: str, image: CocoImage) -> int:
    """A hash below 2^256."""
    return int.from_bytes(hashlib.sha256(f"{purpose} {image.id}".encode()).digest())
