"""Names that are code, wherever the report shows them."""

import json
import re
from pathlib import Path

import pytest

from nas.report.write import write_report
from tests.nas.report.page import SVG, page_of, section, text_of
from tests.nas.report.small_run import HOSTILE, write_run


def test_names_that_are_code_are_shown_and_do_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "<b> & \"x\" 'y' {{ 7 * 7 }}"
    page = page_of(write_run(folder, classes=HOSTILE))
    assert text_of(next(page.iter("h1"))) == f"{folder.name} on stm32f412"
    assert not list(page.iter("script"))
    assert not list(page.iter("img"))
    assert not list(page.iter("b"))
    classes = section(page, "classes")
    names = [text_of(row[0]) for row in classes.iter("tr") if row[0].tag == "td"]
    assert names[:2] == list(HOSTILE[:2])
    assert names[2].endswith(r"\n# line\x07 \u202e\udcff 名 🐈")
    tips = {text_of(own) for own in classes.iter(f"{SVG}title")}
    assert "1 of 3 images of " + names[2] + " predicted as " + names[0] in tips


@pytest.mark.usefixtures("undrawn")
def test_names_that_are_code_break_no_table_in_markdown(tmp_path: Path) -> None:
    write_report(write_run(tmp_path, classes=HOSTILE))
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<img" not in text
    width = 0
    for line in text.splitlines():
        columns = len(re.findall(r"(?<!\\)\|", line)) - 1
        if line.startswith("|") and width:
            assert columns == width, line
        width = columns if line.startswith("|") else 0
    assert r"&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "| ../../x | 4 |" in text


@pytest.mark.usefixtures("undrawn")
def test_names_that_are_code_are_data_in_json(tmp_path: Path) -> None:
    record, (_, path, _) = write_report(write_run(tmp_path, classes=HOSTILE))
    assert json.loads(path.read_text()) == json.loads(json.dumps(record))
    assert [own["name"] for own in record["test"]["classes"]] == list(HOSTILE)
