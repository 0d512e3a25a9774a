"""The labels that the rule of Visual Wake Words gives."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from benchmarks.coco_memory import ORDER, write_coco
from firmware.errors import DataError
from nas.data_tools.coco import AREA_FRACTION, read_coco

CATEGORIES = [{"id": 7, "name": "person"}, {"id": 1, "name": "cat"}]
PERSON, CAT = 7, 1


def image(number: int, width: int = 640, height: int = 480) -> dict[str, Any]:
    return {"id": number, "file_name": f"{number}.jpg", "width": width, "height": height}


def box(image_id: int, width: float, height: float, **more: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "image_id": image_id,
        "category_id": PERSON,
        "iscrowd": 0,
        "area": 1.0,
        "bbox": [0, 0, width, height],
        "segmentation": [[0.5, 1, 2, 3.25]],
        **more,
    }


def labels(path: Path, record: dict[str, Any], fraction: Fraction = AREA_FRACTION) -> list[bool]:
    path.write_text(json.dumps(record))
    return [found.has_person for found in read_coco(path, fraction, lambda *_: None)]


def label(tmp_path: Path, *boxes: dict[str, Any]) -> bool:
    """The label of one image of 640x480 pixels, of which 0.5 % are 1,536, with these boxes."""
    record = {"images": [image(0), image(1)], "categories": CATEGORIES}
    other = box(1, 1, 1)
    first, second = labels(tmp_path / "a.json", record | {"annotations": [*boxes, other]})
    assert not second
    return first


def test_a_box_over_half_a_percent_is_a_person(tmp_path: Path) -> None:
    assert label(tmp_path, box(0, 48, 32.01))


def test_exactly_half_a_percent_is_none(tmp_path: Path) -> None:
    assert not label(tmp_path, box(0, 48, 32))


def test_an_image_without_boxes_has_no_person(tmp_path: Path) -> None:
    assert not label(tmp_path)


def test_other_categories_do_not_count_even_if_their_number_is_1(tmp_path: Path) -> None:
    assert not label(tmp_path, box(0, 640, 480, category_id=CAT))


def test_a_crowd_does_not_count(tmp_path: Path) -> None:
    assert not label(tmp_path, box(0, 640, 480, iscrowd=1))


def test_a_person_beside_a_crowd_counts(tmp_path: Path) -> None:
    assert label(tmp_path, box(0, 640, 480, iscrowd=1), box(0, 100, 100))


def test_one_large_box_of_several_is_enough(tmp_path: Path) -> None:
    assert label(tmp_path, box(0, 2, 2), box(0, 100, 100), box(0, 3, 3))


def test_small_boxes_do_not_add_up(tmp_path: Path) -> None:
    assert not label(tmp_path, *[box(0, 40, 30)] * 20)


def test_the_box_counts_not_the_area_of_the_outline(tmp_path: Path) -> None:
    assert not label(tmp_path, box(0, 10, 10, area=200_000.0))
    assert label(tmp_path, box(0, 100, 100, area=1.0))


def test_a_box_without_extent_is_none(tmp_path: Path) -> None:
    assert not label(tmp_path, box(0, -100, -100))


def test_annotations_without_iscrowd_are_no_crowds(tmp_path: Path) -> None:
    own = box(0, 100, 100)
    del own["iscrowd"]
    assert label(tmp_path, own)


def test_boxes_of_images_that_are_not_listed_are_passed_over(tmp_path: Path) -> None:
    assert not label(tmp_path, box(99, 100, 100))


@pytest.mark.parametrize(("fraction", "expected"), [("0.05", False), ("0.0499", True)])
def test_the_fraction_can_be_chosen(tmp_path: Path, fraction: str, expected: bool) -> None:
    record = {
        "images": [image(0, 100, 100)],
        "annotations": [box(0, 50, 10)],
        "categories": CATEGORIES,
    }
    assert labels(tmp_path / "a.json", record, Fraction(fraction)) == [expected]


@pytest.mark.parametrize("pixels", [(7, 600), (600, 7), (123, 200), (1, 200)])
def test_the_border_is_exact_for_every_size(tmp_path: Path, pixels: tuple[int, int]) -> None:
    # 0.005 is no binary fraction: its product with a number of pixels may be rounded either way.
    width, height = pixels
    border = width * height / 200
    record = {"images": [image(0, width, height)], "categories": CATEGORIES}
    for area, expected in ((border, False), (border * (1 + 1e-12), True)):
        record["annotations"] = [box(0, area, 1)]
        assert labels(tmp_path / "a.json", record) == [expected]


@pytest.mark.parametrize("order", [ORDER, tuple(reversed(ORDER)), ("annotations", *ORDER[:3:2])])
def test_the_order_of_the_sections_does_not_matter(tmp_path: Path, order: tuple[str, ...]) -> None:
    sections = {name: [] for name in ORDER}
    sections |= {
        "images": [image(0), image(1)],
        "annotations": [box(1, 100, 100)],
        "categories": CATEGORIES,
    }
    names = dict.fromkeys([*order, *sections])
    record = {name: sections[name] for name in names}
    assert labels(tmp_path / "a.json", record) == [False, True]


def test_a_stream_gives_the_labels_of_a_reader_that_holds_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_coco(path, 3_000_000, 1000)
    whole = json.loads(path.read_text())
    sizes = {own["id"]: own["width"] * own["height"] for own in whole["images"]}
    (person,) = (own["id"] for own in whole["categories"] if own["name"] == "person")
    expected = {
        own["image_id"]
        for own in whole["annotations"]
        if own["category_id"] == person
        and own["bbox"][2] * own["bbox"][3] / sizes[own["image_id"]] > 0.005
    }
    found = {own.id for own in read_coco(path, AREA_FRACTION, lambda *_: None) if own.has_person}
    assert found == expected
    assert 100 < len(found) < 1000


def test_progress_rises_to_the_end_of_the_last_pass(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_coco(path, 500_000, 100)
    told: list[tuple[int, int]] = []
    read_coco(path, AREA_FRACTION, lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (3 * path.stat().st_size, 3 * path.stat().st_size)


GOOD: dict[str, Any] = {
    "images": [image(0)],
    "annotations": [box(0, 9, 9)],
    "categories": CATEGORIES,
}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"categories": [{"id": 1, "name": "cat"}]}, "no category is named 'person'; .*: 'cat'"),
        ({"categories": []}, "its categories: none"),
        ({"images": []}, "it lists no images"),
        ({"annotations": []}, "it has no annotations"),
        ({"images": [image(3), image(3)]}, "image 3 occurs twice"),
        ({"images": [{"id": 3, "width": 1, "height": 1}]}, "image 3 has no size or no file_name"),
        ({"images": [image(3, 0, 5)]}, "image 3 has no size"),
        ({"images": [{"id": "3"}]}, "id is '3', expected a whole number"),
        ({"images": ["a"]}, "a record of 'images' is 'a'"),
        ({"annotations": [box(0, 1, 1, category_id=None)]}, "category_id is None"),
        ({"annotations": [box(0, 1, 1, bbox=[1, 2])]}, r"the bbox of annotation 1 is \[1, 2\]"),
        ({"annotations": [box(0, 1, 1, bbox=[1, 2, "3", 4])]}, "the bbox of annotation 1"),
    ],
)
def test_files_of_another_kind_are_refused(
    tmp_path: Path, change: dict[str, Any], text: str
) -> None:
    with pytest.raises(DataError, match=f"could not use .*a.json': .*{text}"):
        labels(tmp_path / "a.json", GOOD | change)


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_coco(path, 100_000, 100)
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(DataError, match="could not use .*: it is not complete JSON"):
        read_coco(path, AREA_FRACTION, lambda *_: None)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a.json' could not be read: No such file"):
        read_coco(tmp_path / "a.json", AREA_FRACTION, lambda *_: None)
