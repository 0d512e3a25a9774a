"""Finds images in class folders, on disk or in a zip file. Reads files."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from firmware.errors import DataError, FileError
from firmware.files import sha256_of_file
from firmware.printable import brief
from firmware.regular_file import open_regular
from firmware.zip_members import ZipMembers
from nas.data.file_names import as_unicode, parts_inside
from nas.data.folder_layout import Parts, read_layout
from nas.data.image_file import HEAD_BYTES, MAX_FILE_BYTES, SUFFIXES, check_head
from nas.data.sample import DataSource, Sample
from nas.network.description import Shape

DEFAULT_SHAPE: Shape = (50, 50, 3)
"""Default input for photographs, as in the publication."""
MOST_FILES = 200_000
"""Limit for a folder with all its subfolders."""
_MOST_LEVELS = 64
_Reader = Callable[[], bytes]


@dataclass(slots=True)
class _Found:
    """The files and folders of a source.

    Attributes:
        parts: Parts of the path of each file, by its name.
        folders: Parts of the path of each folder.
        sizes: Bytes of each file, by its name.
    """

    parts: dict[str, Parts] = field(default_factory=dict)
    folders: list[Parts] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)


def read_folder(folder: Path) -> DataSource:
    """The images in the class folders of a folder.

    Raises:
        DataError: A file cannot be read, or the folders are ambiguous.
    """
    found = _walk(folder)
    samples, ignored, notes = _samples(found, lambda name: file_reader(folder / name))
    digest = hashlib.sha256()
    for name, sample in samples.items():
        digest.update(f"{sample.name}\0{_digest(folder / name, sample)}\0".encode())
    return DataSource(
        as_unicode(str(folder)),
        digest.hexdigest(),
        DEFAULT_SHAPE,
        list(samples.values()),
        ignored,
        notes,
    )


def read_zip(archive: ZipMembers) -> DataSource:
    """The images in the class folders of a zip file.

    Raises:
        DataError: It names files outside of itself, or its folders are ambiguous.
    """
    path = archive.path
    found = _Found()
    outside = []
    for name in sorted(archive.members):
        parts = parts_inside(name)
        if parts is None:
            outside.append(name)
        elif not _is_hidden(parts):
            found.parts[name] = parts
            found.sizes[name] = archive.members[name].file_size
    if outside:
        raise DataError(
            f"{str(path)!r} names {len(outside)} files outside of itself, such as "
            f"{brief(repr(outside[0]), 80)}; the file is not used"
        )
    named = {parts_inside(name) or () for name in archive.folders}
    named |= {tuple(own[:end]) for own in found.parts.values() for end in range(1, len(own))}
    found.folders = [own for own in sorted(map(tuple, named)) if own and not _is_hidden(own)]
    samples, ignored, notes = _samples(found, lambda name: partial(_read_member, archive, name))
    name = as_unicode(str(path))
    return DataSource(
        name, sha256_of_file(path), DEFAULT_SHAPE, list(samples.values()), ignored, notes
    )


def _walk(folder: Path) -> _Found:
    """All files below a folder that are not hidden. Symbolic links are followed.

    Raises:
        DataError: A link is broken or makes a loop, an image is not a regular file, a folder
            cannot be read, or there are too many files.
    """
    found = _Found()
    status = folder.stat()
    waiting: list[tuple[Parts, frozenset[tuple[int, int]]]] = [
        ((), frozenset({(status.st_dev, status.st_ino)}))
    ]
    while waiting:
        parts, above = waiting.pop()
        for name, entry in _entries(folder.joinpath(*parts)):
            own = (*parts, name)
            if entry.is_dir():
                status = entry.stat()
                key = (status.st_dev, status.st_ino)
                if key in above or len(own) > _MOST_LEVELS:
                    raise _refusal(own, "links to a folder that contains it; remove it")
                found.folders.append(own)
                waiting.append((own, above | {key}))
            elif entry.is_file():
                found.parts["/".join(own)] = own
                found.sizes["/".join(own)] = entry.stat().st_size
            elif PurePosixPath(name).suffix.lower() in ("", *SUFFIXES):
                what = "is a broken link" if entry.is_symlink() else "is not a regular file"
                raise _refusal(own, f"{what}; remove it")
            if len(found.parts) + len(found.folders) > MOST_FILES:
                raise DataError(f"{str(folder)!r} contains more than {MOST_FILES:,} files")
    found.parts = dict(sorted(found.parts.items()))
    return found


def _entries(folder: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    try:
        with os.scandir(folder) as entries:
            yield from ((own.name, own) for own in entries if not _is_hidden((own.name,)))
    except OSError as error:
        raise DataError(f"could not read {str(folder)!r}: {error.strerror}") from error


def _refusal(parts: Parts, problem: str) -> DataError:
    return DataError(f"{brief(repr('/'.join(parts)), 160)} {problem}")


def _digest(path: Path, sample: Sample) -> str:
    if sample.file_bytes > MAX_FILE_BYTES:
        return "too large"  # reported when it is decoded
    try:
        return sha256_of_file(path)
    except OSError as error:
        raise DataError(f"could not read {str(path)!r}: {error.strerror}") from error


def _samples(
    found: _Found, reader: Callable[[str], _Reader]
) -> tuple[dict[str, Sample], dict[str, int], tuple[str, ...]]:
    """The images by name, the number of other files by suffix, and notes."""
    images: dict[str, Parts] = {}
    ignored: Counter[str] = Counter()
    for name, parts in found.parts.items():
        suffix = PurePosixPath(name).suffix.lower()
        if suffix in SUFFIXES:
            images[name] = parts
        else:
            ignored[as_unicode(suffix)] += 1
    layout = read_layout(_in_unicode(images), [[*map(as_unicode, own)] for own in found.folders])
    samples = {}
    for name in images:
        label, split = layout.places[name]
        samples[name] = Sample(as_unicode(name), label, split, reader(name), found.sizes[name])
    return samples, dict(sorted(ignored.items())), layout.notes


def _in_unicode(images: Mapping[str, Parts]) -> dict[str, Parts]:
    return {name: tuple(map(as_unicode, parts)) for name, parts in images.items()}


def _is_hidden(parts: Iterable[str]) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in parts)


def file_reader(path: Path) -> _Reader:
    """A function that returns the content of an image file.

    A file that is not regular, too large or does not begin like an image is an error; the rest of
    it is not read.
    """

    def read() -> bytes:
        with open_regular(path) as stream:
            _check_size(os.fstat(stream.fileno()).st_size)
            head = stream.read(HEAD_BYTES)
            check_head(head)
            return head + stream.read(MAX_FILE_BYTES - len(head))

    return read


def _read_member(archive: ZipMembers, name: str) -> bytes:
    _check_size(archive.members[name].file_size)
    with archive.open(name) as stream:
        head = archive.read(name, stream, HEAD_BYTES)
        check_head(head)
        return head + archive.read(name, stream, MAX_FILE_BYTES)


def _check_size(size_bytes: int) -> None:
    if size_bytes > MAX_FILE_BYTES:
        raise FileError(f"the file has {size_bytes:,} bytes, the limit is {MAX_FILE_BYTES:,}")
