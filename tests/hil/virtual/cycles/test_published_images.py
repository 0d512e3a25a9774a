"""The firmware images that are compared with published times: how they are adapted, and figures."""

import json
import struct

import pytest

from benchmarks.image_cycles import HERE, STACK_END, Images, adapted
from firmware.records.reader import Kind, convert, read_toml

LIST = HERE / "published_images.toml"


def test_the_stack_is_moved_into_the_memory_of_the_machine() -> None:
    image = struct.pack("<4I", 0x200A_0000, 0x0800_137D, 0x200A_0000, 7)
    assert struct.unpack("<4I", adapted(image)) == (STACK_END, 0x0800_137D, STACK_END, 7)


def test_a_stack_that_fits_stays_where_it_is() -> None:
    image = struct.pack("<2I", 0x2000_4810, 0x0804_9881)
    assert adapted(image) == image


def test_an_exclusive_store_becomes_a_store_of_two_registers_with_the_same_fields() -> None:
    load, store = (0xE853, 0x2F00), (0xE843, 0x2100)  # LDREX r2, [r3]; STREX r1, r2, [r3]
    image = struct.pack("<8H", 0x4810, 0x2000, *load, *store, 0x2900, 0xD0E2)
    after = struct.unpack("<8H", adapted(image))
    assert after == (0x4810, 0x2000, *load, 0xE9C3, 0x2100, 0x2900, 0xD0E2)  # STRD r2, r1, [r3]


def test_data_that_look_like_an_exclusive_store_are_kept() -> None:
    image = struct.pack("<4H", 0x4810, 0x2000, 0xE843, 0x2100)
    assert adapted(image) == image


def images_of_the_list() -> Images:
    kind = Kind("is not a list of firmware images", "")
    return convert(read_toml(LIST, kind), Images, LIST, kind)


def test_each_image_is_run_with_the_flash_of_its_mode() -> None:
    images = images_of_the_list()
    for own in images.image:
        timing = images.chip(own).timing
        assert timing is not None
        assert timing.wait_states == images.wait_states == 5
        assert timing.flash_line_bytes == {"single": 16, "dual": 8}[own.mode]
        assert timing.instruction_lines == images.modes[own.mode].instruction_lines


def test_the_recorded_errors_are_those_of_the_published_times() -> None:
    images = images_of_the_list()
    rows = json.loads((HERE / "image_cycles.json").read_text())["rows"]
    assert [row["image"] for row in rows] == [own.title for own in images.image]
    for row, own in zip(rows, images.image, strict=True):
        assert row["published_ms"] == own.published_ms
        error = row["predicted_ms"] / own.published_ms - 1
        assert row["error"] == pytest.approx(error, abs=2e-4)
