import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.errors import BusyError
from hil.bench.lock import BoardLock, holder_of
from tests.fake_clock import FakeClock


def holder_process(folder: Path) -> "subprocess.Popen[str]":
    source = f"""
import time
from pathlib import Path
from hil.bench.lock import BoardLock
with BoardLock("left", 0.0, Path({str(folder)!r})):
    print("held", flush=True)
    time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_board_is_free_again_after_its_holder(tmp_path: Path) -> None:
    for _ in range(2):
        with BoardLock("left", 0.0, tmp_path):
            assert f"process {os.getpid()} " in holder_of("left", tmp_path)
        assert holder_of("left", tmp_path) == ""


def test_boards_are_locked_one_by_one(tmp_path: Path) -> None:
    with BoardLock("left", 0.0, tmp_path), BoardLock("right", 0.0, tmp_path):
        pass


def test_a_second_process_is_refused_and_told_who_holds_the_board(tmp_path: Path) -> None:
    with holder_process(tmp_path) as process:
        with pytest.raises(BusyError, match=f"'left' is used by process {process.pid} "):
            BoardLock("left", 0.0, tmp_path).__enter__()
        process.kill()


def test_a_holder_that_was_killed_leaves_no_lock(tmp_path: Path) -> None:
    with holder_process(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    with BoardLock("left", 0.0, tmp_path):
        pass


def test_the_wait_for_a_board_ends_at_its_deadline(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hil.bench.lock.time.sleep", clock.sleep)
    with (
        BoardLock("left", 0.0, tmp_path),
        pytest.raises(BusyError, match="waited 7 s"),
    ):
        BoardLock("left", 7.0, tmp_path, clock).__enter__()
    assert 106.9 < clock.now_s < 107.2


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"pid": 1}'])
def test_a_lock_file_that_says_nothing_still_locks(tmp_path: Path, content: str) -> None:
    with BoardLock("left", 0.0, tmp_path):
        (path,) = tmp_path.glob("mcu-nas-board-*.lock")
        path.write_text(content)
        assert holder_of("left", tmp_path) == "another process"
