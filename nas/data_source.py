"""Where images come from: folders, zip files, arrays, the built-in digits. Reads files."""

import zipfile
from pathlib import Path

from firmware.errors import DataError
from nas.array_source import DIGITS, read_arrays, read_digits
from nas.folder_source import read_folder, read_zip
from nas.sample import DataSource


def find_data(data: str) -> DataSource:
    """The images that an argument means: `digits`, a folder, a .zip or an .npz.

    Raises:
        DataError: There is nothing of that name, or no image in it.
    """
    path = Path(data)
    if data == DIGITS:
        source = read_digits()
    elif path.is_dir():
        source = read_folder(path)
    elif not path.is_file():
        raise DataError(f"no such folder or file: {data!r}; 'digits' is the built-in data")
    elif zipfile.is_zipfile(path):
        source = read_arrays(path) if path.suffix == ".npz" else read_zip(path)
    else:
        raise DataError(f"{data!r} is neither a folder, nor a zip file, nor an .npz")
    if not source.samples:
        others = ", ".join(f"{n:,} {suffix or 'without'}" for suffix, n in source.ignored.items())
        raise DataError(
            f"no images in {data!r}; expected folders of JPEG or PNG files, one for each class, "
            f"perhaps inside train, valid and test{f'; other files: {others}' if others else ''}"
        )
    return source
