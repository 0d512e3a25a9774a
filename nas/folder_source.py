"""Images in class folders, on disk or in a zip file. Reads files."""

import hashlib
import lzma
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from firmware.errors import DataError
from firmware.files import sha256_of_file
from nas.file_names import as_unicode, parts_inside
from nas.image_file import MAX_FILE_BYTES, SUFFIXES
from nas.sample import DataSource, Sample
from nas.space import Shape
from nas.splits import Split, split_of_folder

DEFAULT_SHAPE: Shape = (50, 50, 3)
"""Input for photographs: the published one."""
_UNIX, _ENCRYPTED = 3, 1
"""Values of zip's `create_system` and bit of its `flag_bits`."""
_BAD_MEMBER = (zipfile.BadZipFile, zlib.error, lzma.LZMAError)
_Reader = Callable[[], bytes]


def read_folder(folder: Path) -> DataSource:
    """The images in the class folders of a folder.

    Raises:
        DataError: A file cannot be read.
    """
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    readers = {name: file_reader(folder / name) for name in sorted(names)}
    samples, ignored = _samples({name: PurePosixPath(name).parts for name in readers}, readers)
    digest = hashlib.sha256()
    try:
        for name, sample in samples.items():
            digest.update(f"{sample.name}\0{sha256_of_file(folder / name)}\0".encode())
    except OSError as error:
        raise DataError(f"could not read {error.filename!r}: {error.strerror}") from error
    name = as_unicode(str(folder))
    return DataSource(name, digest.hexdigest(), DEFAULT_SHAPE, list(samples.values()), ignored)


def read_zip(path: Path) -> DataSource:
    """The images in the class folders of a zip file.

    Raises:
        DataError: The file is damaged, or names files outside of itself.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DataError(f"{str(path)!r} is no usable zip file: {error}") from error
    infos = {info.filename: info for info in archive.infolist() if not info.is_dir()}
    parts = {name: parts_inside(name) for name in sorted(infos)}
    outside = [name for name, found in parts.items() if found is None]
    if outside:
        raise DataError(
            f"{str(path)!r} names {len(outside)} files outside of itself, such as {outside[0]!r}; "
            "nothing of it is used"
        )
    inside = {name: found for name, found in parts.items() if found is not None}
    readers = {name: _member_reader(archive, infos[name]) for name in inside}
    samples, ignored = _samples(inside, readers)
    name = as_unicode(str(path))
    return DataSource(name, sha256_of_file(path), DEFAULT_SHAPE, list(samples.values()), ignored)


def _samples(
    parts: Mapping[str, Sequence[str]], readers: Mapping[str, _Reader]
) -> tuple[dict[str, Sample], dict[str, int]]:
    """The images of these files by their names, and how many others there are, by suffix."""
    samples: dict[str, Sample] = {}
    ignored: Counter[str] = Counter()
    for name, folders in parts.items():
        suffix = PurePosixPath(name).suffix.lower()
        if _is_hidden(folders):
            continue
        if suffix not in SUFFIXES or len(folders) < 2:
            ignored[as_unicode(suffix)] += 1
            continue
        label, split = _place(folders[:-1])
        samples[name] = Sample(as_unicode(name), as_unicode(label), split, readers[name])
    return samples, dict(sorted(ignored.items()))


def _is_hidden(parts: Sequence[str]) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in parts)


def _place(folders: Sequence[str]) -> tuple[str, Split | None]:
    """Class and part of an image in these folders, the outermost first."""
    for index, folder in enumerate(folders[:-1]):
        split = split_of_folder(folder)
        if split is not None:
            return folders[index + 1], split
    return folders[-1], None


def file_reader(path: Path) -> _Reader:
    """Gives the content of a file when it is called, unless the file is too large."""

    def read() -> bytes:
        size_bytes = path.stat().st_size
        _check_size(size_bytes)
        return path.read_bytes()

    return read


def _member_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Reader:
    def read() -> bytes:
        if info.create_system == _UNIX and stat.S_ISLNK(info.external_attr >> 16):
            raise DataError("it is a link, which a zip file may not hold")
        if info.flag_bits & _ENCRYPTED:
            raise DataError("it is encrypted")
        _check_size(info.file_size)
        try:
            return archive.read(info)
        except (*_BAD_MEMBER, EOFError, NotImplementedError) as error:
            raise DataError(f"the zip file is damaged there: {error}") from error

    return read


def _check_size(size_bytes: int) -> None:
    if size_bytes > MAX_FILE_BYTES:
        raise DataError(f"the file has {size_bytes:,} bytes, at most {MAX_FILE_BYTES:,} are read")
