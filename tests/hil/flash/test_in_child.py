import os
import sys
import time

import pytest

from firmware.errors import FlashError, WrongDeviceError
from hil.deadline import Deadline
from hil.flash.image import FlashImage
from hil.flash.in_child import program_in_child

IMAGE = FlashImage(0, b"abc")


class ChildProgrammer:
    """Behaves as its name says; lives in the child."""

    def __init__(self, behaviour: str) -> None:
        self._behaviour = behaviour

    def __enter__(self) -> "ChildProgrammer":
        if self._behaviour == "hangs":
            time.sleep(600)
        if self._behaviour == "dies":
            os._exit(3)
        if self._behaviour == "raises":
            raise RuntimeError("the probe fell off")
        if self._behaviour == "prints":
            sys.stdout.write("what a library says\n")
        return self

    def __exit__(self, *told: object) -> None:
        pass

    def device_id(self) -> int:
        return 0x441

    def write(self, image: FlashImage, on_bytes: object) -> None:
        pass

    def read(self, address: int, count: int) -> bytes:
        return IMAGE.content[address : address + count]


def program(behaviour: str, device_id: int = 0x441, limit_s: float = 30.0) -> list[object]:
    told: list[object] = []
    deadline = Deadline.after(limit_s)
    program_in_child(
        ChildProgrammer, (behaviour,), IMAGE, device_id, lambda *own: told.append(own), deadline
    )
    return told


def test_progress_and_success_come_from_the_child() -> None:
    assert program("works") == [("verified", 3, 3)]


def test_an_error_of_the_child_is_raised_here() -> None:
    with pytest.raises(WrongDeviceError, match="has id 0x441, the firmware is for 0x413"):
        program("works", 0x413)


def test_a_child_that_hangs_is_ended_at_the_deadline() -> None:
    with pytest.raises(FlashError, match="took longer than 1 s and was ended"):
        program("hangs", limit_s=1.0)


def test_a_child_that_dies_is_told() -> None:
    with pytest.raises(FlashError, match="the process that programs the chip ended early$"):
        program("dies")


def test_what_a_child_says_at_its_end_is_told_in_one_line() -> None:
    with pytest.raises(FlashError, match="ended early: RuntimeError: the probe fell off$"):
        program("raises")


def test_what_a_library_prints_is_no_message() -> None:
    assert program("prints") == [("verified", 3, 3)]
