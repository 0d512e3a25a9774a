"""Names of files that others have chosen: which lead out of their folder, and how to write them.

Pure.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

_DRIVE = re.compile(r"[A-Za-z]:")


def parts_inside(name: str) -> Sequence[str] | None:
    r"""Folders and name of a file in an archive or a list; None if it leads out of its folder.

    `\` separates like `/`: archives made on Windows may hold it.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or _DRIVE.match(name):
        return None
    return path.parts


def as_unicode(name: str) -> str:
    r"""A name with its bytes that are no UTF-8 as `\xNN`, so that it can be hashed and printed."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
