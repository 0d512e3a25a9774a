"""What a check finds in datasets that were spoilt on purpose."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from nas.data.data_source import find_data
from nas.data_tools.check import Findings, check
from nas.data_tools.check_report import check_text

PARTS = ("train", "valid", "test")


def picture(seed: int, kind: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
    """A picture of large shapes, another one for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).save(content, kind, quality=90)
    return content.getvalue()


def make(folder: Path, parts: tuple[str, ...] = PARTS, count: int = 3) -> Path:
    """Different pictures in two classes."""
    seed = 0
    for part in parts:
        for label in ("cat", "dog"):
            for number in range(count):
                path = folder / part / label / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(picture(seed))
                seed += 1
    return folder


def looked_at(data: Path) -> Findings:
    return check(find_data(str(data)), lambda *_: None)


def names(findings: Findings, numbers: tuple[int, ...]) -> list[str]:
    return [findings.source.samples[number].name for number in numbers]


def test_a_good_dataset_is_sound(tmp_path: Path) -> None:
    findings = looked_at(make(tmp_path / "data"))
    assert findings.is_sound
    assert findings.twins == []
    assert findings.counts == {part: {"cat": 3, "dog": 3} for part in PARTS}
    assert findings.sizes == {"64x48": 18}
    assert findings.modes == {"RGB": 18}
    assert findings.imbalance == 1


def test_a_zip_is_looked_at_like_its_folder(tmp_path: Path) -> None:
    data = make(tmp_path / "data")
    (data / "train" / "dog" / "0.png").write_bytes((data / "test" / "cat" / "0.png").read_bytes())
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        for path in data.rglob("*.png"):
            archive.write(path, path.relative_to(data).as_posix())
    of_folder, of_zip = looked_at(data).as_record(), looked_at(tmp_path / "data.zip").as_record()
    own = ("data", "content_sha256")
    assert {k: v for k, v in of_zip.items() if k not in own} == {
        k: v for k, v in of_folder.items() if k not in own
    }
    assert not of_zip["sound"]


def test_broken_images_are_named_with_their_reasons(tmp_path: Path) -> None:
    data = make(tmp_path / "data")
    (data / "train" / "cat" / "0.png").write_bytes(b"no image")
    (data / "train" / "cat" / "1.png").write_bytes(picture(5)[:200])
    findings = looked_at(data)
    assert list(findings.broken) == ["train/cat/0.png", "train/cat/1.png"]
    assert "not an image of a supported format: JPEG, PNG" in findings.broken["train/cat/0.png"]
    assert not findings.is_sound


def test_equal_files_in_one_part_and_class_are_told_and_do_no_harm(tmp_path: Path) -> None:
    data = make(tmp_path / "data")
    (data / "train" / "cat" / "copy.png").write_bytes((data / "train/cat/0.png").read_bytes())
    findings = looked_at(data)
    (twins,) = findings.twins
    assert names(findings, twins.numbers) == ["train/cat/0.png", "train/cat/copy.png"]
    assert twins.is_identical
    assert findings.is_sound


def test_a_picture_saved_anew_and_smaller_is_a_near_duplicate(tmp_path: Path) -> None:
    data = make(tmp_path / "data")
    (data / "train" / "cat" / "copy.jpg").write_bytes(picture(0, "JPEG", (32, 24)))
    findings = looked_at(data)
    (twins,) = findings.twins
    assert names(findings, twins.numbers) == ["train/cat/0.png", "train/cat/copy.jpg"]
    assert not twins.is_identical


def test_leaks_are_counted_by_the_part_that_is_spoilt(tmp_path: Path) -> None:
    data = make(tmp_path / "data")
    content = (data / "train" / "cat" / "0.png").read_bytes()
    for name in ("test/cat/a.png", "test/cat/b.png", "valid/cat/c.png"):
        (data / name).write_bytes(content)
    findings = looked_at(data)
    assert findings.leaked == {"train-valid": 1, "train-test": 2, "valid-test": 2}
    assert len(findings.leaks) == 1
    assert not findings.is_sound


