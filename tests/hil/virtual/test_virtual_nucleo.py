import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import serial

from firmware.targets import load_target
from hil.bench.ready_board import virtual_entry
from hil.cli import main as hil
from hil.deadline import Deadline
from hil.flash.write_firmware import write_firmware
from hil.project import read_project
from hil.virtual.rfc2217_server import Rfc2217Server
from hil.virtual.virtual_nucleo import VirtualNucleo
from tests.hil.conftest import NEEDS_BOARD, VIRTUAL_NUCLEO

pytestmark = NEEDS_BOARD
TARGET = load_target("stm32f412")


def type_in(port: Any, command: str) -> list[str]:
    """What a person at a terminal gets to read after typing a command."""
    port.write(command.encode())
    lines: list[str] = []
    deadline = time.monotonic() + 20
    while not lines or lines[-1] != "m-ready":
        assert time.monotonic() < deadline, f"{command} was answered by {lines}"
        line = port.readline().decode().strip()
        lines += [line] if line else []
    return lines


def test_the_sequence_of_mlperf_tiny_works_from_a_plain_terminal(project: Path) -> None:
    with Rfc2217Server(VirtualNucleo(TARGET)) as server:
        entry = virtual_entry(server.url, TARGET.name)
        (own,) = read_project(project)
        write_firmware(entry, own, lambda *_: None, lambda _: None, Deadline.after(60))
        port = serial.serial_for_url(server.url, 115_200, timeout=1, do_not_open=True)
        port.dtr = port.rts = False
        with port:
            port.reset_input_buffer()
            port.write(b"\r")
            assert "m-name-dut-[nucleo_f412zg]" in type_in(port, "name%")
            assert {"m-profile-[mcu-nas bench]", "m-model-[small]"} <= set(
                type_in(port, "profile%")
            )
            type_in(port, "db load 72%")
            type_in(port, f"db {'80' * 31}%")
            type_in(port, f"db {'80' * 31}%")
            assert "m-load-done" in type_in(port, f"db {'80' * 10}%")
            inferred = type_in(port, "infer 10 1%")
            first = [line.split("-[")[0].rstrip("0123456789") for line in inferred]
            assert first[:4] == [
                "m-warmup-start-",
                "m-warmup-done",
                "m-infer-start-",
                "m-infer-done",
            ]
            assert not any("m-lap-us" in line for line in inferred), "nobody takes it for a time"
            (results,) = [line for line in inferred if line.startswith("m-results-[")]
            values = [float(value) for value in results[11:-1].split(",")]
            assert len(values) == 3
            assert sum(values) == pytest.approx(1.0, abs=0.02)
            assert results in type_in(port, "results%")


@VIRTUAL_NUCLEO
def test_two_measurements_are_the_same_to_the_byte(project: Path, tmp_path: Path) -> None:
    contents = []
    for name in ("first", "second"):
        out = tmp_path / name
        options = ["--board", "virtual-nucleo", "--no-build", "--out", str(out)]
        assert hil(["run", str(project), *options]) == 0
        contents.append(out.read_bytes())
    assert contents[0] == contents[1]


def test_a_served_nucleo_is_flashed_by_another_process_and_ends_at_ctrl_c(
    project: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", "import sys; from hil.cli import main; sys.exit(main())"]
    # Its temporary folder tells its emulator from those of tests that run at the same time.
    own = {**os.environ, "TMPDIR": str(tmp_path)}
    server = subprocess.Popen([*command, "virtual"], stdout=subprocess.PIPE, text=True, env=own)
    assert server.stdout is not None
    with server, server.stdout:
        lines = [server.stdout.readline() for _ in range(5)]
        bench = tmp_path / "bench.toml"
        bench.write_text("".join(lines))
        assert re.search(r'port = "rfc2217://127\.0\.0\.1:\d+"', bench.read_text())
        options = ["--no-build", "--board", "desk", "--bench", str(bench)]
        assert hil(["run", str(project), *options]) == 0
        assert emulators(tmp_path) != []
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 130
    assert emulators(tmp_path) == []


def emulators(folder: Path) -> list[str]:
    command = ["pgrep", "-f", f"{folder}/mcu-nas-nucleo-"]
    found = subprocess.run(command, capture_output=True, text=True)
    return found.stdout.split()
