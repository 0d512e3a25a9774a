from pathlib import Path

import pytest

from firmware.chips.sectors import sectors_in
from firmware.errors import ConfigError
from firmware.targets import (
    board_targets,
    known_targets,
    load_board_target,
    load_real_target,
    load_target,
)
from nas.cli import main

SHIPPED = (Path(__file__).parent.parent / "firmware" / "chips" / "stm32l412kb.toml").read_text()


@pytest.mark.parametrize("name", known_targets())
def test_every_target_can_be_read(name: str) -> None:
    target = load_target(name)
    assert name in (target.name, target.board and target.board.name)
    assert target.stack_bytes < target.ram_bytes <= target.flash_bytes
    assert target.has_board == (name in board_targets())
    sectors = list(sectors_in(target.chip.sectors))
    if not target.machine:
        assert sum(own.size_bytes for own in sectors) == target.flash_bytes
    assert len({own.number for own in sectors}) == len(sectors)


@pytest.mark.parametrize(
    ("name", "offset", "count", "numbers"),
    [
        ("stm32f412", 0xFFFF, 2, [3, 4]),
        ("stm32f412", 0x20000, 0x20000, [5]),
        ("stm32f446re", 0x7FFFF, 1, [7]),
        ("stm32l412kb", 0x800, 0x801, [1, 2]),
        ("stm32l4r5zi", 0x100000, 1, [256]),
        ("stm32g0b1re", 0x3FFFF, 2, [127, 256]),
        ("stm32l152re", 0x40000, 257, [1024, 1025]),
    ],
)
def test_bytes_lie_in_the_sectors_of_the_reference_manual(
    name: str, offset: int, count: int, numbers: list[int]
) -> None:
    target = load_target(name)
    assert target.sectors_of(target.flash_origin + offset, count) == numbers


def test_a_file_of_ones_own_works_like_a_shipped_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SHIPPED.replace("stm32l412kb", "mine").replace("40960", "6144"))
    assert main(["estimate", "--candidate", "9,4", "--target", str(path), "--fail-over"]) == 1
    assert "on mine, static runtime" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is neither a board nor a chip: field chip or core is missing"),
        ("[", "is neither a board nor a chip: "),
        (SHIPPED.replace("coremark", "cormark"), "is not a chip: unknown 'cormark'"),
        (
            SHIPPED.replace("ram_bytes = 40960", "ram_bytes = 4.5"),
            "ram_bytes: expected int, found 4.5",
        ),
        (SHIPPED.replace('core = "cortex-m4"', "core = 4"), "core: expected str, found 4"),
    ],
)
def test_a_file_that_is_no_target_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_target(str(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"could not read '.*none\.toml'"):
        load_target(str(tmp_path / "none.toml"))


def test_projects_are_generated_only_where_there_is_a_board() -> None:
    assert load_board_target("stm32f412").environment == "nucleo_f412zg"
    with pytest.raises(ConfigError, match="stm32l010rb is a target for estimates only"):
        load_board_target("stm32l010rb")


def test_a_board_of_qemu_gets_firmware_but_is_not_flashed() -> None:
    assert load_board_target("microbit").machine == "microbit"
    with pytest.raises(ConfigError, match="nrf51822 is a board of QEMU, .* flashed: nucleo-f412zg"):
        load_real_target("microbit")


def test_a_board_has_a_serial_port_or_is_one_of_qemu(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\ndescription = "mine"\nchip = "stm32f412"\nenvironment = "mine"\n'
    )
    with pytest.raises(ConfigError, match="either 'serial' or 'machine'"):
        load_target(str(path))
