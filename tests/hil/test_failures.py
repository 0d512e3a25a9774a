"""Each way in which a bench fails, provoked: its exit code and its text."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware.errors import BoardError
from firmware.files import sha256_of_file
from firmware.targets import load_target
from hil.bench.lock import BoardLock
from hil.bench.ready_board import Choice, ready_board
from hil.cli import main as hil
from hil.deadline import Deadline
from hil.elf import FirmwareSize
from hil.project import read_project
from hil.virtual.line_faults import LineFaults
from hil.virtual.rfc2217_server import Rfc2217Server
from hil.virtual.virtual_nucleo import VirtualNucleo
from tests.hil.conftest import NEEDS_BOARD, VIRTUAL_NUCLEO

pytestmark = NEEDS_BOARD
TARGET = load_target("stm32f412")


@contextlib.contextmanager
def bench(
    folder: Path,
    faults: LineFaults | None = None,
    device_id: int = TARGET.device_id,
    more: str = "",
) -> Iterator[Path]:
    """A bench file with a virtual Nucleo that has these faults."""
    nucleo = VirtualNucleo(TARGET.with_chip(device_id=device_id), faults)
    with Rfc2217Server(nucleo) as server:
        path = folder / "bench.toml"
        board = f'target = "stm32f412"\nport = "{server.url}"\nflash = "uart"\n'
        virtual = "" if "is_virtual" in more else "is_virtual = true\n"
        path.write_text(f"[board.desk]\n{board}{virtual}{more}\n")
        yield path


def run(project: Path, *options: str | Path) -> int:
    limits = ["--no-build", "--timeout-s", "5"]
    return hil(["run", str(project), *limits, *map(str, options)])


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    return [line for line in capsys.readouterr().err.splitlines() if "error: " in line][-1]


def copy_of(project: Path, folder: Path, **changes: Any) -> Path:
    """The project with a manifest that says something else."""
    copy = folder / "project"
    shutil.copytree(project, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | changes))
    return copy


def test_a_bench_that_works_confirms(project: Path, tmp_path: Path) -> None:
    with bench(tmp_path) as path:
        assert run(project, "--board", "desk", "--bench", path) == 0


def test_no_board(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with bench(tmp_path) as path:
        assert run(project, "--board", "shelf", "--bench", path) == 11
    assert "no board 'shelf' in the bench file; it has: desk" in complaint(capsys)


def test_two_boards(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bench.toml"
    board = 'target = "stm32f412"\nport = "/dev/nothing"\n'
    path.write_text(f"[board.left]\n{board}[board.right]\n{board}")
    assert run(project, "--board", "stm32f412", "--bench", path) == 12
    assert "several boards are a stm32f412: choose --board of left, right" in complaint(capsys)


@VIRTUAL_NUCLEO
def test_a_busy_board(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with BoardLock("virtual-nucleo"):
        assert run(project, "--board", "virtual-nucleo") == 13
    assert "board 'virtual-nucleo' is used by process" in complaint(capsys)


def test_a_wrong_device(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with bench(tmp_path, device_id=0x413) as path:
        assert run(project, "--board", "desk", "--bench", path) == 14
    assert "the chip has id 0x413, the firmware is for 0x441" in complaint(capsys)


def test_a_flash_that_fails(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with bench(tmp_path, LineFaults(refuses=True)) as path:
        assert run(project, "--board", "desk", "--bench", path) == 15
    told = capsys.readouterr().err
    assert "flashing failed, trying again: the bootloader refused to erase" in told
    assert "is the flash write-protected? (tried 3 times)" in told


def test_a_reset_in_the_middle_of_flashing_is_overcome(project: Path, tmp_path: Path) -> None:
    with bench(tmp_path, LineFaults(reset_after=2_000)) as path:
        assert run(project, "--board", "desk", "--bench", path) == 0


@VIRTUAL_NUCLEO
@pytest.mark.parametrize(
    ("name", "ram_end"),
    [("virtual", 0x2040_0010), ("virtual-nucleo", 0x2003_0000), ("desk", 0x2003_0000)],
)
def test_firmware_for_more_ram_than_is_emulated_is_refused_before_anything_is_done(
    project: Path, tmp_path: Path, name: str, ram_end: int
) -> None:
    (own,) = read_project(project)
    size = FirmwareSize(20_000, 1_000, ram_end - 0x2000_0000, ram_end)
    path = tmp_path / "bench.toml"
    path.write_text(
        '[board.desk]\ntarget = "stm32f412"\nport = "rfc2217://127.0.0.1:9"\nis_virtual = true\n'
    )
    told: list[object] = []
    with (
        pytest.raises(
            BoardError, match=f"uses RAM up to 0x{ram_end:08x}, the virtual board's ends at"
        ),
        ready_board(
            Choice(name, path), own, size, lambda *_: told.append(1), told.append, Deadline.after(9)
        ) as board,
        board,
    ):
        pass
    assert told == []


def test_no_answer(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with bench(tmp_path, LineFaults(hangs=True)) as path:
        assert run(project, "--board", "desk", "--bench", path, "--timeout-s", "1") == 16
    assert "no complete answer to 'name' within 1 s" in complaint(capsys)


def test_a_wrong_baud(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with bench(tmp_path, more="baud = 57600") as path:
        assert run(project, "--board", "desk", "--bench", path, "--timeout-s", "1") == 17
    assert "the firmware answers at 115200 baud, not at 57600: change 'baud'" in complaint(capsys)


def test_a_wrong_firmware(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = copy_of(project, tmp_path, model_sha256="ab" * 32)
    with bench(tmp_path) as path:
        assert run(other, "--board", "desk", "--bench", path) == 18
    assert "the project was made from abababababab; flash this project's" in complaint(capsys)


def test_a_hard_fault(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with bench(tmp_path, LineFaults(stops=True)) as path:
        assert run(project, "--board", "desk", "--bench", path) == 19
    told = complaint(capsys)
    assert "the firmware stopped at 'name': hard fault r0 0x" in told
    assert "cfsr 0x00010000" in told  # UNDEFINSTR: DDI 0403, B3.2.15


def test_a_line_that_damages_everything(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = LineFaults()
    with bench(tmp_path, faults) as path:
        assert run(project, "--board", "desk", "--bench", path) == 0
        faults.flip = 0.03
        assert run(project, "--board", "desk", "--bench", path, "--no-flash") == 22
    assert "the line damaged 8 attempts in a row" in complaint(capsys)


def test_answers_that_are_late_are_waited_for(project: Path, tmp_path: Path) -> None:
    faults = LineFaults()
    with bench(tmp_path, faults) as path:
        assert run(project, "--board", "desk", "--bench", path) == 0
        faults.delay_s = 0.1
        assert run(project, "--board", "desk", "--bench", path, "--no-flash") == 0


def test_a_wrong_clock(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The emulated board passed off as a real one: its time is not the host's."""
    options = ["--window-s", "0.01", "--confidence", "0.9"]
    with bench(tmp_path, more="is_virtual = false") as path:
        assert run(project, "--board", "desk", "--bench", path, *options) == 23
    assert "the firmware reports a clock of 16 MHz (hsi), but the host measured" in complaint(
        capsys
    )


