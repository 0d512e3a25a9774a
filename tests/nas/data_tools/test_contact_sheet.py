"""Contact sheets, by the pixels that are on them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from firmware.errors import ConfigError, DataError
from nas.data.data_source import find_data
from nas.data.sample import Sample
from nas.data.splits import Split
from nas.data_tools.contact_sheet import SheetRow, choose_rows, draw_sheet

RED, BLUE = (200, 10, 10), (10, 10, 200)


def data(folder: Path, count: int = 12) -> Path:
    for part in ("train", "valid", "test"):
        for name, colour in (("blue", BLUE), ("red", RED)):
            (folder / part / name).mkdir(parents=True)
            for number in range(count):
                image = Image.new("RGB", (40, 20), colour)
                image.putpixel((0, 0), (number, 0, 0))
                image.save(folder / part / name / f"{number}.png")
    return folder


def count_of(image: Image.Image, colour: tuple[int, int, int]) -> int:
    return int((np.asarray(image) == colour).all(axis=2).sum())


def row(*arrays: np.ndarray, label: str = "a") -> SheetRow:
    samples = tuple(Sample(f"x{n}", label, None, lambda a=a: a) for n, a in enumerate(arrays))
    return SheetRow(Split.TRAIN, label, len(samples), samples)


def test_each_part_and_class_has_a_row_in_the_order_of_a_run(tmp_path: Path) -> None:
    rows = choose_rows(find_data(str(data(tmp_path / "data"))), 5, 0)
    assert [own.heading for own in rows] == [
        f"{part} / {name}: 12 images" for part in Split for name in ("blue", "red")
    ]
    assert all(len(own.samples) == 5 for own in rows)


def test_the_same_seed_chooses_the_same_images_and_another_one_others(tmp_path: Path) -> None:
    source = find_data(str(data(tmp_path / "data")))
    chosen = [
        [sample.name for own in choose_rows(source, 5, seed) for sample in own.samples]
        for seed in (0, 0, 1)
    ]
    assert chosen[0] == chosen[1] != chosen[2]


def test_the_same_choice_gives_the_same_picture(tmp_path: Path) -> None:
    source = find_data(str(data(tmp_path / "data")))
    sheets = [draw_sheet(choose_rows(source, 3, 0), (10, 10, 3)) for _ in range(2)]
    assert sheets[0].tobytes() == sheets[1].tobytes()


def test_no_more_images_than_there_are(tmp_path: Path) -> None:
    rows = choose_rows(find_data(str(data(tmp_path / "data", 2))), 100, 0)
    assert {len(own.samples) for own in rows} == {2}


def test_images_as_they_are_keep_their_proportions() -> None:
    wide = np.zeros((50, 100, 3), np.uint8)
    wide[:] = RED
    assert count_of(draw_sheet([row(wide)], None), RED) == 112 * 56


def test_images_as_a_network_sees_them_have_its_pixels() -> None:
    image = np.zeros((50, 50, 3), np.uint8)
    image[:25], image[25:] = RED, BLUE
    sheet = draw_sheet([row(image)], (50, 50, 3))
    # 50 pixels are enlarged twice to 100, without mixing colours at their edges.
    assert count_of(sheet, RED) == 100 * 50
    assert count_of(sheet, BLUE) == 100 * 50


def test_a_network_of_one_channel_sees_grey() -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    image[:] = (255, 0, 0)
    sheet = draw_sheet([row(image)], (8, 8, 1))
    assert (np.asarray(sheet)[34 : 34 + 112, 12 : 12 + 112] == 76).all()


def test_a_damaged_image_is_crossed_out() -> None:
    good = np.full((8, 8, 3), 100, np.uint8)
    bad = SheetRow(Split.TRAIN, "a", 1, (Sample("x", "a", None, lambda: b"no image"),))
    assert draw_sheet([row(good)], None).size == draw_sheet([bad], None).size
    assert count_of(draw_sheet([bad], None), (225, 225, 225)) > 10_000


@pytest.mark.parametrize("label", ["<script>alert(1)</script>", "\x1b[2J\n", "x" * 500, "猫"])
def test_any_name_of_a_class_can_be_drawn(label: str) -> None:
    own = row(np.zeros((8, 8, 3), np.uint8), label=label)
    assert (
        draw_sheet([own], None).size == draw_sheet([row(np.zeros((8, 8, 3), np.uint8))], None).size
    )
    assert own.heading.isprintable()


def test_a_sheet_of_thousands_of_rows_is_refused() -> None:
    own = row(*[np.zeros((8, 8, 3), np.uint8)] * 20)
    with pytest.raises(DataError, match="a sheet of 2,000 rows and 20 images would have .*fewer"):
        draw_sheet([own] * 2000, None)


@pytest.mark.parametrize(("count", "seed"), [(0, 0), (1, -1)])
def test_choices_out_of_range_are_refused(tmp_path: Path, count: int, seed: int) -> None:
    source = find_data(str(data(tmp_path / "data", 1)))
    with pytest.raises(ConfigError, match="expected at least 1, at least 0"):
        choose_rows(source, count, seed)
