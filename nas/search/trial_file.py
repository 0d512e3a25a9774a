"""The SQLite file of trials: its creation, and the checks when it is read. I/O.

SQLite detects neither a changed bit in a value nor tables of another program. So a file is
recognised by its application number, its tables must have exactly our SQL, and every row has a
checksum.
"""

import contextlib
import json
import os
import sqlite3
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.records.reader import Kind
from nas.search.trial_tables import CURRENT, EARLIER, Tables, checksum, row_of, trial_of_row
from nas.search.trials import Trial

NO_STORE = Kind("is not a store of trials", "move it away, or choose another --out")
DAMAGED = Kind("is damaged", "move it away, or choose another --out")
_APPLICATION = 0x6E617354
_MOST_BYTES = 64 << 20
_MOST_VALUE_BYTES = 1 << 20
_WAIT_S = 5.0
"""Longest wait for the transaction of another process."""
_READ_S = 10.0


@dataclass(frozen=True, slots=True)
class Stored:
    """The content of a store.

    Attributes:
        config: The settings that determine a candidate's accuracy; None if they are missing or
            damaged.
        seconds: Wall-clock time of the search so far, in all its sessions; None if unknown.
        trials: The intact trials, in the order in which they ended.
        problem: What is damaged; empty if nothing is.
        is_earlier: Whether an earlier version wrote it.
        has_checksums: Whether its rows have checksums; those of the first version have none.
    """

    config: dict[str, Any] | None
    seconds: float | None
    trials: tuple[Trial, ...]
    problem: str
    is_earlier: bool
    has_checksums: bool


def open_store(path: Path) -> sqlite3.Connection:
    """Open an existing file without reading its content.

    Raises:
        RecordError: It cannot be opened, is not a regular file, or is too large.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise NO_STORE.refusal(path, "it is not a regular file")
        if found.st_size > _MOST_BYTES:
            raise NO_STORE.refusal(path, f"it is larger than {_MOST_BYTES:,} bytes")
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", _WAIT_S, isolation_level=None, uri=True
        )
    except (OSError, ValueError, sqlite3.Error) as error:
        problem = error.strerror if isinstance(error, OSError) else str(error)
        raise NO_STORE.refusal(path, problem or type(error).__name__) from error
    database.text_factory = lambda content: content.decode("utf-8", "replace")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_VALUE_BYTES)
    end_s = time.monotonic() + _WAIT_S + _READ_S
    database.set_progress_handler(lambda: time.monotonic() > end_s, 100_000)
    return database


def read_store(path: Path) -> Stored:
    """The intact content of the file.

    Raises:
        RecordError: It is not a store, is of a later version, or cannot be read now.
    """
    with contextlib.closing(open_store(path)) as database:
        try:
            of = _tables(database, path)
            problems = _damage(database)
            config, seconds = _search(database, of, problems)
            trials = _trials(database, of, problems)
        except UnicodeDecodeError as error:  # in SQLite's message about a damaged table
            raise NO_STORE.refusal(path, "its tables are not those of trials") from error
        except sqlite3.Error as error:
            if _is_damage(error):
                raise NO_STORE.refusal(path, str(error)) from error
            raise NO_STORE.refusal(path, f"it cannot be read now: {error}") from error
    problem = problems[0] if problems else ""
    is_earlier = of is not CURRENT
    return Stored(config, seconds, tuple(trials), problem, is_earlier, of.has_checksums)


def create_store(
    path: Path, config: dict[str, Any], seconds: float | None, trials: Iterable[Trial]
) -> None:
    """Create the file. An older file of this name must have been renamed before.

    Raises:
        sqlite3.Error: It cannot be written.
    """
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(temporary, isolation_level=None)) as database:
        database.execute(f"PRAGMA application_id = {_APPLICATION}")
        database.execute(f"PRAGMA user_version = {CURRENT.version}")
        database.executescript(f"BEGIN; {CURRENT.tables}")
        write_search(database, config, seconds)
        for number, trial in enumerate(trials, 1):
            insert_trial(database, number, trial)
        database.execute("COMMIT")
    temporary.replace(path)


def write_search(
    database: sqlite3.Connection, config: dict[str, Any], seconds: float | None
) -> None:
    """Write the settings of the search, and its time so far.

    Raises:
        sqlite3.Error: It cannot be written.
    """
    row = (json.dumps(config), seconds)
    database.execute("REPLACE INTO search VALUES (0, ?, ?, ?)", (*row, checksum(list(row))))


def insert_trial(database: sqlite3.Connection, number: int, trial: Trial) -> None:
    """Write a trial, replacing one of the same evaluation; it is on disk when this returns.

    Raises:
        sqlite3.Error: It cannot be written.
    """
    row = row_of(number, trial)
    marks = ", ".join("?" * (len(row) + 1))
    insert = f"INSERT OR REPLACE INTO trials VALUES ({marks})"  # noqa: S608 (marks alone)
    database.execute(insert, (*row, checksum(row)))


def keep_aside(path: Path) -> Path:
    """Give a file a second name, under which it stays when a new file replaces it.

    Raises:
        OSError: The folder cannot be written.
    """
    number = 1
    while True:
        kept = path.with_name(f"{path.stem}.kept-{number}{path.suffix}")
        try:
            os.link(path, kept)
        except FileExistsError:
            number += 1
        else:
            return kept


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether the error is caused by the file, and not by a lock, the disk or permissions."""
    name = str(getattr(error, "sqlite_errorname", ""))
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_TOOBIG"))


