"""Which images train, which test, and which make a proxy."""

import numpy as np
import pytest

from firmware.errors import ConfigError, DataError
from nas.data.splits import Split
from nas.data_tools.coco import CocoImage
from nas.data_tools.vww import MINIVAL_FRACTION, choose_images

TRAIN, TEST = Split.TRAIN, Split.TEST


def images(count: int, share: float = 0.5) -> list[CocoImage]:
    has = np.random.default_rng(0).random(count) < share
    return [CocoImage(number, f"{number}.jpg", 1, bool(has[number])) for number in range(count)]


def ids(chosen: dict[Split, list[CocoImage]], part: Split) -> list[int]:
    return [image.id for image in chosen[part]]


def test_listed_images_test_and_all_others_train() -> None:
    chosen = choose_images(images(20), {3, 5, 999}, None)
    assert ids(chosen, TEST) == [3, 5]
    assert ids(chosen, TRAIN) == [n for n in range(20) if n not in (3, 5)]


def test_without_a_list_the_published_share_tests() -> None:
    chosen = choose_images(images(123_287), None, None)
    # Binomial: the standard deviation is 87 images.
    assert abs(len(chosen[TEST]) - 8_059) < 4 * 87
    assert len(chosen[TEST]) + len(chosen[TRAIN]) == 123_287
    assert MINIVAL_FRACTION * 123_287 == 8_059


def test_an_image_keeps_its_part_whatever_others_there_are() -> None:
    few, many = (choose_images(images(count), None, None) for count in (2_000, 4_000))
    assert ids(few, TEST) == [number for number in ids(many, TEST) if number < 2_000]


@pytest.mark.parametrize("limit", [10, 100, 1000])
def test_a_proxy_is_balanced_with_a_fifth_to_test(limit: int) -> None:
    chosen = choose_images(images(20_000, 0.3), None, limit)
    for part, count in ((TRAIN, limit * 4 // 5), (TEST, limit // 5)):
        labels = [image.has_person for image in chosen[part]]
        assert labels.count(True) == labels.count(False) == count // 2


def test_a_proxy_is_part_of_a_larger_one_and_always_the_same() -> None:
    pool = images(20_000)
    small, large = choose_images(pool, None, 100), choose_images(pool, None, 1000)
    for part in (TRAIN, TEST):
        assert set(ids(small, part)) < set(ids(large, part))
    assert choose_images(pool[::-1], None, 100) == small


def test_a_proxy_is_no_larger_than_what_is_there() -> None:
    chosen = choose_images(images(200, 0.1), None, 10_000)
    labels = [image.has_person for image in chosen[TRAIN]]
    assert labels.count(True) == labels.count(False) > 0


def test_a_proxy_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="a proxy of 9 images is too small; at least 10"):
        choose_images(images(20), None, 9)


def test_one_image_in_two_files_is_refused() -> None:
    with pytest.raises(DataError, match=r"image 3 \('3\.jpg'\) is in two annotation files"):
        choose_images([*images(5), images(5)[3]], None, None)


def test_images_of_one_class_are_refused() -> None:
    with pytest.raises(DataError, match="of 20 images, those to train are of 1 class"):
        choose_images(images(20, 0.0), None, None)
