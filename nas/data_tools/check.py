"""Checks a dataset for broken, duplicate and leaking images. Decodes images."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from firmware.errors import DataError
from nas.data.dataset import assign
from nas.data.sample import DataSource
from nas.data.splits import Split, check_splits
from nas.data_tools.fingerprint import Broken, Fingerprint, look
from nas.data_tools.near import groups, near_pairs
from nas.data_tools.threads import OnStep, in_threads


@dataclass(frozen=True, slots=True)
class Twins:
    """A group of duplicate images.

    Attributes:
        numbers: Indices of the images in the source.
        is_identical: Whether their files are identical.
        parts: Their parts.
        labels: Their classes.
    """

    numbers: tuple[int, ...]
    is_identical: bool
    parts: frozenset[Split]
    labels: frozenset[str]

    @property
    def is_leak(self) -> bool:
        """Whether the images are in several parts."""
        return len(self.parts) > 1

    @property
    def is_conflict(self) -> bool:
        """Whether the images are in several classes."""
        return len(self.labels) > 1


@dataclass(frozen=True, slots=True)
class Findings:
    """The findings of a check.

    Attributes:
        source: The images.
        parts: The part of each image, as in a search.
        is_divided: Whether the data names parts.
        counts: Number of images of each part and class.
        sizes: Number of images of each size, such as `640x480`.
        modes: Number of images of each mode in Pillow.
        traits: Number of images with each special property.
        broken: Why images cannot be read, by name.
        twins: Groups of duplicates.
        unusable: Why a search cannot use the data; empty if it can.
    """

    source: DataSource
    parts: Sequence[Split]
    is_divided: bool
    counts: Mapping[Split, Mapping[str, int]]
    sizes: Mapping[str, int]
    modes: Mapping[str, int]
    traits: Mapping[str, int]
    broken: Mapping[str, str]
    twins: Sequence[Twins]
    unusable: str

    @property
    def leaks(self) -> list[Twins]:
        """Duplicates in several parts."""
        return [twins for twins in self.twins if twins.is_leak]

    @property
    def conflicts(self) -> list[Twins]:
        """Duplicates in several classes."""
        return [twins for twins in self.twins if twins.is_conflict]

    @property
    def is_sound(self) -> bool:
        """Whether no image is broken, leaks, has two classes, or is missing."""
        return not (self.broken or self.leaks or self.conflicts or self.unusable)

    @property
    def imbalance(self) -> float:
        """Ratio of the largest to the smallest class, over all parts."""
        totals = Counter(sample.label for sample in self.source.samples)
        return max(totals.values()) / min(totals.values())

    @property
    def leaked(self) -> dict[str, int]:
        """Number of images with a duplicate in an earlier part, by pair such as `train-valid`."""
        found: Counter[str] = Counter()
        for twins in self.leaks:
            own = [self.parts[number] for number in twins.numbers]
            for first, second in _pairs_of_parts():
                if first in own:
                    found[f"{first}-{second}"] += own.count(second)
        return dict(+found)

    def as_record(self) -> dict[str, Any]:
        """The findings as JSON values."""
        return {
            "data": self.source.name,
            "content_sha256": self.source.content_sha256,
            "images": len(self.source.samples),
            "counts": {str(part): dict(own) for part, own in self.counts.items()},
            "parts": "of the data" if self.is_divided else "drawn",
            "imbalance": round(self.imbalance, 3),
            "sizes": dict(self.sizes),
            "modes": dict(self.modes),
            "traits": dict(self.traits),
            "ignored_files": dict(self.source.ignored),
            "notes": list(self.source.notes),
            "broken": dict(self.broken),
            "twins": [self._twins_record(twins) for twins in self.twins],
            "leaked": self.leaked,
            "unusable": self.unusable,
            "sound": self.is_sound,
        }

    def _twins_record(self, twins: Twins) -> dict[str, Any]:
        return {
            "images": [self.source.samples[number].name for number in twins.numbers],
            "identical": twins.is_identical,
            "leak": twins.is_leak,
            "conflict": twins.is_conflict,
        }


def check(source: DataSource, on_step: OnStep) -> Findings:
    """Check all images of a dataset.

    Args:
        source: The images.
        on_step: Called with the progress.
    """
    classes, numbers, parts = assign(source)
    samples = source.samples
    looks: dict[int, Fingerprint] = {}
    broken: dict[str, str] = {}
    for number, found in enumerate(in_threads(look, samples)):
        if isinstance(found, Broken):
            broken[samples[number].name] = found.reason
        else:
            looks[number] = found
        on_step("checking images", number + 1, len(samples))
    return Findings(
        source,
        parts,
        any(sample.split for sample in samples),
        _counts(parts, [sample.label for sample in samples], classes),
        _most_first("x".join(map(str, own.size)) for own in looks.values()),
        _most_first(own.mode for own in looks.values()),
        _most_first(trait for own in looks.values() for trait in own.traits),
        broken,
        list(_find_twins(source, parts, looks)),
        _why_unusable(parts, numbers, classes),
    )


def _counts(
    parts: Sequence[Split], labels: Sequence[str], classes: Sequence[str]
) -> dict[Split, dict[str, int]]:
    found = Counter(zip(parts, labels, strict=True))
    return {part: {name: found[part, name] for name in classes} for part in Split}


def _most_first(values: Iterator[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def _why_unusable(parts: Sequence[Split], numbers: Sequence[int], classes: Sequence[str]) -> str:
    try:
        check_splits(parts, numbers, classes)
    except DataError as error:
        return str(error)
    return ""


def _find_twins(
    source: DataSource, parts: Sequence[Split], looks: Mapping[int, Fingerprint]
) -> Iterator[Twins]:
    for numbers in groups(_links(looks)):
        yield Twins(
            tuple(numbers),
            len({looks[number].content for number in numbers}) == 1,
            frozenset(parts[number] for number in numbers),
            frozenset(source.samples[number].label for number in numbers),
        )


def _links(looks: Mapping[int, Fingerprint]) -> Iterator[tuple[int, int]]:
    """Pairs that link all duplicates; identical files are compared once."""
    same: dict[bytes, list[int]] = defaultdict(list)
    for number, own in looks.items():
        same[own.content].append(number)
    for numbers in same.values():
        yield from pairwise(numbers)
    firsts = [numbers[0] for numbers in same.values()]
    if firsts:
        hashes = np.asarray([looks[number].gradients for number in firsts], dtype=np.uint64)
        colours = np.stack([looks[number].colours for number in firsts])
        for one, other in near_pairs(hashes, colours):
            yield firsts[one], firsts[other]


def _pairs_of_parts() -> list[tuple[Split, Split]]:
    return [(Split.TRAIN, Split.VALID), (Split.TRAIN, Split.TEST), (Split.VALID, Split.TEST)]