def _tables(database: sqlite3.Connection, path: Path) -> Tables:
    """The version of its tables. Files of other programs and of later versions are errors."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if application not in (0, _APPLICATION):
        raise NO_STORE.refusal(path, "it is the database of another program")
    if version > CURRENT.version:
        told = f"schema {version}, expected {CURRENT.version}"
        raise NO_STORE.refusal(path, f"a later version of the SDK wrote it: {told}")
    found = _tables_of(database)
    for known in (CURRENT, *EARLIER):
        with contextlib.closing(sqlite3.connect(":memory:")) as model:
            model.executescript(known.tables)
            if found == _tables_of(model) and known.has_checksums == (application != 0):
                return known
    raise NO_STORE.refusal(path, "its tables are not those of trials")


def _tables_of(database: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return database.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    ).fetchall()


def _damage(database: sqlite3.Connection) -> list[str]:
    try:
        (verdict,) = database.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        if not _is_damage(error):
            raise
        verdict = str(error)
    return [] if verdict == "ok" else [" ".join(str(verdict).split())]


def _search(
    database: sqlite3.Connection, of: Tables, problems: list[str]
) -> tuple[dict[str, Any] | None, float | None]:
    """The settings of the search and its time; None if they are missing or damaged."""
    select = "SELECT * FROM search" if of.has_checksums else "SELECT config FROM search"
    rows = _rows(database, select, problems)
    if not rows:
        return None, None
    with contextlib.suppress(ValueError, TypeError, RecursionError):
        if of.has_checksums:
            _, text, seconds, told = rows[0]
            if checksum([text, seconds]) != told:
                raise ValueError
        else:
            (text,), seconds = rows[0], None
        config = json.loads(text)
        if isinstance(config, dict):
            return config, seconds
    problems.append("the settings of the search cannot be read")
    return None, None


def _trials(database: sqlite3.Connection, of: Tables, problems: list[str]) -> list[Trial]:
    columns = (*of.columns, "checksum") if of.has_checksums else of.columns
    select = f"SELECT {', '.join(columns)} FROM trials"  # noqa: S608 (constant names)
    up = _rows(database, f"{select} ORDER BY {of.order}", problems)
    down = _rows(database, f"{select} ORDER BY {of.order} DESC", []) if problems else []
    trials: dict[Any, Trial] = {}
    for row in (*up, *reversed(down)):
        values = row[: len(of.columns)]
        if of.has_checksums and checksum(list(values)) != row[-1]:
            problems.append("a trial does not match its checksum")
            continue
        try:
            trial = trial_of_row(values, of)
        except (ValueError, TypeError, RecursionError) as error:
            problems.append(f"a trial cannot be read: {error}")
            continue
        trials.setdefault(trial.evaluation, trial)
    return list(trials.values())


def _rows(database: sqlite3.Connection, select: str, problems: list[str]) -> list[tuple[Any, ...]]:
    """The rows that can be read."""
    rows: list[tuple[Any, ...]] = []
    try:
        for row in database.execute(select):
            rows.append(row)
    except sqlite3.Error as error:
        if not _is_damage(error):
            raise
        problems.append(str(error))
    return rows
