"""Annotation files that would take all memory are refused, and good ones pass untouched."""

import io
import json
import random
from pathlib import Path

import pytest

from firmware.errors import DataError, FileError
from nas.data_tools import json_guard
from nas.data_tools.coco import AREA_FRACTION, check_annotations, read_coco
from nas.data_tools.json_guard import CHUNK_BYTES, JsonGuard


def passed(content: bytes, size: int = CHUNK_BYTES) -> bytes:
    """What comes out of the guard."""
    guard = JsonGuard(io.BytesIO(content), lambda _: None)
    return b"".join(iter(lambda: guard.read(size), b""))


def nested(levels: int) -> bytes:
    return b'{"images":' + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (nested(20_000), "nested more than 32 levels deep between bytes 0 and 40,011"),
        (nested(40), "nested more than 32 levels deep"),
        (b'{"a":"' + b"x" * (2 << 20), "a text longer than 1,048,576 bytes between bytes 1,1"),
        (b'{"a":1' + b"2" * 2000, "a number at byte 256 of too many digits"),
        (b'{"a":[[' + b"1," * (3 << 20), "a record longer than 4,194,304 bytes between"),
        (b"", "it begins with nothing, expected '{'"),
        (b"version https://git-lfs", "it begins with 'version https://', expected"),
        (b"[1, 2]", "it begins with '[1, 2]', expected"),
        (b"\xef\xbb\xbf{}", "a byte order mark"),
        (b" " * 100_000, "its first 65,536 bytes are empty"),
    ],
)
def test_what_would_take_all_memory_is_refused(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    for read in (check_annotations, lambda own: read_coco(own, AREA_FRACTION, lambda *_: None)):
        with pytest.raises(DataError) as refused:
            read(path)
        assert complaint in str(refused.value)
        assert len(str(refused.value)) < 500


@pytest.mark.parametrize("size", [1, 7, CHUNK_BYTES])
def test_brackets_quotes_and_backslashes_inside_texts_do_not_count(size: int) -> None:
    texts = ["[" * 50, '"' * 9 + "{" * 50, "\\" * 7, '\\"' * 3 + "]" * 50, "é\n\u2028"]
    content = json.dumps({"a": texts, "b": [[0]] * 3}).encode()
    assert passed(content, size) == content


def test_levels_are_counted_as_a_parser_counts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(0)

    def made(levels: int) -> object:
        if levels == 0:
            return rng.choice(["[{", '"', "\\", 1.5, "x\\[", None])
        own = made(levels - 1)
        return [own] if rng.random() < 0.5 else {rng.choice(['"[', "a", "\\"]): own}

    for levels in range(1, 20):
        content = json.dumps({"a": made(levels - 1)}).encode()
        monkeypatch.setattr(json_guard, "MOST_LEVELS", levels)
        assert passed(content, rng.randint(1, 9)) == content
        monkeypatch.setattr(json_guard, "MOST_LEVELS", levels - 1)
        with pytest.raises(FileError, match="nested more than"):
            passed(content, rng.randint(1, 9))


def test_many_short_records_are_no_long_one() -> None:
    content = b'{"images": [' + b'{"id": 1},' * 500_000 + b"{}]}"
    assert passed(content) == content


@pytest.mark.parametrize(
    "text",
    [
        '{"categories":[{"id":1,"name":"person"}],"images":[{"id":1e400}],"annotations":[]}',
        '{"categories":[{"id":99999999999999999999,"name":"person"}]}',
        '{"categories":[{"id":1,"name":"\\ud800"}]}',
        '{"categories":[{"id":1,"name":"person"}],"images":[{"id":1,"width":1,"height":1,'
        '"file_name":"a"}],"annotations":[{"category_id":1,"image_id":1,"bbox":[0,0,1e308,1e999]}]}',
        '{"categories":{"item":{"id":1}}}',
        '{"categories":[{"id":1,"id":2,"name":["person"]}]}',
        '{"categories":[}',
        '{"a":"\xff"}',
    ],
)
def test_values_beyond_all_ranges_are_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError) as refused:
        read_coco(path, AREA_FRACTION, lambda *_: None)
    assert "\n" not in str(refused.value)
