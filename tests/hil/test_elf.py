from pathlib import Path

import pytest

from firmware.errors import BoardError
from firmware.targets import load_target
from hil.elf import read_compilers
from hil.flash.image import read_image
from tests.hil.conftest import NEEDS_BOARD

TARGET = load_target("stm32f412")


@NEEDS_BOARD
def test_the_compiler_and_its_flags_are_read_from_the_firmware(elf: Path) -> None:
    ours = [own for own in read_compilers(elf) if own.startswith("GNU C11")]
    assert len(ours) == 1
    assert {"-mcpu=cortex-m4", "-mfloat-abi=hard", "-O2"} <= set(ours[0].split())


@NEEDS_BOARD
def test_the_image_is_what_objcopy_makes_of_the_firmware(elf: Path) -> None:
    image = read_image(elf)
    binary = elf.with_suffix(".bin").read_bytes()
    assert image.address == TARGET.flash_origin
    assert image.content[: len(binary)] == binary


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"no firmware"])
def test_a_file_that_is_no_firmware_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "firmware.elf"
    path.write_bytes(content)
    for read in (read_image, read_compilers):
        with pytest.raises(BoardError, match="firmware.elf' is not an ELF file"):
            read(path)


def test_a_firmware_that_never_ends_is_refused() -> None:
    with pytest.raises(BoardError, match="'/dev/zero' is a device, expected a file"):
        read_image(Path("/dev/zero"))
