"""Zip files that claim what is not so, or that would unpack to more than anybody wants."""

import contextlib
import io
import struct
import zipfile
from pathlib import Path

import pytest

from firmware import zip_members
from firmware.errors import FileError
from firmware.zip_members import ZipMembers


def packed(path: Path, names: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in names.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return path


def whole(path: Path, name: str) -> bytes:
    archive = ZipMembers(path)
    try:
        with archive.open(name) as stream:
            return archive.read(name, stream, 1 << 30)
    finally:
        archive.close()


def changed(path: Path, signature: bytes, offset: int, value: bytes) -> Path:
    """The file with some bytes of its last record of a kind replaced."""
    content = bytearray(path.read_bytes())
    first = content.rindex(signature) + offset
    content[first : first + len(value)] = value
    path.write_bytes(content)
    return path


CLAIM, METHOD, PACKED = 24, 10, 20
"""Offsets of the unpacked size, the method and the packed size in the directory, APPNOTE 4.3.12."""


def test_files_and_folders_are_listed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.mkdir("empty")
        file.writestr("full/a", b"hello")
    archive = ZipMembers(tmp_path / "a.zip")
    assert list(archive.members) == ["full/a"]
    assert archive.folders == ["empty/"]
    archive.close()
    assert whole(tmp_path / "a.zip", "full/a") == b"hello"


def test_a_member_that_unpacks_to_more_than_it_claims_is_cut_off(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a": bytes(60 << 20)})
    changed(path, b"PK\x01\x02", CLAIM, struct.pack("<L", 1000))
    with pytest.raises(FileError, match="the zip file is damaged there: Bad CRC-32"):
        whole(path, "a")


def test_a_claim_that_no_packing_can_keep_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a": b"hello"})
    changed(path, b"PK\x01\x02", CLAIM, struct.pack("<L", 1 << 31))
    with pytest.raises(FileError, match="'a' claims 2,147,483,648 bytes from 7"):
        ZipMembers(path)


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    content = b"x" * 1000
    path = packed(tmp_path / "a.zip", {"a": content, "b": b""}, zipfile.ZIP_STORED)
    changed(path, b"PK\x01\x02", PACKED, struct.pack("<LL", 1000, 1000))
    with pytest.raises(FileError, match="its members overlap each other"):
        ZipMembers(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("names", [("a/x", "a/x"), ("a/x", "a\\x"), ("a/x", "a//x")])
def test_two_files_of_one_name_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    with pytest.raises(FileError, match=r"holds two files of one name, 'a"):
        ZipMembers(tmp_path / "a.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_that_names_its_own_memory_is_not_read(tmp_path: Path, method: int) -> None:
    path = packed(tmp_path / "a.zip", {"a": bytes(1000)}, method)
    with pytest.raises(FileError, match=f"packed by method {method}; pack it stored or deflated"):
        whole(path, "a")


def test_too_many_files_are_refused_before_they_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_members, "MOST_MEMBERS", 3)
    path = packed(tmp_path / "a.zip", {str(n): b"" for n in range(4)})
    changed(path, b"PK\x05\x06", 8, struct.pack("<HH", 1, 1))  # it claims to hold one
    with pytest.raises(FileError, match="holds 4 files in a directory of .* at most 3"):
        ZipMembers(path)


def test_a_zip_that_was_cut_short_is_called_so(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a": bytes(1000)})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(FileError, match="a zip file that was cut short: its end is missing"):
        ZipMembers(path)


def test_another_file_is_no_zip(tmp_path: Path) -> None:
    for content in (b"", b"hello", bytes(100_000)):
        (tmp_path / "a").write_bytes(content)
        with pytest.raises(FileError, match="is not a zip file"):
            ZipMembers(tmp_path / "a")


def test_a_large_zip_of_the_64_bit_kind_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("a", "w", force_zip64=True) as member:
        member.write(b"hello")
    assert whole(path, "a") == b"hello"


def read_all(path: Path) -> None:
    archive = ZipMembers(path)
    try:
        for name in archive.members:
            with contextlib.suppress(FileError), archive.open(name) as stream:
                archive.read(name, stream, 1 << 20)
    finally:
        archive.close()


def test_a_damaged_zip_raises_no_other_error_wherever_the_damage_is(tmp_path: Path) -> None:
    content = packed(tmp_path / "a.zip", {"a/x": bytes(50), "b/y": b"hello"}).read_bytes()
    path = tmp_path / "b.zip"
    for place in range(len(content)):
        for flip in (1, 0x80, 0xFF):
            damaged = bytearray(content)
            damaged[place] ^= flip
            path.write_bytes(damaged)
            with contextlib.suppress(FileError):
                read_all(path)


def test_a_zip_behind_other_bytes_is_read(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", b"hello")
    (tmp_path / "a.zip").write_bytes(b"#!/bin/sh\n" + stream.getvalue())
    assert whole(tmp_path / "a.zip", "a") == b"hello"
