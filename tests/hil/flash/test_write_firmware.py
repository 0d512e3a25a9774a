from dataclasses import replace
from pathlib import Path

import pytest

from firmware.child_process import Finished
from firmware.errors import FlashError
from hil.bench.bench_file import BoardEntry
from hil.deadline import Deadline
from hil.flash.write_firmware import write_firmware
from tests.hil.records import PROJECT

BOARD = BoardEntry("left", "stm32f412", "/dev/null", flash="pio")
FOLDER = replace(PROJECT, folder=Path("nowhere"))


def upload(deadline: Deadline) -> None:
    write_firmware(BOARD, FOLDER, lambda *_: None, lambda _: None, deadline)


def test_an_upload_that_fails_is_told_in_one_short_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "hil.flash.write_firmware.run_to_end",
        lambda *_: Finished(1, "first\n\x1b[31mno probe " + "x" * 97_000),
    )
    with pytest.raises(FlashError, match="upload' failed for left: .*no probe x") as caught:
        upload(Deadline.after(60.0))
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


def test_an_upload_that_fails_without_a_word_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hil.flash.write_firmware.run_to_end", lambda *_: Finished(1, " \n"))
    with pytest.raises(FlashError, match="failed for left: it printed nothing"):
        upload(Deadline.after(60.0))


def test_an_upload_ends_with_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[float] = []

    def run(command: list[str], limit_s: float, environment: dict[str, str]) -> Finished:
        limits.append(limit_s)
        raise TimeoutError

    monkeypatch.setattr("hil.flash.write_firmware.run_to_end", run)
    with pytest.raises(FlashError, match="upload' took longer than"):
        upload(Deadline.after(7.0))
    assert 6.0 < limits[0] <= 7.0
