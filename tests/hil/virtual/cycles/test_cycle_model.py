"""The cycle model in QEMU: what it counts while firmware runs, and machines on which it cannot."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.cores import load_core
from firmware.errors import BuildError, ConfigError
from firmware.targets import load_target
from firmware.targets.machine import NETDUINOPLUS2
from hil.cli import main as hil
from hil.elf import measure_elf
from hil.modelled import CycleMeter, ModelledTiming
from hil.protocol import BenchClient
from hil.virtual.cycles.cycle_model import PLUGIN, CycleModel, cycle_model
from hil.virtual.virtual_board import VirtualBoard
from tests.hil.conftest import NEEDS_BOARD
from tests.hil.virtual.cycles.conftest import SOURCES
from tests.host_compiler import WARNINGS, run_compiler

pytestmark = NEEDS_BOARD
TARGET = load_target("stm32f412")
TICK_INSTRUCTIONS = 6


def measured(elf: Path, model: CycleModel) -> tuple[ModelledTiming, int, list[int]]:
    """The modelled time of one inference; by ticks, its instructions and those of its steps."""
    with VirtualBoard(elf, measure_elf(elf, ()).ram_end, model, ("static_ticks",)) as board:
        client = BenchClient(board.transport, 60.0)
        client.connect()
        input_bytes = client.identify().input_bytes
        meter = CycleMeter(board.take_marks)
        ticks = meter.run(lambda: client.run(bytes(input_bytes))).ticks - client.baseline_ticks()
        steps = meter.run_steps(lambda: client.run_steps(bytes(input_bytes)))
        timing = meter.timing(client.baseline_ticks)
    assert timing is not None
    counted = [NETDUINOPLUS2.instructions(own) for own in (ticks, *steps)]
    return timing, counted[0], counted[1:]


def test_the_instructions_are_those_of_the_tick_counter(elf: Path) -> None:
    timing, instructions, steps = measured(elf, cycle_model(TARGET))
    assert abs(timing.inference.instructions - instructions) <= 2 * TICK_INSTRUCTIONS
    found = [own.instructions for own in timing.steps]
    assert found == pytest.approx(steps, abs=2 * TICK_INSTRUCTIONS)


def test_equal_work_takes_equal_cycles(elf: Path) -> None:
    first, again = (measured(elf, cycle_model(TARGET))[0] for _ in range(2))
    assert first == again


def test_cycles_are_those_of_the_instructions_and_their_stalls(elf: Path) -> None:
    """A Cortex-M4 needs one cycle for most instructions; wait states only add to the cycles."""
    timed = {}
    for wait_states in (0, 3, 5):
        assert TARGET.timing is not None
        timing = replace(TARGET.timing, wait_states=wait_states)
        target = TARGET.with_chip(timing=timing)
        timed[wait_states] = measured(elf, cycle_model(target))[0].inference
    assert timed[0].by_cause()["flash data"] == timed[0].by_cause()["flash instructions"] == 0
    assert timed[0].cycles < timed[3].cycles < timed[5].cycles
    assert timed[0].instructions == timed[3].instructions
    for own in timed.values():
        assert own.instructions <= own.cycles - sum(own.stalls) <= 1.3 * own.instructions


def test_a_run_shows_cycles_and_time_as_modelled(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hil(["run", str(project), "--board", "virtual", "--no-build", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    modelled = record["modelled"]
    assert modelled["cycles"] > record["instructions"] > 0
    assert modelled["clock_hz"] == TARGET.core_hz
    assert modelled["milliseconds"] == pytest.approx(1000 * modelled["cycles"] / TARGET.core_hz)
    assert record["cycles"] is None, "cycles are measured ones"
    assert record["latency_ms"] is None
    for step in record["steps"]:
        assert step["modelled_cycles"] > sum(step["stalls"].values())
    assert json.loads((project / "measurement.json").read_text())["modelled"] == modelled


def test_a_table_shows_the_cycles_of_each_kernel_call(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hil(["run", str(project), "--board", "virtual", "--no-build"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(own.startswith("cycles, modelled") for own in lines)
    assert any(own.startswith("latency, modelled") and "ms at 100 MHz" in own for own in lines)
    start = lines.index("cycles of each kernel call and of its stalls, modelled:")
    assert lines[start + 1].split()[:5] == ["kernel", "call", "MAC", "instructions", "cycles"]
    assert any(own.startswith("all ") for own in lines[start:])


def run_without_cycles(project: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """A run that only counts instructions; gives its note."""
    assert hil(["run", str(project), "--board", "virtual", "--no-build", "--json"]) == 0
    captured = capsys.readouterr()
    record = json.loads(captured.out)
    assert record["instructions"] > 0
    assert record["modelled"] is None
    notes = [own for own in captured.err.splitlines() if "cycles are not counted" in own]
    assert len(notes) == 1
    return notes[0]


def test_without_a_compiler_instructions_are_counted_and_a_line_says_why(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CC", "no-such-compiler")
    assert "could not be compiled with 'no-such-compiler'" in run_without_cycles(project, capsys)


def test_without_plugins_in_qemu_instructions_are_counted_and_a_line_says_why(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    real = shutil.which("qemu-system-arm")
    fake = tmp_path / "qemu-system-arm"
    refusal = 'case "$*" in *-plugin*) echo "-plugin: invalid option" >&2; exit 1;; esac'
    fake.write_text(f'#!/bin/sh\n{refusal}\nexec {real} "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert "-plugin: invalid option" in run_without_cycles(project, capsys)


def test_a_target_without_timing_is_named() -> None:
    with pytest.raises(ConfigError, match=r"stm32f446re has no \[timing\]"):
        cycle_model(load_target("stm32f446re"))


def test_a_core_without_timing_is_named() -> None:
    with pytest.raises(ConfigError, match="timing of a cortex-m0plus is not known; known"):
        cycle_model(replace(TARGET, processor=load_core("cortex-m0plus")))


def test_the_plugin_has_no_warnings() -> None:
    for source in sorted(SOURCES.glob("*.c")):
        run_compiler(["gcc", *PLUGIN.flags, *WARNINGS, "-fsyntax-only", str(source)])


def test_the_plugin_refuses_arguments_that_it_does_not_know() -> None:
    try:
        plugin = PLUGIN.compiled()
    except BuildError as error:
        pytest.skip(str(error))
    command = ["qemu-system-arm", "-M", "none", "-display", "none", "-plugin"]
    done = subprocess.run(
        [*command, f"{plugin},speed=3"], capture_output=True, text=True, timeout=20
    )
    assert done.returncode != 0
    assert "cycle model: speed=3: not an argument of the cycle model" in done.stderr
