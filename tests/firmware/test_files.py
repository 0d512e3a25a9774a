"""Files are written whole or not at all, and nothing is left behind."""

import contextlib
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.files import new_folder, replacing, reserve, write_bytes, write_text
from tests.host_compiler import ROOT


def names(folder: Path) -> list[str]:
    return sorted(own.name for own in folder.iterdir())


def test_an_error_leaves_the_file_of_before(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "before")
    with contextlib.suppress(ValueError), replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        raise ValueError
    assert (tmp_path / "a.txt").read_text() == "before"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_umask_decides_who_may_read(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        write_text(tmp_path / "a.txt", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_text(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "text"


@pytest.mark.parametrize("function", ["replacing", "new_folder"])
def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path, function: str) -> None:
    source = (
        "import sys, time; from pathlib import Path; import firmware.files as files\n"
        f"with files.{function}(Path(sys.argv[1])) as temporary:\n"
        "    print('ready', flush=True); time.sleep(60)\n"
    )
    words = [sys.executable, "-c", source, str(tmp_path / "own.bin")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        write_bytes(tmp_path / "own.bin.other", b"")
        with getattr(sys.modules["firmware.files"], function)(tmp_path / "own.bin"):
            assert len([name for name in names(tmp_path) if ".partial" in name]) == 2
        process.send_signal(signal.SIGKILL)
    left = [name for name in names(tmp_path) if ".partial" in name]
    assert len(left) == 1
    with getattr(sys.modules["firmware.files"], function)(tmp_path / "own.bin"):
        assert left[0] not in names(tmp_path)


def test_of_two_processes_that_make_one_folder_both_succeed(tmp_path: Path) -> None:
    with new_folder(tmp_path / "data") as first:
        (first / "a").write_text("first")
        with new_folder(tmp_path / "data") as second:
            (second / "a").write_text("second")
    assert (tmp_path / "data" / "a").read_text() == "second"
    assert names(tmp_path) == ["data"]


def test_an_error_of_the_disk_names_the_file(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match="No space left on device") as full,
        replacing(tmp_path / "a.txt"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert full.value.filename == str(tmp_path / "a.txt")


def test_a_reserved_file_has_its_bytes_on_disk(tmp_path: Path) -> None:
    reserve(tmp_path / "own", 1 << 20)
    status = (tmp_path / "own").stat()
    assert status.st_size == 1 << 20
    assert status.st_blocks * 512 >= 1 << 20


def test_more_than_the_disk_has_cannot_be_reserved(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"own") as refused:
        reserve(tmp_path / "own", 1 << 62)
    assert refused.value.errno in (errno.ENOSPC, errno.EFBIG)
    assert not (tmp_path / "own").exists()


def test_a_name_as_long_as_names_may_be_is_written(tmp_path: Path) -> None:
    write_text(tmp_path / ("n" * 251 + ".txt"), "text")
    assert len(names(tmp_path)) == 1
