"""Text of strangers on terminals and in reports: nothing in it may steer what shows it."""

import json
from pathlib import Path

import pytest

from firmware.progress import Progress
from hil.judge import Check, Verdict
from hil.junit import junit
from hil.report import markdown, tables
from nas.cli import main
from nas.report.run_folder import read_run
from nas.report.terminal import run_text
from tests.hil.records import PROJECT, measurement
from tests.nas.report.small_run import run_record, write_run
from tests.small_model import small_model

ACCURACIES = ("float_test_accuracy", "int8_test_accuracy")
STEER = "\x1b[31m\x9b2J\u202e\udcff"


def is_harmless(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n"))


def test_a_target_and_a_model_cannot_steer_the_terminal_of_an_estimate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, target = tmp_path / f"{STEER}.tflite", tmp_path / "mine.toml"
    model.write_bytes(small_model())
    shipped = Path(__file__).parent.parent / "firmware" / "chips" / "stm32l412kb.toml"
    name = r'name = "\u001b[31mmine"'
    target.write_text(shipped.read_text().replace('name = "stm32l412kb"', name))
    drawn = tmp_path / "map.svg"
    assert main(["estimate", str(model), "--target", str(target), "--map", str(drawn)]) == 0
    assert is_harmless(capsys.readouterr().out)
    assert is_harmless(drawn.read_text())


def test_the_reason_of_a_trial_cannot_steer_the_terminal() -> None:
    record = run_record() | {"intervals": dict.fromkeys(ACCURACIES, (0.2, 0.9))}
    record["trials"][3]["reason"] = f"{STEER}\nwinner: mine"
    text = run_text(record)
    assert is_harmless(text)
    assert "\nwinner: mine" not in text


def test_progress_cannot_be_steered(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("nas")
    progress.update(STEER)
    progress.note(f"skipped {STEER}\r\nnas: done")
    text = capsys.readouterr().err
    assert is_harmless(text)
    assert text.count("\n") == 2


def test_a_board_cannot_steer_the_terminal_the_page_or_the_report_for_ci() -> None:
    board = f"left {STEER} [link](x) <b>"
    checks = (Check(f"model {STEER}", STEER, f"{STEER}|", False),)
    verdict = Verdict(PROJECT, measurement(board=board), checks)
    shown = tables([verdict])
    page = markdown([verdict], {"compiler": f"{STEER}<script>", "uid": "`x`"})
    assert is_harmless(shown)
    assert is_harmless(page)
    assert "[link](x)" not in page
    assert "<script>" not in page
    assert is_harmless(junit("toy", {board: [verdict]}))


def test_text_of_a_record_is_shown_as_escapes_in_every_form_of_the_report(tmp_path: Path) -> None:
    host = {"processor": f"fast {STEER}", "machine": "arm"}
    run = write_run(tmp_path / "run", host=host, command=["nas", STEER])
    assert read_run(run).start.host["processor"] == host["processor"]
    assert main(["report", str(run)]) == 0
    for name in ("report.html", "report.md"):
        assert is_harmless((run / name).read_text())
        assert r"\x1b[31m" in (run / name).read_text().replace("\\\\", "\\").replace(r"\[", "[")
    assert json.loads((run / "report.json").read_text())["provenance"]["host"] == host
