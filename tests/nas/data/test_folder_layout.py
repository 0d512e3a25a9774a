"""What each layout of folders means: the table of docs/data.md, and what is refused."""

import os
from pathlib import Path

import pytest
from PIL import Image

from firmware.errors import DataError
from nas.data import folder_source
from nas.data.data_source import find_data
from nas.data.sample import DataSource


def read(tmp_path: Path, *names: str) -> DataSource:
    """The source of a folder of these pictures, and of these empty folders (`cat/`)."""
    data = tmp_path / "data"
    data.mkdir()
    for name in names:
        path = data / name
        if name.endswith("/"):
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (2, 2)).save(path, "PNG")
    return find_data(str(data))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["cat/1.png", "dog/1.png"], ["cat -", "dog -"]),
        (["train/cat/1.png", "test/dog/1.png"], ["dog test", "cat train"]),
        (["Training/cat/1.png", "VALIDATION/cat/1.png"], ["cat train", "cat valid"]),
        (["eval/cat/1.png", "train/cat/1.png"], ["cat valid", "cat train"]),
        (["train/cat/1.png"], ["cat train"]),
        (["pack/photos/cat/1.png", "pack/photos/dog/1.png"], ["cat -", "dog -"]),
        (["pack/train/cat/1.png", "pack/test/cat/1.png"], ["cat test", "cat train"]),
        (["cat/day1/1.png", "dog/day1/1.png"], ["cat -", "dog -"]),
        (["cat/1.png", "cat/extra/1.png", "dog/1.png"], ["cat -", "cat -", "dog -"]),
        (["train/cat/day1/1.png", "test/cat/1.png"], ["cat test", "cat train"]),
        (["cat/1.png", "dog/1.png", "test/"], ["cat -", "dog -"]),
    ],
)
def test_the_outermost_folders_are_classes_or_parts_of_classes(
    tmp_path: Path, names: list[str], expected: list[str]
) -> None:
    source = read(tmp_path, *names)
    assert [f"{own.label} {own.split or '-'}" for own in source.samples] == expected


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (
            ["train/cat/1.png", "dog/1.png"],
            "folders of parts ('train') are beside other folders of images ('dog')",
        ),
        (["car/1.png", "train/1.png"], "rename a class folder that has the name of a part"),
        (
            ["training/cat.1.png", "training/dog.2.png", "testing/cat.3.png"],
            "3 images, such as 'testing/cat.3.png', are directly in a part",
        ),
        (["train/cat/1.png", "train/2.png"], "'train/2.png' is directly in a part"),
        (["cat/train/1.png", "dog/test/1.png"], "inside class folders: 'cat/train', 'dog/test'"),
        (["train/cat/val/1.png", "test/cat/1.png"], "inside class folders: 'train/cat/val'"),
        (["cat/1.png", "2.png"], "the image '2.png' is in no class folder, beside 'cat'"),
        (["train/cat/1.png", "2.png"], "'2.png' is in no class folder, beside 'train'"),
        (["1.png", "2.png"], "2 images, such as '1.png', are in no class folder; expected"),
        (["val/cat/1.png", "eval/cat/1.png"], "'eval', 'val' all mean the part 'valid'"),
    ],
)
def test_folders_that_mean_two_things_are_refused(
    tmp_path: Path, names: list[str], complaint: str
) -> None:
    with pytest.raises(DataError) as refused:
        read(tmp_path, *names)
    assert complaint in str(refused.value)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize(
    ("names", "note"),
    [
        (["cat/1.png", "dog/1.png", "bird/"], "no readable images in 'bird'"),
        (["train/cat/1.png", "train/dog/", "test/"], "in 'test', 'train/dog'"),
        (["pack/cat/1.png", "pack/dog/1.png"], "the data is in the folder 'pack'"),
        (["cat/day1/1.png", "dog/1.png"], "inside a class belong to that class: 'cat/day1'"),
    ],
)
def test_what_could_surprise_is_told(tmp_path: Path, names: list[str], note: str) -> None:
    assert any(note in remark for remark in read(tmp_path, *names).remarks)


def test_a_plain_layout_needs_no_remark(tmp_path: Path) -> None:
    assert read(tmp_path, "train/cat/1.png", "train/dog/1.png", ".git/x/").remarks == []


def test_a_link_to_a_class_folder_is_followed(tmp_path: Path) -> None:
    Image.new("L", (2, 2)).save(tmp_path / "1.png")
    (tmp_path / "dogs").mkdir()
    Image.new("L", (2, 2)).save(tmp_path / "dogs" / "2.png")
    (tmp_path / "data" / "cat").mkdir(parents=True)
    (tmp_path / "data" / "cat" / "1.png").symlink_to(tmp_path / "1.png")
    (tmp_path / "data" / "dog").symlink_to(tmp_path / "dogs")
    source = find_data(str(tmp_path / "data"))
    assert [own.name for own in source.samples] == ["cat/1.png", "dog/2.png"]


def test_a_link_back_to_the_folder_around_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data" / "cat").mkdir(parents=True)
    (tmp_path / "data" / "cat" / "all").symlink_to(tmp_path / "data")
    with pytest.raises(DataError, match="'cat/all' links to a folder that contains it"):
        find_data(str(tmp_path / "data"))


@pytest.mark.parametrize("name", ["cat/1.jpg", "dog"])
def test_a_link_that_leads_nowhere_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "data" / "cat").mkdir(parents=True)
    (tmp_path / "data" / name).symlink_to(tmp_path / "gone")
    with pytest.raises(DataError, match=f"'{name}' is a broken link; remove it"):
        find_data(str(tmp_path / "data"))


def test_a_fifo_among_the_pictures_is_named_and_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "data" / "cat").mkdir(parents=True)
    os.mkfifo(tmp_path / "data" / "cat" / "1.jpg")
    with pytest.raises(DataError, match=r"'cat/1\.jpg' is not a regular file; remove it"):
        find_data(str(tmp_path / "data"))


def test_links_cannot_make_endless_files_of_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_source, "MOST_FILES", 100)
    for level in range(10):
        own = tmp_path / "data" / str(level)
        own.mkdir(parents=True)
        for name in "ab":
            (own / name).symlink_to(tmp_path / "data" / str(level + 1))
    (tmp_path / "data" / "10").mkdir()
    with pytest.raises(DataError, match="contains more than 100 files"):
        find_data(str(tmp_path / "data" / "0"))


def test_other_files_are_counted_in_the_remarks(tmp_path: Path) -> None:
    names = ["cat/1.png", "dog/2.png", "cat/3.jfif", "dog/4.avif", "dog/5.avif", "LICENSE"]
    assert read(tmp_path, *names).remarks == [
        "ignored files that are not images: 2 .avif, 1 without suffix, 1 .jfif"
    ]
