"""Checks and cleans file names from archives and lists. Pure."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

_DRIVE = re.compile(r"[A-Za-z]:")


def parts_inside(name: str) -> Sequence[str] | None:
    r"""The parts of a path in an archive or a list; None if it leaves its folder.

    `\` separates like `/`, because archives made on Windows may contain it.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or _DRIVE.match(name):
        return None
    return path.parts


def as_unicode(name: str) -> str:
    r"""The name with bytes that are not UTF-8 written as `\xNN`, to be hashed and printed."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
