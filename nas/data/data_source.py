"""Opens a source of images: a folder, a zip file, arrays, or the built-in digits. Reads files."""

from pathlib import Path

from firmware.array_file import ArrayFile
from firmware.errors import DataError, FileError
from firmware.printable import brief
from firmware.regular_file import open_regular
from firmware.zip_members import END, LOCAL, ZipMembers
from nas.data.array_source import read_arrays
from nas.data.digits_source import DIGITS, read_digits
from nas.data.folder_source import read_folder, read_zip
from nas.data.sample import DataSource

_HEAD_BYTES = 512
_TAR = (257, b"ustar")
"""Offset of the magic bytes of a tar archive. Source: POSIX.1, ustar interchange format."""
_OTHERS = (
    (b"version https://git-lfs.github.com/spec/", "is a Git LFS pointer; run 'git lfs pull'"),
    (b"\x89HDF", "is an HDF5 file; save its arrays with numpy.savez"),
    (b"\x93NUMPY", "is one array; save images and labels together with numpy.savez"),
    (b"\x80", "is a Python pickle, which may run programs; save its arrays with numpy.savez"),
    (b"\x1f\x8b", "is compressed with gzip; unpack it first"),
    (b"BZh", "is compressed with bzip2; unpack it first"),
    (b"\xfd7zXZ", "is compressed with xz; unpack it first"),
    (b"7z\xbc\xaf", "is a 7z archive; unpack it first"),
    (b"Rar!", "is a rar archive; unpack it first"),
)


def find_data(data: str) -> DataSource:
    """The images of an argument: `digits`, a folder, a .zip or an .npz.

    Raises:
        DataError: It does not exist, contains no image, or is ambiguous.
    """
    path = Path(data)
    if data == DIGITS:
        return read_digits()
    try:
        source = read_folder(path) if path.is_dir() else _read_file(path)
    except FileError as error:
        raise DataError(str(error)) from error
    except ValueError as error:  # a zero byte in the name
        raise DataError(f"{data!r} is not a file name: {error}") from error
    if not source.samples:
        raise DataError(
            f"no images in {brief(repr(data), 160)}; expected folders of JPEG or PNG files, one "
            f"for each class, optionally inside train, valid and test; {'; '.join(source.remarks)}"
        )
    return source


def _read_file(path: Path) -> DataSource:
    """The images in a file, whose first bytes determine its type."""
    if not path.exists():
        raise DataError(
            f"no such folder or file: {brief(repr(str(path)), 200)}; 'digits' is the built-in data"
        )
    with open_regular(path) as stream:
        head = stream.read(_HEAD_BYTES)
    for start, what in _OTHERS:
        if head.startswith(start):
            raise DataError(f"{brief(repr(str(path)), 200)} {what}")
    if head[_TAR[0] :].startswith(_TAR[1]):
        raise DataError(f"{brief(repr(str(path)), 200)} is a tar archive; unpack it first")
    if not head.startswith((LOCAL, END)) and path.suffix.lower() not in (".zip", ".npz"):
        raise DataError(f"{brief(repr(str(path)), 200)} is not a folder, a zip file or an .npz")
    archive = ZipMembers(path)
    if path.suffix.lower() == ".npz" or _holds_arrays(archive):
        archive.close()
        return read_arrays(ArrayFile(path))
    return read_zip(archive)


def _holds_arrays(archive: ZipMembers) -> bool:
    names = list(archive.members)
    return bool(names) and all(name.endswith(".npy") and "/" not in name for name in names)
