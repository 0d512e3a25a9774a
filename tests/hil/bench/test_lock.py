import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from firmware.errors import BoardError, BusyError
from hil.bench.lock import BoardLock, holder_of, lock_path, shared_folder
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


def test_a_look_at_a_board_never_keeps_another_process_from_it(tmp_path: Path) -> None:
    looking = threading.Event()

    def look() -> None:
        while not looking.is_set():
            holder_of("left", tmp_path)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for _ in range(300):
            with BoardLock("left", 0.0, tmp_path):
                pass
    finally:
        looking.set()
        thread.join(10)


def test_a_look_at_a_board_that_nobody_has_used_leaves_no_file(tmp_path: Path) -> None:
    assert holder_of("left", tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


def test_the_lock_is_in_one_place_whatever_tmpdir_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lock_path("left")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert lock_path("left") == before
    assert not before.is_relative_to(tmp_path)


def test_a_folder_that_only_some_may_write_is_passed_over(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("private", "shared", "last")}
    for folder in folders.values():
        folder.mkdir()
    folders["private"].chmod(0o755)
    folders["shared"].chmod(0o1777)
    candidates = (str(tmp_path / "absent"), *map(str, folders.values()))
    assert shared_folder(candidates) == folders["shared"]
    assert shared_folder((candidates[0], candidates[1])) == folders["private"], "if there is none"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_second_user_can_lock_the_board() -> None:
    """As in /run/lock, where the kernel protects the files of others."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o1777)
        lock_as_two_users(folder)


def lock_as_two_users(folder: Path) -> None:
    previous = os.umask(0o077)
    try:
        with BoardLock("left", 0.0, folder):
            pass
    finally:
        os.umask(previous)
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException):
            os.setuid(65534)
            assert holder_of("left", folder) == ""
            with BoardLock("left", 0.0, folder):
                code = 0
        os._exit(code)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("rfc2217://localhost:2217", "rfc2217://127.0.0.1:2217"),
        ("rfc2217://127.0.0.1:2217", "rfc2217://127.0.0.1:2217?logging=debug"),
        ("rfc2217://127.0.0.1:2217", "socket://127.0.0.1:2217"),
    ],
)
def test_two_names_of_one_port_are_one_lock(tmp_path: Path, first: str, second: str) -> None:
    with BoardLock(first, 0.0, tmp_path), pytest.raises(BusyError):
        BoardLock(second, 0.0, tmp_path).__enter__()


def test_a_link_to_a_port_is_the_port(tmp_path: Path) -> None:
    port, link = tmp_path / "ttyACM0", tmp_path / "by-id"
    port.touch()
    link.symlink_to(port)
    with BoardLock(str(port), 0.0, tmp_path), pytest.raises(BusyError):
        BoardLock(str(link), 0.0, tmp_path).__enter__()


def test_a_lock_file_that_was_cleaned_away_does_not_let_two_in(tmp_path: Path) -> None:
    """Who waits for a file that is removed must not lock what nobody else can find."""
    with BoardLock("left", 0.0, tmp_path):
        lock_path("left", tmp_path).unlink()
    with BoardLock("left", 0.0, tmp_path), pytest.raises(BusyError):
        BoardLock("left", 0.0, tmp_path).__enter__()


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    lock_path("left", tmp_path).symlink_to(victim)
    with pytest.raises(BoardError, match="could not open .*remove it while nobody uses"):
        BoardLock("left", 0.0, tmp_path).__enter__()
    assert victim.read_text() == "mine"


def test_a_lock_folder_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="there is no folder '.*nowhere'"):
        BoardLock("left", 0.0, tmp_path / "nowhere").__enter__()
