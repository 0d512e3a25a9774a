import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firmware.errors import BoardError
from firmware.platformio import firmware_path
from firmware.targets import load_target
from hil.cli import main as hil
from hil.protocol import BenchClient
from hil.virtual.virtual_board import VirtualBoard
from tests.hil.conftest import NEEDS_BOARD

pytestmark = NEEDS_BOARD


def emulators(elf: Path) -> list[str]:
    found = subprocess.run(["pgrep", "-f", str(elf)], capture_output=True, text=True)
    return found.stdout.split()


def test_a_project_is_confirmed_and_the_emulator_is_gone(
    project: Path, elf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hil(["run", str(project), "--board", "virtual"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "verdict: confirmed on board virtual; outputs were not checked, because the project has no "
        "golden file"
    )
    assert (project / "measurement.json").is_file()
    assert emulators(elf) == []


def test_equal_work_counts_equal_instructions(elf: Path) -> None:
    counts = []
    for _ in range(2):
        with VirtualBoard(elf, 0x20002000) as board:
            client = BenchClient(board.transport, 30.0)
            client.connect()
            counts.append(client.run(bytes(72)).ticks)
    assert counts[0] == counts[1]


def test_ticks_of_many_inferences_outlast_the_24_bits_of_the_timer(elf: Path) -> None:
    with VirtualBoard(elf, 0x20002000) as board:
        client = BenchClient(board.transport, 60.0)
        client.connect()
        client.run(bytes(72), 3)
        one = client.run(bytes(72), 1000).ticks / 1000
        many = client.run(bytes(72), 9000).ticks
    assert many > 1 << 24
    assert many == pytest.approx(9000 * one, rel=0.01)


def test_firmware_that_needs_more_ram_than_the_emulator_has_is_refused(elf: Path) -> None:
    with (
        pytest.raises(BoardError, match="uses RAM up to 0x20020010, the virtual board's ends at"),
        VirtualBoard(elf, 0x2002_0010),
    ):
        pass


def test_firmware_that_is_missing_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(BoardError, match="no firmware at '.*nothing.elf'"),
        VirtualBoard(tmp_path / "nothing.elf", 0x20002000),
    ):
        pass


def test_an_emulator_that_does_not_start_is_told_with_its_reason(
    elf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "qemu-system-arm"
    fake.write_text("#!/bin/sh\necho unsupported machine type >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with (
        pytest.raises(BoardError, match="qemu-system-arm did not start: unsupported machine type"),
        VirtualBoard(elf, 0x20002000),
    ):
        pass


def test_the_absence_of_the_emulator_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert hil(["run", str(project), "--no-build"]) == 10
    assert "qemu-system-arm is not installed; install it" in capsys.readouterr().err


def test_the_emulator_ends_when_the_command_is_killed(elf: Path) -> None:
    source = f"""
import time
from pathlib import Path
from hil.virtual.virtual_board import VirtualBoard
with VirtualBoard(Path({str(elf)!r}), 0x20002000):
    print("up", flush=True)
    time.sleep(60)
"""
    caller = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    with caller, caller.stdout:
        assert caller.stdout.readline() == "up\n"
        caller.send_signal(signal.SIGKILL)
        caller.wait(10)
    deadline = time.monotonic() + 10
    while [p for p in emulators(elf) if is_qemu(p)] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [p for p in emulators(elf) if is_qemu(p)] == []


def is_qemu(process_id: str) -> bool:
    try:
        return "qemu" in Path(f"/proc/{process_id}/comm").read_text()
    except FileNotFoundError:
        return False


def test_a_stack_overflow_is_told_as_such(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same project with a stack too small for the bench application."""
    small = tmp_path / "project"
    shutil.copytree(project, small, ignore=shutil.ignore_patterns(".pio"))
    script = (small / "board.ld").read_text()
    assert ". += 4096;" in script
    (small / "board.ld").write_text(script.replace(". += 4096;", ". += 64;"))
    elf = firmware_path(small, load_target("stm32f412"))
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "platformio", "run", "-d", str(small)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    assert elf.is_file()
    assert hil(["run", str(small), "--no-build", "--board", "virtual", "--timeout-s", "20"]) == 20
    assert "hard fault: stack overflow" in capsys.readouterr().err
