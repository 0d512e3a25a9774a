"""What is no file is refused at once, and what is too large before it is read."""

import os
import socket
from pathlib import Path

import pytest

from firmware.errors import FileError
from firmware.regular_file import open_regular, read_regular


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hello")
    (tmp_path / "link").symlink_to("a")
    assert read_regular(tmp_path / "link", 5) == b"hello"


def test_a_fifo_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    with pytest.raises(FileError, match="a' is a FIFO, expected a file"):
        open_regular(tmp_path / "a")


def test_a_device_that_never_ends_is_refused() -> None:
    with pytest.raises(FileError, match="'/dev/zero' is a device, expected a file"):
        open_regular(Path("/dev/zero"))


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as own:
        own.bind("a")
        with pytest.raises(FileError, match="'a' is a socket, expected a file"):
            open_regular(Path("a"))


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is a folder, expected a file"):
        open_regular(tmp_path)


@pytest.mark.parametrize("name", ["absent", "a\0b", "x" * 300])
def test_a_file_that_cannot_be_opened_is_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileError, match="could not be read: ") as refused:
        open_regular(tmp_path / name)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as stream:
        stream.truncate(1 << 40)  # takes no disk; reading it would take all memory
    with pytest.raises(FileError, match="has 1,099,511,627,776 bytes, at most 1,000 are read"):
        read_regular(tmp_path / "a", 1000)
