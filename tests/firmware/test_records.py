"""Files of JSON and TOML that are damaged, endless, or something else."""

import json
import os
import tracemalloc
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from msgspec import Meta

from firmware.errors import RecordError
from firmware.records.reader import Kind, read_json, read_json_values, read_toml

KIND = Kind("is no parcel", "make one with 'pack'", 1)
TABLE = Kind("is no table", "write one")


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Item:
    weight: Annotated[float, Meta(ge=0)]
    colour: Colour = Colour.RED


@dataclass(frozen=True, slots=True)
class Parcel:
    items: tuple[Item, ...]
    way: Literal["air", "sea"]
    notes: dict[str, int]
    sender: str | None = None


SOUND = {"schema": 1, "items": [{"weight": 2}], "way": "air", "notes": {"a": 1}}


def parcel(folder: Path, **changes: object) -> Parcel:
    path = folder / "parcel.json"
    path.write_text(json.dumps(SOUND | changes))
    return read_json(path, Parcel, KIND)


def test_a_sound_record_is_read_and_unknown_fields_are_left_alone(tmp_path: Path) -> None:
    assert parcel(tmp_path, future=[1]) == Parcel((Item(2.0),), "air", {"a": 1})


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"way": "rail"}, "way: expected 'air' or 'sea', found 'rail'"),
        ({"items": [{"weight": 1}, {"weight": "3"}]}, r"items\[1\].weight: .* found '3'"),
        ({"items": [{"weight": -1}]}, r"items\[0\].weight: expected float >= 0.0, found -1"),
        ({"items": [{"weight": True}]}, r"items\[0\].weight: expected float, found True"),
        (
            {"items": [{"weight": 1, "colour": "green"}]},
            r"items\[0\].colour: expected 'red' or 'blue', found 'green'",
        ),
        ({"items": [{}]}, r"items\[0\]: field weight is missing"),
        ({"items": 5}, "items: expected array, found 5"),
        ({"items": {}}, "items: expected array, found an object of 0"),
        ({"notes": {"a": 1.5}}, "notes.*: expected int"),
        ({"schema": 2}, "schema: expected 1, found 2"),
        ({"sender": 3}, "sender: expected str . null, found 3"),
    ],
)
def test_a_field_that_is_wrong_is_named_with_what_was_expected_and_seen(
    tmp_path: Path, changes: dict[str, object], text: str
) -> None:
    with pytest.raises(RecordError, match=f"json' is no parcel: {text}.*; make one with 'pack'"):
        parcel(tmp_path, **changes)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b"\xff\xfe{\x00", "byte 0 is not UTF-8"),
        (b"{", "Expecting property name"),
        (b"[]", "expected an object, found an array of 0"),
        (b"5", "expected an object, found 5"),
        (b'{"schema": NaN}', "NaN is not a number"),
        (b'{"schema": 1e999}', "the number 1e999 is not finite"),
        (b'{"schema": ' + b"9" * 5000 + b"}", "the number 9999.*9999 is too large"),
        (b'{"schema": 9223372036854775808}', "the number 9223372036854775808 is too large"),
        (b'{"schema": 1, "schema": 1}', "'schema' appears twice"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"a":' * 100_000, "it is nested too deeply"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "it is nested too deeply"),
        (b"[" + b"{}," * 700_000 + b"1]", "it holds 1,400,001 values, more than 600,000"),
        (b'"' + b"a" * (9 << 20) + b'"', "it is larger than 8,388,608 bytes"),
        (b"{}", "schema: expected 1, found none"),
        (b'{"' + b"k" * 90_000 + b'": 1, "' + b"k" * 90_000 + b'": 1}', "'kkk.*kkk' appears twice"),
    ],
)
def test_a_file_that_is_no_record_is_refused_at_once_in_one_short_line(
    tmp_path: Path, content: bytes, text: str
) -> None:
    path = tmp_path / "parcel.json"
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(RecordError, match=f"is no parcel: .*{text}") as refusal:
        read_json_values(path, KIND)
    assert tracemalloc.get_traced_memory()[1] < 150 << 20
    tracemalloc.stop()
    assert len(str(refusal.value)) < 500
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"a = " + b"[" * 60_000, "it is nested too deeply"),
        (b"a = " + b"{a=" * 20_000, "it is nested too deeply"),
        (b"a." * 32_000 + b"a = 1", "line 1 has more than 100 dots"),
        (b"a." * 50 + b"a = 1", "it is nested too deeply"),
        (b"a = 1\na = 2", "Cannot overwrite"),
        (b"a = nan", "the number nan is not finite"),
        (b"a = " + b"9" * 60_000, "Exceeds the limit"),
        (b"#" * 70_000, "it is larger than 65,536 bytes"),
        (b"\xff", "byte 0 is not UTF-8"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_at_once_in_one_short_line(
    tmp_path: Path, content: bytes, text: str
) -> None:
    path = tmp_path / "table.toml"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=f"is no table: .*{text}") as refusal:
        read_toml(path, TABLE)
    assert len(str(refusal.value)) < 500
    assert "\n" not in str(refusal.value)


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(RecordError, match="it is not a regular file"):
            read_json_values(path, KIND)
    large = tmp_path / "large.json"
    with large.open("wb") as stream:
        stream.truncate(1 << 30)
    with pytest.raises(RecordError, match="it is larger than"):
        read_json_values(large, KIND)


def test_a_file_that_cannot_be_read_is_named_with_how_to_go_on(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="could not read .*none.json': No such file.*; make one"):
        read_json_values(tmp_path / "none.json", KIND)
    with pytest.raises(RecordError, match="could not read .*: Is a directory"):
        read_json_values(tmp_path, KIND)
    with pytest.raises(RecordError, match="null byte"):
        read_json_values(Path("a\0b"), KIND)


def test_a_name_that_is_no_unicode_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert parcel(tmp_path, sender="caf\udce9").sender == "caf\udce9"
