"""Writes a project's files into its folder, and keeps the user's files. I/O.

`manifest.json` contains the SHA-256 of every file of the project. While files are written, a
journal lists the files to be written. So an interrupted update can be distinguished from changes by
the user. The manifest is written last.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codegen.project.owned_files import users_files, write_owned
from firmware.errors import ConfigError, RecordError
from firmware.files import json_bytes, sha256_of_bytes, sha256_of_file, write_json
from firmware.records.manifest import (
    JOURNAL_SCHEMA,
    FilesRecord,
    JournalRecord,
)
from firmware.records.reader import Kind, read_json

MANIFEST = "manifest.json"
JOURNAL = ".codegen-journal.json"


def write_project(
    out: Path, manifest: Mapping[str, Any], contents: Mapping[str, bytes], is_forced: bool = False
) -> tuple[str, ...]:
    """Write the files of a project and its manifest.

    Args:
        out: Folder of the project; other files in it are kept.
        manifest: The manifest without `files`, which is added.
        contents: All other files, by path below the folder.
        is_forced: Replace files that the user put there or changed.

    Returns:
        The user's files that were replaced.

    Raises:
        ConfigError: `out` is not a folder, or a file of the user would be replaced.
    """
    if out.is_symlink() and not out.exists():
        raise ConfigError(f"{str(out)!r} is a broken link; choose another --out")
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{str(out)!r} is a file; --out names a folder")
    digests = {name: sha256_of_bytes(content) for name, content in sorted(contents.items())}
    whole = {**contents, MANIFEST: json_bytes({**manifest, "files": digests})}
    owned = _owned(out)
    replaced = users_files(out, whole, owned, is_forced)
    _write_journal(out, {**digests, MANIFEST: sha256_of_bytes(whole[MANIFEST])})
    write_owned(out, whole, owned)
    (out / JOURNAL).unlink()
    return replaced


def _owned(out: Path) -> dict[str, tuple[str, ...]]:
    """Our files in the folder, from its manifest and from the journal of an interrupted update."""
    owned = _journal_of(out)
    with contextlib.suppress(RecordError):
        record = read_json(out / MANIFEST, FilesRecord, Kind("", ""))
        if record.files:
            ours = {**record.files, MANIFEST: sha256_of_file(out / MANIFEST)}
            owned |= {name: (*owned.get(name, ()), digest) for name, digest in ours.items()}
    return owned


def _journal_of(out: Path) -> dict[str, tuple[str, ...]]:
    with contextlib.suppress(RecordError):
        return read_json(out / JOURNAL, JournalRecord, Kind("", "", JOURNAL_SCHEMA)).files
    return {}


def _write_journal(out: Path, digests: Mapping[str, str]) -> None:
    """Store the list of files to be written, in addition to those of an interrupted update."""
    files = _journal_of(out)
    files |= {name: (*files.get(name, ()), digest) for name, digest in digests.items()}
    write_json(out / JOURNAL, {"schema": JOURNAL_SCHEMA, "files": files})
