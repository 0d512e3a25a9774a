"""Visual Wake Words on disk, from files in COCO's format."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from firmware.errors import ConfigError, DataError
from nas.data.data_source import find_data
from nas.data.dataset import prepare_dataset
from nas.data.sample import decode, image_of
from nas.data.splits import Split
from nas.data_tools.build_vww import VwwSettings, build_vww

COUNT = 40
MINIVAL = (2, 3, 10, 11)


def colour_of(number: int) -> tuple[int, int, int]:
    return (5 * number, 250 - 5 * number, 100)


def name_of(number: int) -> str:
    return f"COCO_train2014_{number:012d}.jpg"


def coco(folder: Path, numbers: Sequence[int] = range(COUNT), name: str = "a.json") -> VwwSettings:
    """Images of one colour each, of which those of odd numbers have a person."""
    pictures = folder / "coco" / "train2014"
    pictures.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        Image.new("RGB", (64, 48), colour_of(number)).save(pictures / name_of(number), quality=95)
    record = {
        "images": [
            {"id": number, "file_name": name_of(number), "width": 64, "height": 48}
            for number in numbers
        ],
        "annotations": [
            {"id": n, "image_id": n, "category_id": 1 + n % 2, "bbox": [0, 0, 30, 30], "iscrowd": 0}
            for n in numbers
        ],
        "categories": [{"id": 1, "name": "dog"}, {"id": 2, "name": "person"}],
    }
    (folder / name).write_text(json.dumps(record))
    ids = folder / "minival.txt"
    ids.write_text("\n".join(map(str, MINIVAL)) + "\n")
    return VwwSettings((folder / name,), (folder / "coco",), minival_ids=ids)


def changed(recipe: VwwSettings, **changes: Any) -> VwwSettings:
    fields = {name: getattr(recipe, name) for name in VwwSettings.__dataclass_fields__}
    return VwwSettings(**(fields | changes))


def quietly(*_: object) -> None:
    pass


def test_images_lie_in_the_folders_of_their_parts_and_classes(tmp_path: Path) -> None:
    record = build_vww(coco(tmp_path), tmp_path / "vww", quietly)
    found = {
        (path.parts[-3], path.parts[-2], int(path.stem)): np.asarray(image_of(path.read_bytes()))
        for path in (tmp_path / "vww").rglob("*.jpg")
    }
    assert set(found) == {
        ("test" if n in MINIVAL else "train", "person" if n % 2 else "not_person", n)
        for n in range(COUNT)
    }
    for (_, _, number), pixels in found.items():
        assert pixels.shape == (96, 96, 3)
        assert np.abs(pixels.astype(int) - colour_of(number)).max() <= 4
    assert record["counts"] == {
        "train": {"not_person": 18, "person": 18},
        "test": {"not_person": 2, "person": 2},
    }
    assert json.loads((tmp_path / "vww" / "vww.json").read_text()) == record


def test_a_search_takes_them_as_they_are(tmp_path: Path) -> None:
    build_vww(changed(coco(tmp_path), side=32), tmp_path / "vww", quietly)
    source = find_data(str(tmp_path / "vww"))
    dataset = prepare_dataset(source, (32, 32, 3), False, tmp_path / "cache", quietly)
    assert dataset.classes == ("not_person", "person")
    # 30 % of the 36 images to train validate: 5 of each class.
    assert dataset.counts == {"train": 26, "valid": 10, "test": 4}
    assert decode(source.samples[0], (32, 32, 3)).shape == dataset.images(Split.TEST).shape[1:]


def test_two_annotation_files_make_one_dataset(tmp_path: Path) -> None:
    first = coco(tmp_path, range(20), "train.json")
    second = coco(tmp_path, range(20, 40), "val.json")
    recipe = changed(first, annotations=(*first.annotations, *second.annotations))
    record = build_vww(recipe, tmp_path / "vww", quietly)
    assert record["images_listed"] == 40
    assert sum(sum(own.values()) for own in record["counts"].values()) == 40


def test_missing_images_are_counted_and_named_before_anything_is_written(tmp_path: Path) -> None:
    recipe = coco(tmp_path)
    for number in (4, 5, 6):
        (tmp_path / "coco" / "train2014" / name_of(number)).unlink()
    with pytest.raises(DataError, match=r"3 of 40 images are not in .*000000000004\.jpg.*--skip"):
        build_vww(recipe, tmp_path / "vww", quietly)
    assert not list(tmp_path.glob("*vww*"))


def test_missing_and_damaged_images_are_left_out_on_request(tmp_path: Path) -> None:
    recipe = changed(coco(tmp_path), skip_broken=True)
    pictures = tmp_path / "coco" / "train2014"
    (pictures / name_of(4)).unlink()
    (pictures / name_of(7)).write_bytes(b"no image")
    record = build_vww(recipe, tmp_path / "vww", quietly)
    assert [(own["id"], own["file"]) for own in record["left_out"]] == [
        (4, name_of(4)),
        (7, name_of(7)),
    ]
    assert record["left_out"][0]["reason"] == "missing"
    assert "could not read the image" in record["left_out"][1]["reason"]
    assert record["counts"]["train"] == {"not_person": 17, "person": 17}
    assert len(list((tmp_path / "vww").rglob("*.jpg"))) == 38


def test_a_damaged_image_is_named(tmp_path: Path) -> None:
    recipe = coco(tmp_path)
    (tmp_path / "coco" / "train2014" / name_of(7)).write_bytes(b"no image")
    with pytest.raises(DataError, match=r"image '.*007\.jpg': .*--skip-broken skips such"):
        build_vww(recipe, tmp_path / "vww", quietly)
    assert not (tmp_path / "vww").exists()


def test_images_that_are_all_missing_are_refused_in_any_case(tmp_path: Path) -> None:
    recipe = changed(coco(tmp_path), skip_broken=True, folders=(tmp_path / "empty",))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="40 of 40 images are not in"):
        build_vww(recipe, tmp_path / "vww", quietly)


class InterruptionError(Exception):
    """As Ctrl-C would end it, but for pytest."""


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    recipe, out = coco(tmp_path), tmp_path / "vww"

    def interrupt(work: str, done: int, _: int) -> None:
        if work == "writing images" and done == 15:
            raise InterruptionError

    with pytest.raises(InterruptionError):
        build_vww(recipe, out, interrupt)
    assert not out.exists()
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob(".vww.partial/*/*/*.jpg")}
    assert len(written) >= 15
    cut = next(iter(written))
    cut.write_bytes(cut.read_bytes()[:-2])  # as a power failure may leave it
    build_vww(recipe, out, quietly)
    build_vww(recipe, tmp_path / "whole", quietly)
    assert {p.relative_to(out): p.read_bytes() for p in out.rglob("*.*")} == {
        p.relative_to(tmp_path / "whole"): p.read_bytes() for p in (tmp_path / "whole").rglob("*.*")
    }
    kept = [out / path.relative_to(tmp_path / ".vww.partial") for path in written if path != cut]
    assert [path.stat().st_mtime_ns for path in kept] == [
        written[path] for path in written if path != cut
    ]
    assert not (tmp_path / ".vww.partial").exists()


def test_what_was_begun_with_another_recipe_is_begun_anew(tmp_path: Path) -> None:
    recipe, out = coco(tmp_path), tmp_path / "vww"

    def interrupt(work: str, *_: int) -> None:
        if work == "writing images":
            raise InterruptionError

    with pytest.raises(InterruptionError):
        build_vww(recipe, out, interrupt)
    build_vww(changed(recipe, side=8), out, quietly)
    sizes = {np.asarray(image_of(path.read_bytes())).shape for path in out.rglob("*.jpg")}
    assert sizes == {(8, 8, 3)}


def test_what_is_complete_is_not_built_again(tmp_path: Path) -> None:
    recipe, out = coco(tmp_path), tmp_path / "vww"
    record = build_vww(recipe, out, quietly)
    steps: list[str] = []
    assert build_vww(recipe, out, lambda work, *_: steps.append(work)) == record
    assert steps == []


def test_a_folder_with_another_dataset_is_left_alone(tmp_path: Path) -> None:
    recipe, out = coco(tmp_path), tmp_path / "vww"
    build_vww(recipe, out, quietly)
    with pytest.raises(ConfigError, match="contains another dataset: side 96, now 8; choose"):
        build_vww(changed(recipe, side=8), out, quietly)


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "vww").mkdir()
    (tmp_path / "vww" / "thesis.tex").write_text("years of work")
    with pytest.raises(ConfigError, match="contains something else; choose another --out"):
        build_vww(coco(tmp_path), tmp_path / "vww", quietly)
    assert (tmp_path / "vww" / "thesis.tex").exists()


def test_a_dataset_that_lacks_images_is_not_taken_for_whole(tmp_path: Path) -> None:
    recipe, out = coco(tmp_path), tmp_path / "vww"
    (tmp_path / "coco" / "train2014" / name_of(4)).unlink()
    build_vww(changed(recipe, skip_broken=True), out, quietly)
    with pytest.raises(ConfigError, match=r"was built without 1 images, see vww\.json; remove it"):
        build_vww(recipe, out, quietly)


@pytest.mark.parametrize("name", ["../../secret.jpg", "/etc/passwd", "C:\\x.jpg", "a/../../b.jpg"])
def test_annotations_cannot_name_files_outside_of_the_images(tmp_path: Path, name: str) -> None:
    recipe = coco(tmp_path)
    record = json.loads(recipe.annotations[0].read_text())
    record["images"][0]["file_name"] = name
    recipe.annotations[0].write_text(json.dumps(record))
    with pytest.raises(DataError, match="the annotations name a file outside of its folder"):
        build_vww(recipe, tmp_path / "vww", quietly)


@pytest.mark.parametrize("name", ["<script>.jpg", "a\x1b[31m.jpg", "\x00.jpg"])
def test_hostile_names_are_missing_images_like_others(tmp_path: Path, name: str) -> None:
    recipe = changed(coco(tmp_path), skip_broken=True)
    record = json.loads(recipe.annotations[0].read_text())
    record["images"][0]["file_name"] = name
    recipe.annotations[0].write_text(json.dumps(record))
    record = build_vww(recipe, tmp_path / "vww", quietly)
    assert [own["file"] for own in record["left_out"]] == [name]
    assert len(list((tmp_path / "vww").rglob("*.jpg"))) == 39


@pytest.mark.parametrize(
    ("changes", "text"),
    [({"side": 0}, "images of 0 pixels"), ({"side": 5000}, "5000"), ({"area_fraction": 1}, "1.0")],
)
def test_values_out_of_range_are_refused(
    tmp_path: Path, changes: dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigError, match=text):
        changed(coco(tmp_path), **changes)


def test_a_list_of_something_else_than_numbers_is_refused(tmp_path: Path) -> None:
    recipe = coco(tmp_path)
    (tmp_path / "minival.txt").write_text("1\nCOCO_2.jpg\n")
    with pytest.raises(DataError, match="contains text that is not a number"):
        build_vww(recipe, tmp_path / "vww", quietly)


def test_a_folder_of_images_that_does_not_exist_is_named(tmp_path: Path) -> None:
    recipe = changed(coco(tmp_path), folders=(tmp_path / "nowhere",))
    with pytest.raises(DataError, match="no such folder of images: .*nowhere"):
        build_vww(recipe, tmp_path / "vww", quietly)
