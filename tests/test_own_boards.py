"""Boards outside the SDK: only files of the user, named by a path."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.cli import main as codegen
from firmware.errors import ConfigError
from firmware.records.conversion import from_record, to_record
from firmware.targets import Target, load_target
from firmware.targets.earlier import with_parts
from hil.cli import main as hil
from hil.project import read_project
from nas.cli import main as nas
from tests.core_programs import built, small_with_golden
from tests.hil.conftest import NEEDS_BOARD
from tests.small_model import small_model

ROOT = Path(__file__).parent.parent / "firmware"
PAGE = ROOT.parent / "docs" / "extending.md"
_WRITTEN = re.compile(r"^cat > (\S+) <<'(\w+)'\n(.*?)^\2$", re.MULTILINE | re.DOTALL)
BOARD = """
name = "mine"
description = "a board of mine"
chip = "own-f446"
environment = "mine"
sources = "c"
serial.usart = "USART2"
serial.tx = { pin = "PA2", function = 7 }
serial.rx = { pin = "PA3", function = 7 }
"""


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """A board with an STM32F446 and a clock of its own."""
    chip = (ROOT / "chips" / "stm32f446re.toml").read_text().replace("stm32f446re", "own-f446")
    folder = tmp_path / "my-board"
    (folder / "c").mkdir(parents=True)
    (folder / "own-f446.toml").write_text(chip)
    clock = (ROOT / "board" / "stm32f4" / "clock.c").read_text()
    (folder / "c" / "clock.c").write_text(f"/* mine */\n{clock}")
    path = folder / "board.toml"
    path.write_text(BOARD)
    return path


def test_a_board_is_its_chip_and_its_core(board: Path) -> None:
    target = load_target(str(board))
    assert (target.name, target.core, target.environment) == ("own-f446", "cortex-m4", "mine")
    assert target.ram_bytes == 131072


def test_a_board_of_ones_own_is_estimated(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert nas(["estimate", "--candidate", "4,3", "--target", str(board)]) == 0
    assert "on own-f446, static runtime" in capsys.readouterr().out


def test_a_project_needs_no_file_of_its_board_after_it_was_made(
    tmp_path: Path, board: Path
) -> None:
    model, out = tmp_path / "small.tflite", tmp_path / "out"
    model.write_bytes(small_model())
    assert codegen(["build", str(model), "--target", str(board), "--out", str(out)]) == 0
    target = load_target(str(board))
    assert (out / "src" / "clock.c").read_text().startswith("/* mine */\n")
    assert "SERIAL(what) USART2_##what" in (out / "src" / "target.h").read_text()
    for path in sorted(board.parent.rglob("*.*")):
        path.unlink()
    (project,) = read_project(out)
    assert project.target == replace(target, folder="")
    assert str(tmp_path) not in (out / "manifest.json").read_text()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that docs/extending.md writes, and a model with its outputs."""
    folder = tmp_path_factory.mktemp("page")
    for name, _, text in _WRITTEN.findall(PAGE.read_text()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    small_with_golden(folder)
    return folder


@NEEDS_BOARD
@pytest.mark.parametrize(
    ("board", "machine"), [("my-board.toml", "mps2-an386"), ("l0/board.toml", "mps2-an385")]
)
def test_the_boards_of_the_docs_page_run_on_the_virtual_board(
    page: Path, board: str, machine: str
) -> None:
    """A chip of a known family, and one of a family that the SDK does not know."""
    out = built(page / "small.tflite", str(page / board), page / machine)
    assert hil(["run", str(out), "--no-build", "--board", "virtual"]) == 0
    record = json.loads((out / "measurement.json").read_text())
    assert record["outputs_identical_fraction"] == 1
    assert record["provenance"]["emulated_machine"] == machine


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('chip = "own-f446"', 'chip = "f9"', "unknown chip 'f9'; known chips: .*stm32f412, "),
        ('"USART2"', '"SPI2"', "is not a board: serial.usart: "),
        ('environment = "mine"', "", "is not a board: field environment is missing"),
        ("sources", "source", "is not a board: unknown 'source'"),
    ],
)
def test_what_is_wrong_in_a_board_is_named(board: Path, old: str, new: str, message: str) -> None:
    board.write_text(BOARD.replace(old, new))
    with pytest.raises(ConfigError, match=message):
        load_target(str(board))


def test_sources_without_c_files_are_named(
    tmp_path: Path, board: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "small.tflite"
    model.write_bytes(small_model())
    (board.parent / "c" / "clock.c").unlink()
    arguments = ["build", str(model), "--target", str(board), "--out", str(tmp_path / "out")]
    assert codegen(arguments) == 1
    assert "contains no C files of the board mine" in capsys.readouterr().err


def test_a_chip_means_its_only_board() -> None:
    assert load_target("stm32f412") == load_target("nucleo-f412zg")


def test_a_run_of_an_earlier_version_has_its_chip() -> None:
    flat = {
        "name": "old",
        "description": "an old one",
        "core": "cortex-m4",
        "ram_origin": 0x20000000,
        "ram_bytes": 65536,
        "flash_origin": 0x08000000,
        "flash_bytes": 262144,
        "core_hz": 80_000_000,
        "coremark": 273,
        "stack_bytes": 4096,
        "environment": "nucleo_old",
        "cpu_flags": ["-mcpu=cortex-m4"],
    }
    target = from_record(with_parts(flat), Target)
    assert (target.name, target.core, target.ram_bytes) == ("old", "cortex-m4", 65536)
    assert with_parts(flat | {"core": "cortex-a7"}) is None
    today = to_record(load_target("stm32f412"))
    assert with_parts(today) is today
