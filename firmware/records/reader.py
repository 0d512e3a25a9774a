"""Reads JSON and TOML files into frozen types, and rejects damaged or endless files. I/O.

The kind and the size of a file are checked before it is read, the number of its values before they
are built, and its types, ranges and schema before they are used. Every error is a `RecordError` of
one line: the file, the field, the expected and the found value.
"""

import json
import math
import os
import stat
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from firmware.errors import RecordError, SdkError
from firmware.printable import brief
from firmware.records.complaint import seen, told
from firmware.records.conversion import from_record
from firmware.regular_file import open_at_once

JSON_BYTES = 8 << 20
TOML_BYTES = 64 << 10
_JSON_VALUES = 600_000
"""Together with `JSON_BYTES`, this limits a reader to a second and 200 MiB."""
_TOML_DOTS = 100
"""In one line: each makes a table of its own, and the parser's time grows with their square."""
_LEVELS = 32
_LARGEST = 2**63

_Record = TypeVar("_Record")


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind of a file, with the texts of its errors.

    Attributes:
        complaint: Text for a file of another kind, such as `is not a measurement`.
        hint: What the user can do.
        schema: Number of the supported schema; None if the file has none.
    """

    complaint: str
    hint: str
    schema: int | None = None

    def refusal(self, path: Path, problem: str, hint: str = "") -> RecordError:
        """The one-line error for a file, optionally with another hint."""
        what = f"{brief(repr(str(path)), 160)} {self.complaint}: {brief(problem, 180)}"
        return RecordError(f"{what}; {hint or self.hint}")


def read_json(path: Path, form: type[_Record], kind: Kind) -> _Record:
    """Read a record from a JSON file.

    Raises:
        RecordError: The file cannot be read, or does not contain such a record.
    """
    return convert(read_json_values(path, kind), form, path, kind)


def read_json_values(path: Path, kind: Kind) -> dict[str, Any]:
    """Read a JSON object with the schema of `kind` from a file, without checking its fields.

    Raises:
        RecordError: The file cannot be read, is not a JSON object, or has another schema.
    """
    return parse_json(_content(path, JSON_BYTES, kind), path, kind)


def parse_json(content: bytes, path: Path, kind: Kind) -> dict[str, Any]:
    """Like `read_json_values`, from the bytes of a file."""
    values = sum(map(content.count, (b",", b"[", b"{")))
    if values > _JSON_VALUES:
        raise kind.refusal(path, f"it holds {values:,} values, more than {_JSON_VALUES:,}")
    record = _parsed(_load_json, content, path, kind)
    if not isinstance(record, dict):
        raise kind.refusal(path, f"expected an object, found {seen(record)}")
    if kind.schema is not None and record.get("schema") != kind.schema:
        found = seen(record["schema"]) if "schema" in record else "none"
        raise kind.refusal(path, f"schema: expected {kind.schema}, found {found}")
    return record


def read_toml(path: Path, kind: Kind) -> dict[str, Any]:
    """Read a TOML file, without checking its fields.

    Raises:
        RecordError: The file cannot be read, or is not TOML.
    """
    content = _content(path, TOML_BYTES, kind)
    table: dict[str, Any] = _parsed(_load_toml, content, path, kind)
    return table


def convert(value: object, form: type[_Record], path: Path, kind: Kind) -> _Record:
    """Convert values to a frozen type. Every field is checked.

    Raises:
        RecordError: A field is missing, has another type, or is out of range.
    """
    try:
        return from_record(value, form)
    except msgspec.ValidationError as error:
        raise kind.refusal(path, told(str(error), value, form)) from error
    except SdkError as error:
        raise kind.refusal(path, str(error)) from error
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise kind.refusal(path, f"{error}" or type(error).__name__) from error


def _content(path: Path, most_bytes: int, kind: Kind) -> bytes:
    """The bytes of a regular file of limited size. Does not wait for other kinds of files."""
    try:
        with open_at_once(path) as stream:
            found = os.fstat(stream.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise kind.refusal(path, "it is not a regular file")
            content = stream.read(most_bytes + 1)
    except OSError as error:
        raise RecordError(
            f"could not read {brief(repr(str(path)), 200)}: {error.strerror}; {kind.hint}"
        ) from error
    except ValueError as error:  # a zero byte in the name
        raise kind.refusal(path, str(error)) from error
    if len(content) > most_bytes:
        raise kind.refusal(path, f"it is larger than {most_bytes:,} bytes")
    return content


def _parsed(loads: Callable[[str], Any], content: bytes, path: Path, kind: Kind) -> Any:
    try:
        value = loads(content.decode("utf-8"))
    except RecursionError as error:
        raise kind.refusal(path, "it is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise kind.refusal(path, f"byte {error.start} is not UTF-8") from error
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        problem = str(error) if content.strip() else "it is empty"
        raise kind.refusal(path, problem) from error
    if _is_deep(value):
        raise kind.refusal(path, "it is nested too deeply")
    return value


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(_LEVELS + 1):
        level = [
            child
            for own in level
            if isinstance(own, dict | list)
            for child in (own.values() if isinstance(own, dict) else own)
        ]
    return bool(level)


def _load_toml(text: str) -> dict[str, Any]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _TOML_DOTS:
            raise ValueError(f"line {number} has more than {_TOML_DOTS} dots")
    return tomllib.loads(text, parse_float=_finite)


def _load_json(text: str) -> Any:
    return json.loads(
        text,
        object_pairs_hook=_without_duplicates,
        parse_int=_whole,
        parse_float=_finite,
        parse_constant=_no_constant,
    )


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"{brief(repr(twice), 60)} appears twice")
    return record


def _whole(text: str) -> int:
    if len(text) > len(str(_LARGEST)) + 1 or abs(value := int(text)) >= _LARGEST:
        raise ValueError(f"the number {brief(text, 40)} is too large")
    return value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {brief(text, 40)} is not finite")
    return value


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a number")
