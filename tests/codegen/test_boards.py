"""What the table of boards says is what the commands do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from codegen.boards.abilities import Abilities, abilities_of, shipped_names
from codegen.boards.table import markdown_table
from codegen.cli import main as codegen
from codegen.model.read_tflite import parse_tflite
from firmware.errors import SdkError
from firmware.targets import Target, known_targets, load_target
from hil.bench.bench_file import Flasher
from hil.bench.ready_board import VIRTUAL, VIRTUAL_NUCLEO
from hil.elf import FirmwareSize
from hil.virtual.machine import machine_for, nucleo_machine
from nas.cli import main as nas
from nas.estimator.limits import limits_of
from nas.estimator.network import estimate
from tests.host_compiler import ROOT
from tests.small_model import small_model

MAINS = {"codegen": codegen, "nas": nas}


def row_of(name: str) -> Abilities:
    return abilities_of(load_target(name))


def test_every_target_is_in_one_row() -> None:
    rows = [row_of(name) for name in shipped_names()]
    assert {row.board for row in rows if row.board} | {row.chip for row in rows} == {
        *known_targets()
    }
    assert len({row.chip for row in rows}) == len(rows)


def test_the_board_that_is_developed_for_can_do_everything() -> None:
    assert row_of("stm32f412") == Abilities(
        board="nucleo-f412zg",
        chip="stm32f412",
        core="cortex-m4",
        ram_bytes=262_144,
        flash_bytes=1_048_576,
        core_hz=100_000_000,
        estimated=("arena", "ram", "flash", "instructions", "milliseconds"),
        generated=("static", "tflm"),
        virtual=("virtual", "virtual-nucleo"),
        flashed=("swd", "uart"),
    )


def test_a_chip_alone_is_estimated_and_a_board_of_qemu_is_not_flashed() -> None:
    chip, board = row_of("stm32l010rb"), row_of("microbit")
    assert (chip.board, chip.generated, chip.virtual, chip.flashed) == (None, (), (), ())
    assert (board.generated, board.virtual, board.flashed) == (("static",), ("virtual",), ())


@pytest.mark.parametrize("name", shipped_names())
def test_the_figures_are_those_that_an_estimate_has(name: str) -> None:
    target, model = load_target(name), small_model()
    limits, _ = limits_of(target, "static")
    own = estimate("small", parse_tflite(model), len(model), target, limits, "static")
    known = {
        "arena": own.ram.arena_bytes,
        "ram": own.ram.linked_bytes,
        "flash": own.linked_flash_bytes,
        "instructions": own.time,
        "milliseconds": own.modelled_time,
    }
    assert row_of(name).estimated == tuple(key for key, value in known.items() if value is not None)


def test_milliseconds_are_known_for_the_modelled_flash_alone() -> None:
    target = load_target("stm32f412")
    assert target.timing is not None
    other = target.with_chip(timing=None)
    assert abilities_of(other).estimated == ("arena", "ram", "flash", "instructions")


@pytest.mark.parametrize("name", shipped_names())
@pytest.mark.parametrize("runtime", ["static", "tflm"])
def test_a_runtime_is_generated_where_the_table_says_so(
    tmp_path: Path, name: str, runtime: str
) -> None:
    model, project = tmp_path / "small.tflite", tmp_path / "project"
    model.write_bytes(small_model())
    words = ["build", str(model), "--target", name, "--runtime", runtime, "--toolchain", "system"]
    is_made = codegen([*words, "--out", str(project)]) == 0
    assert is_made == (runtime in row_of(name).generated)


@pytest.mark.parametrize("name", shipped_names())
def test_the_virtual_boards_take_what_the_table_says(name: str) -> None:
    row, target = row_of(name), load_target(name)
    size = FirmwareSize(1_000, 100, 1_000, target.ram_origin + 1_000)
    if row.board:
        assert (VIRTUAL in row.virtual) == works(machine_for, target, size)
        is_real = not target.machine
        assert (VIRTUAL_NUCLEO in row.virtual) == (is_real and works(nucleo_machine, target, size))
    assert {*row.flashed} <= {*get_args(Flasher)}


def works(choose: Callable[..., object], target: Target, size: FirmwareSize) -> bool:
    try:
        choose(target, size)
    except SdkError:
        return False
    return True


@pytest.mark.parametrize("program", MAINS)
def test_both_commands_print_one_table(capsys: pytest.CaptureFixture[str], program: str) -> None:
    assert MAINS[program](["boards", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [own["board"] or own["chip"] for own in printed] == list(shipped_names())
    assert MAINS[program](["boards", "nucleo-g0b1re", "stm32l151uc"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == (
        "board chip core RAM flash clock estimated generated virtual flashed by".split()
    )
    assert lines[0].split()[:7] == "nucleo-g0b1re stm32g0b1re cortex-m0plus 144 KiB 512 KiB".split()
    assert lines[1].split()[:2] == ["–", "stm32l151uc"]


def test_a_board_of_ones_own_has_its_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "firmware" / "boards" / "nucleo-f412zg.toml").read_text()
    path = tmp_path / "mine.toml"
    path.write_text(text.replace("nucleo-f412zg", "mine").replace("USART3", "USART6"))
    assert codegen(["boards", str(path), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["board"], row["chip"], row["virtual"]) == ("mine", "stm32f412", ["virtual"])


def test_an_unknown_board_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert nas(["boards", "stm32f9"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("nas: error: unknown target 'stm32f9'; known targets: an385, ")


def test_the_page_shows_the_table_of_today() -> None:
    page = (ROOT / "docs" / "boards.md").read_text(encoding="utf-8")
    table = markdown_table([row_of(name) for name in shipped_names()])
    assert table in page, "replace the table of docs/boards.md: 'codegen boards --markdown' has it"
