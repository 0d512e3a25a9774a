"""The report of a small run: whole, well-formed, and the same every time."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
import pytest

from codegen.model.read_tflite import parse_tflite
from codegen.planning.planner import plan_graph
from firmware.errors import ConfigError, StaleError
from firmware.records.conversion import to_record
from nas.cli import main
from nas.report.write import write_report
from nas.search.answers import count_answers
from tests.nas.report.page import SVG, by_class, page_of, parsed, section, text_of
from tests.nas.report.small_run import (
    CONFIG,
    LABELS,
    REASON,
    TRIALS,
    measurement_record,
    run_record,
    write_measurement,
    write_run,
    write_timed_run,
    write_unfinished_run,
)
from tests.small_model import small_model

FIGURES = (
    "Used of each limit",
    "Accuracy against RAM",
    "Accuracy against flash",
    "Accuracy against MACC",
    "The path of the search, in order",
    "The Pareto front: accuracy, and what it needs",
    "Final training, epoch by epoch",
    "Confusions of the int8 model",
    "Confusions of the float model",
    "Recall and precision, 95 % intervals",
    f"The arena over time, {plan_graph(parse_tflite(small_model())).arena_bytes} bytes",
    "Cost of each kernel call",
    "Memory of each training: predicted and measured",
)


pytestmark = pytest.mark.xdist_group("report")  # one page for many tests


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def page(folder: Path) -> Element:
    """The page of the run, which no test changes."""
    return page_of(folder)


def test_every_figure_is_there_with_its_title_and_its_description(page: Element) -> None:
    assert tuple(text_of(own) for own in page.iter("figcaption")) == FIGURES
    for figure in page.iter("figure"):
        pictures = list(figure.iter(f"{SVG}svg"))
        assert len(pictures) in (1, 2), "one for both, or one for a desktop and one for a phone"
        for picture in pictures:
            assert picture.get("role") == "img"
            assert len(picture.get("aria-label", "")) > 10
            assert len(list(picture.iter())) > 10


def test_the_decision_comes_first(page: Element) -> None:
    headlines = [text_of(own) for own in by_class(page, "headlines")[0]]
    assert headlines[0].startswith(
        "fits stm32f412? fits tightest: flash, .tflite, 8.8 KiB of 19.5 KiB"
    )
    assert headlines[1].startswith(
        "test accuracy, int8 75.0 % 95 % interval 46.8–91.1 %, 12 test images; float 75.0 %"
    )
    assert headlines[2].startswith("instructions per inference 5,000")
    assert headlines[3] == "promises kept? confirmed 2 of 2 promises hold on board virtual"


@pytest.mark.usefixtures("undrawn")
def test_a_broken_promise_is_the_verdict(tmp_path: Path) -> None:
    checks = measurement_record()["checks"]
    checks[1] |= {"measured": "112", "holds": False}
    path = write_measurement(tmp_path / "m.json", checks=checks, verdict="refuted")
    write_report(write_run(tmp_path), path)
    page = parsed(tmp_path / "report.html")
    verdict = by_class(page, "headlines")[0][3]
    assert verdict.get("class") == "bad"
    assert text_of(verdict) == "promises kept? refuted on board virtual: arena bytes"
    assert "arena bytes 96 112 BROKEN" in text_of(section(page, "board"))


def test_why_each_candidate_fell_is_told(page: Element) -> None:
    table = text_of(section(page, "search"))
    for trial in TRIALS:
        assert trial.reason in table
    assert "over the target's RAM: RAM 9,000 of 4,000" in table
    assert "over the host's memory: its training would take 31,000,000" in table
    assert f"training failed: {REASON}" in table


def test_the_same_run_gives_the_same_bytes(tmp_path: Path, folder: Path, page: Element) -> None:
    measurement, out = folder / "measurement.json", tmp_path / "page.html"
    _, paths = write_report(folder, measurement, out)
    assert [path.name for path in paths] == ["page.html", "page.json", "page.md"]
    for path in paths:
        assert path.read_bytes() == (folder / f"report{path.suffix}").read_bytes()


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(
    folder: Path, page: Element
) -> None:
    assert not list(page.iter("script"))
    places = {own.get("id") for own in page.iter() if own.get("id")}
    for element in page.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            if name.endswith(("href", "src")):
                assert value == "data:," or value.removeprefix("#") in places
    text = (folder / "report.html").read_text()
    assert set(re.findall(r"[a-z]+://[^\"< ]+", text)) == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "url(" not in text.replace("url(#", "")


def test_no_two_elements_of_the_page_have_one_name(page: Element) -> None:
    names = [own.get("id") for own in page.iter() if own.get("id")]
    assert len(names) == len(set(names))


def test_the_numbers_are_in_json(folder: Path, page: Element) -> None:
    record = json.loads((folder / "report.json").read_text())
    assert record["is_finished"] is True
    assert record["accuracy"]["int8"]["fraction"] == run_record()["int8_test_accuracy"]
    assert [own["used_fraction"] for own in record["limits"][:3]] == [0.25, 0.45, 0.18]
    assert record["limits"][3]["needed"] == 22_000_000
    assert len(record["trials"]) == len(record["path"][0]["orders"]) + 10
    assert record["test"]["classes"][0]["int8"]["recall"]["count"] == 5
    assert record["test"]["classes"][2]["float"]["precision"]["fraction"] == 1.0
    assert record["measured"][0]["verdict"] == "confirmed"
    assert [call["measured"] for call in record["calls"]] == [1_000, 1_001, 1_002, 1_003]
    assert record["provenance"]["command"][:2] == ["nas", "run"]
    assert record["provenance"]["config"] == to_record(CONFIG)


@pytest.mark.usefixtures("undrawn")
def test_a_limit_of_time_is_a_limit_like_the_others(tmp_path: Path) -> None:
    page = page_of(write_timed_run(tmp_path))
    captions = [text_of(own) for own in page.iter("figcaption")]
    assert "Accuracy against latency" in captions
    assert "time of one inference 1,500 µs 3,000 µs 50.0 %" in text_of(section(page, "limits"))
    assert "over the time limit" in text_of(section(page, "search"))
    assert "9 kernel calls of 2 networks on the <desk> board" in text_of(
        section(page, "provenance")
    )
    record = json.loads((tmp_path / "report.json").read_text())
    assert set(record["fronts"]) == {"RAM", "flash", "MACC", "latency"}
    assert record["provenance"]["config"]["pace"]["sha256"] == "5" * 64


@pytest.mark.usefixtures("undrawn")
def test_a_limit_of_time_that_a_model_judged_is_marked(tmp_path: Path) -> None:
    page = page_of(write_timed_run(tmp_path, is_modelled=True))
    limits = text_of(section(page, "limits"))
    assert "time of one inference, modelled 1,500 µs 3,000 µs 50.0 %" in limits
    provenance = text_of(section(page, "provenance"))
    assert "modelled cycles, not measured: 9 kernel calls of 2 networks" in provenance


@pytest.mark.usefixtures("undrawn")
def test_modelled_cycles_stand_in_a_column_of_their_own(tmp_path: Path) -> None:
    page = page_of(write_run(tmp_path / "dear"), measured=False)
    target = text_of(section(page, "target"))
    assert "Modelled, not measured: " in target
    assert "The cycle model itself is off by 1.3 % (median), 7.0 % at worst" in target
    assert "DMA, interrupts and other bus masters are not modelled" in target
    assert "cycles, modelled" in target
    record = json.loads((tmp_path / "dear" / "report.json").read_text())
    modelled = [call["modelled"] for call in record["calls"]]
    assert sum(modelled) == pytest.approx(
        record["estimate"]["modelled_time"]["cycles"], abs=len(modelled)
    )
    time = next(own for own in record["headlines"] if own["label"] == "one inference")
    assert time["detail"].startswith("modelled, not measured: ")
    assert time["value"] == f"{record['estimate']['modelled_time']['middle_ms']:.2f} ms"


@pytest.mark.usefixtures("undrawn")
def test_what_int8_costs_on_the_validation_images_is_told(tmp_path: Path, page: Element) -> None:
    told = text_of(section(page, "training"))
    assert "int8 is 5.0 points less accurate than float, more than 0.5" in told
    assert "calibrated with 2,400 images for training" in told
    cheap = page_of(write_run(tmp_path / "cheap", int8_valid_accuracy=0.8))
    assert "points less accurate" not in text_of(section(cheap, "training"))


@pytest.mark.usefixtures("undrawn")
def test_how_quantisation_changes_answers_is_counted_image_by_image(
    tmp_path: Path, page: Element
) -> None:
    told = text_of(section(page, "classes"))
    assert "to 2 images of 12 (16.7 %): 1 that float had right are lost, 1 that it had" in told
    answers = asdict(count_answers(np.array(LABELS), LABELS, LABELS, 3))
    same = page_of(write_run(tmp_path / "same", test_answers=answers))
    assert "changes the answer to none of 12 images" in text_of(section(same, "classes"))


def test_the_run_stands_above_the_published_tables(page: Element) -> None:
    own = section(page, "published")
    rows = [[text_of(cell) for cell in row] for row in own.iter("tr")]
    assert rows[1][0] == "this run, a <Pi>"
    assert rows[2][:5] == ["Jetson Nano, 4 GB", "50×50×3", "9,4", "78.0 %", "36.0"]
    assert rows[2][6:] == ["38.96", "2.55", "3.9 days"]
    assert [row[0] for row in rows[-2:]] == ["MCUNet", "MicroNets"]
    assert "Accuracies may not be compared" in text_of(own)


@pytest.mark.usefixtures("undrawn")
def test_more_classes_than_can_be_drawn_are_in_tables(tmp_path: Path) -> None:
    count = 41
    zero = [[0] * count for _ in range(count)]
    zero[0][0] = 12
    answers = run_record()["test_answers"] | {"in_float": zero, "in_int8": zero}
    classes = tuple(f"class {number}" for number in range(count))
    folder = write_run(tmp_path, classes=classes, test_answers=answers)
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record))
    own = section(page_of(folder), "classes")
    assert not list(own.iter("figure"))
    assert "more than 40 classes could not be read" in text_of(own)
    assert text_of(own).count("class 40") == 1


def test_a_measurement_of_another_model_leaves_the_report_as_it_was(
    tmp_path: Path, folder: Path, page: Element
) -> None:
    before = {path: path.read_bytes() for path in folder.glob("report.*")}
    other = write_measurement(tmp_path / "other.json", model_sha256="ab" * 32)
    with pytest.raises(StaleError, match="measured model abab"):
        write_report(folder, other)
    assert {path: path.read_bytes() for path in folder.glob("report.*")} == before
    assert not [path for path in folder.iterdir() if path.name.startswith(".report")]


def test_nothing_can_be_measured_of_a_run_that_is_not_finished(tmp_path: Path) -> None:
    measurement = write_measurement(tmp_path / "m.json")
    with pytest.raises(ConfigError, match="is not finished, so it has no model to measure yet"):
        write_report(write_unfinished_run(tmp_path), measurement)


@pytest.mark.usefixtures("undrawn")
def test_the_command_prints_the_files_or_the_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_run(tmp_path / "door")
    assert main(["report", str(folder)]) == 0
    names = [f"{folder}/report.{end}" for end in ("html", "json", "md")]
    assert capsys.readouterr().out.split() == names
    assert main(["report", str(folder), "--json", "--out", str(tmp_path / "a.html")]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "a.json").read_text())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--out", "page.pdf"], "nas: error: --out: 'page.pdf' does not end in .html"),
        (["--measurement", "absent.json"], "nas: error: could not read 'absent.json'"),
    ],
)
def test_a_wrong_option_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], text: str
) -> None:
    assert main(["report", str(write_run(tmp_path)), *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(text)
    assert len(captured.err.splitlines()) == 1


def test_every_class_has_a_row(page: Element) -> None:
    own = section(page, "classes")
    rows = [[text_of(cell) for cell in row] for row in own.iter("tr")]
    assert [row[:2] for row in rows[1:]] == [["cat", "5"], ["dog", "4"], ["other", "3"]]
    assert rows[1][3] == "100.0 % (56.6–100.0 %)"