def test_an_estimate_that_is_refuted(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = json.loads((project / "manifest.json").read_text())
    estimate = {
        "schema": 4,
        "model_sha256": manifest["model_sha256"],
        "runtime": "static",
        "target": "stm32f412",
        "time": {"unit": "instructions", "ticks": 10, "lowest_ms": 1.0, "highest_ms": 2.0},
        "ram": {"stack_peak_bytes": None, "linked_bytes": None},
        "flash": None,
    }
    path = tmp_path / "estimate.json"
    path.write_text(json.dumps(estimate))
    assert run(project, "--board", "virtual", "--estimate", path) == 30
    assert "instructions, estimated  10 ± 5 %" in capsys.readouterr().out
    path.write_text(json.dumps(estimate | {"model_sha256": "ab" * 32}))
    assert run(project, "--board", "virtual", "--estimate", path) == 1
    assert "is an estimate of model abababababab" in complaint(capsys)


def test_outputs_that_differ(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = json.loads((project / "manifest.json").read_text())
    golden = {
        "inputs": np.zeros((2, *manifest["inputs"][0]["shape"]), np.int8),
        "outputs": np.full((2, *manifest["outputs"][0]["shape"]), 99, np.int8),
    }
    np.savez(tmp_path / "golden.npz", **golden)
    digest = sha256_of_file(tmp_path / "golden.npz")
    other = copy_of(project, tmp_path, golden_sha256=digest)
    shutil.copy(tmp_path / "golden.npz", other / "golden.npz")
    assert run(other, "--board", "virtual") == 31
    assert "outputs identical     all 2" in capsys.readouterr().out


def test_a_failure_is_in_the_junit_file_too(project: Path, tmp_path: Path) -> None:
    with bench(tmp_path, LineFaults(hangs=True)) as path:
        junit = tmp_path / "hil.xml"
        options = ["--board", "desk", "--bench", path, "--timeout-s", "1", "--junit", junit]
        assert run(project, *options) == 16
    assert 'errors="1"' in junit.read_text()
    assert 'type="NoAnswerError"' in junit.read_text()


def test_several_boards_are_measured_side_by_side(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with bench(tmp_path) as path:
        boards = ["--board", "desk", "--board", "virtual", "--board", "shelf"]
        assert run(project, *boards, "--bench", path, "--json") == 11
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"desk", "virtual"}
    assert told["desk"]["instructions"] == told["virtual"]["instructions"]
    assert json.loads((project / "measurement-desk.json").read_text()) == told["desk"]
