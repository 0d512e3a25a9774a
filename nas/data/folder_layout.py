"""Determines which folders of images are classes and which are parts. Pure.

docs/data.md describes the rule. Ambiguous folders are an error, because a label is never guessed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from firmware.errors import DataError
from firmware.printable import brief
from nas.data.splits import Split, split_of_folder

Parts = Sequence[str]
"""The folders and the name of a file, outermost folder first."""
_NAMED = 4
_FORMS = "expected CLASS/picture.jpg or train/CLASS/picture.jpg"


@dataclass(frozen=True, slots=True)
class Layout:
    """The classes and parts of images.

    Attributes:
        places: Class and part of each image, by its name; the part is None if no folder names it.
        notes: Messages for the owner of the data.
    """

    places: Mapping[str, tuple[str, Split | None]]
    notes: tuple[str, ...]


def read_layout(images: Mapping[str, Parts], folders: Iterable[Parts]) -> Layout:
    """The class and part of each image.

    Args:
        images: Path of each image, by its name.
        folders: All folders, including empty ones.

    Raises:
        DataError: The folders are ambiguous, or there is no class.
    """
    depth = _wrapping(images.values())
    own_folders = {tuple(own) for own in folders}
    outer = sorted({parts[depth] for parts in images.values() if len(parts) > depth + 1})
    loose = [name for name, parts in images.items() if len(parts) == depth + 1]
    splits = {name: split_of_folder(name) for name in outer}
    has_splits = any(splits.values())
    if has_splits:
        _check_splits_alone(splits)
    if loose:
        beside = f", beside {_listed(outer)}" if outer else ""
        raise DataError(f"{_pictures(loose)} in no class folder{beside}; {_FORMS}")
    level = depth + has_splits
    if has_splits:
        _check_not_in_part(images, level)
    _check_no_inner_parts(images, level)
    places = {
        name: (parts[level], splits[parts[depth]] if has_splits else None)
        for name, parts in images.items()
    }
    return Layout(places, (*_notes(images, depth, level), *_empty(images, own_folders, level)))


def _wrapping(all_parts: Iterable[Parts]) -> int:
    """Number of outer folders that contain only one folder and no image."""
    all_parts = list(all_parts)
    depth = 0
    while all_parts and all(len(parts) > depth + 2 for parts in all_parts):
        outer = {parts[depth] for parts in all_parts}
        if len(outer) > 1 or split_of_folder(next(iter(outer))) is not None:
            break
        depth += 1
    return depth


def _check_splits_alone(splits: Mapping[str, Split | None]) -> None:
    """Check that classes are not beside parts, and that each part has one folder."""
    parts = [name for name, split in splits.items() if split is not None]
    others = [name for name, split in splits.items() if split is None]
    if others:
        raise DataError(
            f"folders of parts ({_listed(parts)}) are beside other folders of images "
            f"({_listed(others)}): it is not clear which are classes; move the class folders into "
            f"the parts, or rename a class folder that has the name of a part"
        )
    for split in Split:
        same = [name for name in parts if splits[name] is split]
        if len(same) > 1:
            raise DataError(
                f"the folders {_listed(same)} all mean the part {str(split)!r}; keep one of them"
            )


def _check_not_in_part(images: Mapping[str, Parts], level: int) -> None:
    loose = [name for name, parts in images.items() if len(parts) == level + 1]
    if loose:
        raise DataError(f"{_pictures(loose)} directly in a part, without a class folder; {_FORMS}")


def _check_no_inner_parts(images: Mapping[str, Parts], level: int) -> None:
    found = sorted(
        {
            f"{'/'.join(parts[: index + 1])}"
            for parts in images.values()
            for index in range(level + 1, len(parts) - 1)
            if split_of_folder(parts[index]) is not None
        }
    )
    if found:
        raise DataError(
            f"folders with names of parts are inside class folders: {_listed(found)}; put the "
            "parts outside (train/cat, not cat/train), or rename the folders if they are not parts"
        )


def _notes(images: Mapping[str, Parts], depth: int, level: int) -> Iterable[str]:
    if depth:
        around = next(iter(images.values()))[:depth]
        yield f"the data is in the folder {_shown('/'.join(around))}; its folders are used"
    inner = sorted(
        {"/".join(parts[:-1]) for parts in images.values() if len(parts) > level + 2},
    )
    if inner:
        yield (
            f"images in folders inside a class belong to that class: {_listed(inner)}; "
            "their class is the outermost folder"
        )


def _empty(
    images: Mapping[str, Parts], folders: Iterable[tuple[str, ...]], level: int
) -> Iterable[str]:
    """Folders in the place of classes or parts that contain no image."""
    full = {tuple(parts[:end]) for parts in images.values() for end in range(1, len(parts))}
    empty = sorted(
        "/".join(own)
        for own in folders
        if own not in full and len(own) <= level + 1 and (len(own) == 1 or own[:-1] in full)
    )
    if empty:
        yield f"no readable images in {_listed(empty)}; such folders are ignored"


def _pictures(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"the image {_shown(names[0])} is"
    return f"{len(names):,} images, such as {_shown(names[0])}, are"


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED
    shown = ", ".join(map(_shown, names[:_NAMED]))
    return f"{shown} and {rest:,} more" if rest > 0 else shown


def _shown(name: str) -> str:
    return brief(repr(name), 60)
