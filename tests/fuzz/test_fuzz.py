"""A damaged file ends in one clear line: a short run of `python -m tests.fuzz`."""

import json
from pathlib import Path

import pytest

from tests.fuzz.formats import CORPUS, FORMATS, Format
from tests.fuzz.reader import serve

DAMAGED = 25
SEED = 1


@pytest.mark.parametrize("own", FORMATS, ids=lambda own: own.name)
def test_damaged_files_are_read_or_refused_in_one_line(
    own: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "set by the reader")
    lines: list[str] = []
    serve(own, 0, len(own.sound()) + len(own.corpus()) + DAMAGED, SEED, lines.append)
    found = [json.loads(line) for line in lines[1:]]
    assert [one for one in found if one["trouble"]] == []
    assert found[0]["code"] == 0, "a sound file is read"
    assert {one["code"] for one in found} > {0}, "some are refused"


def test_every_corpus_folder_belongs_to_a_format() -> None:
    folders = {path.name for path in Path(CORPUS).iterdir()}
    assert folders <= {own.name for own in FORMATS}