def test_one_picture_in_two_classes_is_a_conflict(tmp_path: Path) -> None:
    data = make(tmp_path / "data")
    (data / "train" / "dog" / "x.jpg").write_bytes(picture(0, "JPEG"))
    findings = looked_at(data)
    (twins,) = findings.conflicts
    assert twins.labels == {"cat", "dog"}
    assert findings.leaks == []
    assert not findings.is_sound


def test_copies_leak_also_between_parts_that_a_search_draws(tmp_path: Path) -> None:
    data = make(tmp_path / "data", ("",), count=20)
    for number in range(20):
        copy = data / "cat" / f"{number}.png"
        (data / "cat" / f"copy{number}.png").write_bytes(copy.read_bytes())
    findings = looked_at(data)
    assert not findings.is_divided
    assert len(findings.twins) == 20
    assert findings.leaks


def test_data_that_no_search_can_use_is_not_sound(tmp_path: Path) -> None:
    data = make(tmp_path / "data")
    for path in (data / "test" / "dog").iterdir():
        path.unlink()
    findings = looked_at(data)
    assert findings.unusable == "no images of 'dog' in test; every class needs some in every part"
    assert not findings.is_sound
    assert findings.counts["test"] == {"cat": 3, "dog": 0}


def test_kinds_and_sizes_are_counted_as_they_are_in_the_files(tmp_path: Path) -> None:
    data = make(tmp_path / "data")
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.open(io.BytesIO(picture(100)))
    turned.save(data / "train" / "cat" / "turned.jpg", exif=exif, quality=90)
    clear = Image.open(io.BytesIO(picture(101))).convert("RGBA")
    clear.putalpha(9)
    clear.save(data / "train" / "cat" / "clear.png")
    first, second = (Image.open(io.BytesIO(picture(seed))) for seed in (102, 103))
    first.save(data / "train" / "cat" / "moving.webp", save_all=True, append_images=[second])
    first.convert("CMYK").save(data / "train" / "dog" / "print.jpg")
    (data / "notes.txt").write_text("")
    findings = looked_at(data)
    assert findings.sizes == {"64x48": 21, "48x64": 1}
    assert findings.modes == {"RGB": 20, "CMYK": 1, "RGBA": 1}
    assert findings.traits == {"several pictures": 1, "transparent": 1, "turned by EXIF": 1}
    assert findings.as_record()["ignored_files"] == {".txt": 1}


def test_arrays_are_looked_at_too(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8), dtype=np.uint8)
    images[7] = images[2]
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(20) % 2)
    findings = looked_at(tmp_path / "a.npz")
    assert findings.modes == {"L": 20}
    assert [twins.numbers for twins in findings.conflicts] == [(2, 7)]


def test_the_text_names_what_is_wrong(tmp_path: Path) -> None:
    data = make(tmp_path / "data")
    (data / "train" / "cat" / "a\x1b[31m\n.png").write_bytes(b"no image")
    (data / "test" / "dog" / "x.png").write_bytes((data / "train/cat/0.png").read_bytes())
    for number in range(40):
        (data / "train" / "dog" / f"more{number}.png").write_bytes(picture(200 + number))
    lines = check_text(looked_at(data)).splitlines()
    assert lines[0].split() == ["class", "train", "valid", "test"]
    assert lines[2].split() == ["dog", "43", "3", "4"]
    assert any(own.startswith(r"  train/cat/a\x1b[31m\n.png: it is not an image") for own in lines)
    text = "\n".join(lines)
    assert "unbalanced: the largest class has 5.0 times the images of the smallest" in text
    assert "groups in two classes: 1\n  test/dog/x.png = train/cat/0.png\n" in text
    assert "  1 images of test have a twin in train" in text
    assert lines[-1] == "sound: no"


def test_names_of_classes_are_escaped_in_the_text(tmp_path: Path) -> None:
    data = tmp_path / "data.zip"
    with zipfile.ZipFile(data, "w") as archive:
        for number in range(20):
            label = ("<script>", "\x1b[2J")[number % 2]
            archive.writestr(f"{label}/{number}.png", picture(number))
    text = check_text(looked_at(data))
    assert "\x1b" not in text
    assert r"\x1b[2J" in text
    assert "<script>" in text
