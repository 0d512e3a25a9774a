"""Firmware of the STM32F412, linked again for the machine with more memory."""

import json
import shutil
from pathlib import Path

import pytest

from codegen.cli import main as codegen
from firmware.errors import BuildError
from firmware.platformio import run_platformio
from firmware.targets import load_target
from firmware.targets.machine import MPS2_AN386, NETDUINOPLUS2, EmulatedMachine
from hil.cli import main as hil
from hil.elf import measure_elf
from hil.measure import Measurement, Settings
from hil.project import Project, read_project
from hil.session import Session, measure_on
from hil.virtual.cycles.cycle_model import cycle_model
from hil.virtual.relink import linked_for
from hil.virtual.virtual_board import VirtualBoard
from nas.cli import main as nas
from tests.hil.conftest import NEEDS_BOARD
from tests.wide_model import WHOLE_TENSOR_BYTES, wide_model

pytestmark = NEEDS_BOARD


@pytest.fixture(scope="module")
def wide_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of a network that fits the chip, but not the smaller machine."""
    folder = tmp_path_factory.mktemp("wide")
    model, golden = folder / "wide.tflite", folder / "golden.npz"
    model.write_bytes(wide_model())
    assert nas(["golden", str(model), "--samples", "2", "--out", str(golden)]) == 0
    arguments = ["build", str(model), "--golden", str(golden), "--target", "stm32f412"]
    assert codegen([*arguments, "--out", str(folder / "project"), "--compile"]) == 0
    return folder / "project"


def measured(project: Project, machine: EmulatedMachine) -> Measurement:
    model = cycle_model(project.target.with_chip(flash_origin=machine.flash_origin))
    ram_end = measure_elf(project.firmware, ()).ram_end
    with linked_for(machine, project) as elf:
        board = VirtualBoard(elf, ram_end, model, ("static_ticks",), machine=machine)
        return measure_on(board, project, Session((project,), Settings(60.0)))


def test_a_network_of_200_kb_is_confirmed_and_the_machine_is_named(
    wide_project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(wide_project.rglob("*"))
    assert hil(["run", str(wide_project), "--no-build", "--board", "virtual"]) == 0
    *lines, verdict = capsys.readouterr().out.splitlines()
    assert verdict == "verdict: confirmed on board virtual"
    (machine,) = (line for line in lines if line.startswith("emulated on "))
    assert machine.startswith("emulated on mps2-an386, for which the firmware was linked again:")
    assert machine.endswith("bytes, instructions and modelled cycles are those of the stm32f412")
    path = wide_project / "measurement.json"
    assert sorted(wide_project.rglob("*")) == sorted([*before, path])
    record = json.loads(path.read_text())
    assert record["provenance"]["emulated_machine"] == "mps2-an386"
    assert record["arena_bytes"] == record["estimate"]["arena_bytes"] > WHOLE_TENSOR_BYTES
    assert record["ram_bytes"] > NETDUINOPLUS2.ram_bytes
    assert record["outputs_identical_fraction"] == 1
    assert record["modelled"]["cycles"] > record["instructions"] > 0


def test_both_machines_count_the_same_for_the_same_firmware(project: Path) -> None:
    """All code is at the same places, so every modelled cycle and stall is the same.

    Between kernel calls the firmware reports. The code of its serial port is another, and so is
    what it leaves in the modelled caches of the flash.
    """
    (own,) = read_project(project)
    usual, large = (measured(own, machine) for machine in (NETDUINOPLUS2, MPS2_AN386))
    assert usual.modelled is not None
    assert large.modelled is not None
    assert large.modelled.inference == usual.modelled.inference
    for step, other in zip(large.modelled.steps, usual.modelled.steps, strict=True):
        assert step.instructions == other.instructions
        assert step.cycles == pytest.approx(other.cycles, abs=20)
    assert large.answers == usual.answers
    assert large.stack_peak_bytes == usual.stack_peak_bytes
    assert large.timing.one == pytest.approx(usual.timing.one, abs=12)
    assert large.build == usual.build


def test_a_stack_overflow_is_told_as_such(
    wide_project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Below the RAM of this machine there is no memory either."""
    copy = tmp_path / "project"
    shutil.copytree(wide_project, copy, ignore=shutil.ignore_patterns(".pio"))
    with_stack_of_64(copy)
    run_platformio(copy, load_target("stm32f412"))
    assert hil(["run", str(copy), "--no-build", "--board", "virtual", "--timeout-s", "20"]) == 20
    assert "hard fault: stack overflow" in capsys.readouterr().err


def with_stack_of_64(project: Path) -> None:
    script = (project / "board.ld").read_text()
    assert ". += 4096;" in script
    (project / "board.ld").write_text(script.replace(". += 4096;", ". += 64;"))


def test_firmware_of_another_linker_script_is_refused(project: Path, tmp_path: Path) -> None:
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    with_stack_of_64(copy)
    (own,) = read_project(copy)
    with (
        pytest.raises(
            BuildError, match=r"\d+ other names do not keep their places in the firmware"
        ),
        linked_for(MPS2_AN386, own),
    ):
        pass


def test_other_object_files_than_those_of_the_firmware_are_refused(
    project: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    (own,) = read_project(copy)
    (kernel,) = copy.rglob("nn/fully_connected.o")
    shutil.copy(kernel.with_name("softmax.o"), kernel)
    with (
        pytest.raises(BuildError, match="could not link the firmware for mps2-an386: .*undefined"),
        linked_for(MPS2_AN386, own),
    ):
        pass


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (".pio/build/nucleo_f412zg/firmware.map", "firmware.map' is missing, which lists what was"),
        ("board.ld", "could not read '.*board.ld': No such file"),
    ],
)
def test_a_file_that_is_missing_is_named(
    project: Path, tmp_path: Path, name: str, told: str
) -> None:
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    (copy / name).unlink()
    (own,) = read_project(copy)
    with pytest.raises(BuildError, match=told), linked_for(MPS2_AN386, own):
        pass


def test_a_linker_script_of_the_users_own_is_refused(project: Path, tmp_path: Path) -> None:
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    script = copy / "board.ld"
    script.write_text(script.read_text().replace("FLASH (rx)", "ROM (rx)"))
    (own,) = read_project(copy)
    with (
        pytest.raises(BuildError, match="is not the generated one, so the firmware cannot be"),
        linked_for(MPS2_AN386, own),
    ):
        pass


def test_the_absence_of_the_compiler_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own,) = read_project(project)
    monkeypatch.setenv("PATH", "/nonexistent")
    with (
        pytest.raises(BuildError, match="'arm-none-eabi-gcc': No such file .*; install it"),
        linked_for(MPS2_AN386, own),
    ):
        pass
