"""The SQL tables of a store of trials, of all versions, and the rows of trials. Pure."""

import json
import zlib
from dataclasses import dataclass
from typing import Any

from firmware.records.conversion import from_record, to_record
from nas.search.trials import Trial

NEEDS = ("macc", "model_bytes", "arena_bytes", "latency_us")
_MEASURED = ("seconds", "peak_anonymous_bytes", "predicted_anonymous_bytes")
_TRIAL = """
    repeat INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    macc INTEGER,
    model_bytes INTEGER,
    arena_bytes INTEGER,
    latency_us INTEGER,
    accuracies TEXT NOT NULL,
    seconds REAL NOT NULL,
    peak_anonymous_bytes INTEGER NOT NULL,
    predicted_anonymous_bytes INTEGER NOT NULL,
    checksum INTEGER NOT NULL,"""
_SEARCH = """
CREATE TABLE search (
    only INTEGER PRIMARY KEY CHECK (only = 0),
    config TEXT NOT NULL,
    seconds REAL,
    checksum INTEGER NOT NULL
);
"""
_THIRD = f"""{_SEARCH}CREATE TABLE trials (
    number INTEGER PRIMARY KEY,
    candidate TEXT NOT NULL,{_TRIAL}
    UNIQUE (candidate, repeat)
);
"""
_SECOND = f"""{_SEARCH}CREATE TABLE trials (
    number INTEGER PRIMARY KEY,
    k INTEGER NOT NULL,
    c INTEGER NOT NULL,
    side INTEGER NOT NULL,{_TRIAL}
    UNIQUE (k, c, side, repeat)
);
"""
_FIRST = """
CREATE TABLE search (only INTEGER PRIMARY KEY CHECK (only = 0), config TEXT NOT NULL);
CREATE TABLE trials (
    k INTEGER NOT NULL,
    c INTEGER NOT NULL,
    side INTEGER NOT NULL,
    repeat INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    macc INTEGER,
    model_bytes INTEGER,
    arena_bytes INTEGER,
    accuracies TEXT NOT NULL,
    seconds REAL NOT NULL,
    peak_anonymous_bytes INTEGER NOT NULL,
    predicted_anonymous_bytes INTEGER NOT NULL,
    PRIMARY KEY (k, c, side, repeat)
);
"""
_JUDGED = ("repeat", "status", "reason", *NEEDS, "accuracies", *_MEASURED)
_CELLS = ("k", "c", "side")


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one version.

    Attributes:
        version: SQLite's `user_version`.
        tables: The SQL that creates them.
        columns: Columns of a trial, in order, without the checksum.
        has_checksums: Whether each row has a checksum; the first version has none.
    """

    version: int
    tables: str
    columns: tuple[str, ...]
    has_checksums: bool = True

    @property
    def order(self) -> str:
        """The column that gives the order in which trials ended."""
        return "number" if self.has_checksums else "rowid"


CURRENT = Tables(3, _THIRD, ("number", "candidate", *_JUDGED))
EARLIER = (
    Tables(2, _SECOND, ("number", *_CELLS, *_JUDGED)),
    Tables(0, _FIRST, (*_CELLS, *(name for name in _JUDGED if name != "latency_us")), False),
)
"""Earlier versions, with the candidates k, c and side."""


def checksum(values: list[Any]) -> int:
    """The checksum of the values of a row."""
    return zlib.crc32(json.dumps(values, default=repr).encode())


def row_of(number: int, trial: Trial) -> list[Any]:
    """The values of a trial in the current table, without the checksum."""
    record = to_record(trial)
    needs = record["cost"] or dict.fromkeys(NEEDS)
    measured = [record[name] for name in _MEASURED]
    return [
        *(number, trial.candidate.key, trial.repeat, str(trial.status), trial.reason),
        *(needs[name] for name in NEEDS),
        json.dumps(record["accuracies"]),
        float(measured[0]),
        *measured[1:],
    ]


def trial_of_row(values: tuple[Any, ...], of: Tables) -> Trial:
    """The trial of a row without its checksum.

    Raises:
        ValueError, TypeError, RecursionError: The values are not those of a trial.
    """
    row = dict(zip(of.columns, values, strict=True))
    is_json = "candidate" in row
    candidate = json.loads(row["candidate"]) if is_json else {name: row[name] for name in _CELLS}
    needs = {name: row.get(name) for name in NEEDS}
    changed = {
        "candidate": candidate,
        "cost": None if needs["macc"] is None else needs,
        "accuracies": json.loads(row["accuracies"]),
    }
    return from_record(row | changed, Trial)
