"""Folders and zip files that somebody else has made."""

import io
import json
import os
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from firmware.errors import DataError
from nas.data import folder_source
from nas.data.data_source import find_data
from nas.data.dataset import prepare_dataset
from nas.data.sample import decode

HOSTILE = ("<script>alert(1)", "a\x1b[31m\nb", "$(reboot)", "'; DROP TABLE x", "C:x", "x..", "-rf")


def picture(colour: int = 90) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), (colour, colour, colour)).save(content, "PNG")
    return content.getvalue()


def zipped(path: Path, names: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in names.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return path


def test_class_names_are_only_names_whatever_they_contain(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for colour, name in enumerate(HOSTILE):
        (data / name).mkdir(parents=True)
        for number in range(10):
            (data / name / f"{number}.png").write_bytes(picture(20 * colour + number))
    before = {path for path in tmp_path.rglob("*") if path != tmp_path / "cache"}
    source = find_data(str(data))
    dataset = prepare_dataset(source, (8, 8, 3), False, tmp_path / "cache", lambda *_: None)
    assert dataset.classes == tuple(sorted(HOSTILE))
    json.loads((dataset.folder / "dataset.json").read_text())
    after = set(tmp_path.rglob("*")) - before - {tmp_path / "cache"}
    assert all(path.is_relative_to(dataset.folder) for path in after)


def test_names_that_are_no_unicode_are_read_and_written_as_escapes(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/data/caf\xe9"
    os.makedirs(folder)  # noqa: PTH103 (of bytes)
    Path(os.fsdecode(folder + b"/\xff.png")).write_bytes(picture())
    (sample,) = find_data(str(tmp_path / "data")).samples
    assert (sample.label, sample.name) == (r"caf\xe9", r"caf\xe9/\xff.png")
    assert decode(sample, (1, 1, 1)).item() == 90


@pytest.mark.parametrize(
    "name",
    [
        *("../../x/0.png", "train/../../../x/0.png", "/x/y/0.png", "..\\..\\x\\0.png"),
        *("C:\\x\\0.png", "C:/x/0.png", "\\\\host\\share\\0.png"),
    ],
)
def test_a_zip_that_names_files_outside_of_itself_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "data.zip", {"a/0.png": picture(), name: picture()})
    with pytest.raises(
        DataError, match="names 1 files outside of itself, such as .*the file is not used"
    ):
        find_data(str(path))
    assert list(tmp_path.iterdir()) == [path]


def test_a_zip_made_on_windows_is_read(tmp_path: Path) -> None:
    names = {f"train\\{name}\\0.png": picture() for name in "ab"}
    source = find_data(str(zipped(tmp_path / "data.zip", names)))
    assert [(sample.label, sample.split) for sample in source.samples] == [
        ("a", "train"),
        ("b", "train"),
    ]


def test_a_link_in_a_zip_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture())
    link = zipfile.ZipInfo("a/0.png")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr(link, str(tmp_path / "secret.png"))
    (sample,) = find_data(str(tmp_path / "data.zip")).samples
    with pytest.raises(DataError, match=r"image 'a/0\.png': it is a link"):
        decode(sample, (8, 8, 3))


def test_an_encrypted_image_is_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "data.zip", {"a/0.png": picture()})
    content = bytearray(path.read_bytes())
    central = content.index(b"PK\x01\x02")
    content[central + 8] |= 1  # bit 0 of the general purpose flags, APPNOTE 4.4.4
    path.write_bytes(content)
    (sample,) = find_data(str(path)).samples
    with pytest.raises(DataError, match=r"image 'a/0\.png': it is encrypted"):
        decode(sample, (8, 8, 3))


def test_a_small_zip_cannot_unpack_to_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_source, "MAX_FILE_BYTES", 10_000)
    with zipfile.ZipFile(tmp_path / "data.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/0.png", bytes(10_001))
    (sample,) = find_data(str(tmp_path / "data.zip")).samples
    with pytest.raises(DataError, match="the file has 10,001 bytes, the limit is 10,000"):
        decode(sample, (8, 8, 3))


def test_a_damaged_member_of_a_zip_is_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "data.zip", {"a/0.png": picture()})
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT")] ^= 1
    path.write_bytes(content)
    (sample,) = find_data(str(path)).samples
    with pytest.raises(DataError, match=r"'a/0\.png': the zip file is damaged there: Bad CRC"):
        decode(sample, (8, 8, 3))


def test_a_zip_without_its_end_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "data.zip", {"a/0.png": picture()})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="is a zip file that was cut short"):
        find_data(str(path))


def test_other_files_are_counted_by_their_suffix(tmp_path: Path) -> None:
    names = {"a/0.PNG": picture(), "b/1.heic": b"", "b/2.HEIC": b"", "readme": b""}
    names |= {"__MACOSX/a/0.png": b"", "a/.DS_Store": b""}
    source = find_data(str(zipped(tmp_path / "data.zip", names)))
    assert [sample.name for sample in source.samples] == ["a/0.PNG"]
    assert source.ignored == {"": 1, ".heic": 2}


def test_a_folder_of_nothing_but_other_files_says_which(tmp_path: Path) -> None:
    zipped(tmp_path / "data.zip", {"a/0.heic": b"", "b/1.heic": b""})
    with pytest.raises(DataError, match=r"no images in .* ignored files.*: 2 \.heic"):
        find_data(str(tmp_path / "data.zip"))


def test_arrays_whose_classes_are_called_like_paths_write_nowhere_else(tmp_path: Path) -> None:
    labels = np.asarray(["../../x", "/etc/passwd"] * 10)
    np.savez(tmp_path / "a.npz", images=np.zeros((20, 4, 4), np.uint8), labels=labels)
    source = find_data(str(tmp_path / "a.npz"))
    dataset = prepare_dataset(source, (4, 4, 1), False, tmp_path / "in" / "cache", lambda *_: None)
    assert dataset.classes == ("../../x", "/etc/passwd")
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz", "in"}
