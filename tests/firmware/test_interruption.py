"""Signals end a command with one line and the code that shells expect, at any moment."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.command import command_line
from tests.processes import ends_soon

ROOT = Path(__file__).parent.parent.parent
COMMAND = """
import argparse, sys
from firmware.command_line import run, start
import types

def work(arguments):
    {work}

def main():
    arguments = argparse.Namespace(how_to_go_on="; start it again")
    return run("nas", work, arguments)

sys.modules["nas.cli.commands"] = types.SimpleNamespace(main=main)
sys.exit(start("nas"))
"""
SLEEP = """
    import time
    print("ready", flush=True)
    time.sleep(600)
"""
SLOW_CLEAN_UP = """
    import time
    try:
        print("ready", flush=True)
        time.sleep(600)
    finally:
        time.sleep(0.5)
        print("clean", flush=True)
"""
NEVER_CLEAN = """
    import time
    from firmware.child_process import ChildProcess
    child = ChildProcess(["sleep", "600"])
    try:
        print(child.id, flush=True)
        time.sleep(600)
    finally:
        time.sleep(600)
"""
DEAF = """
    # Python sees no signal as long as C code runs.
    import hashlib
    print("ready", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
"""
SWALLOWED = """
    import time
    class Object:
        def __del__(self):
            print("ready", flush=True)
            time.sleep(600)
    Object()
    time.sleep(600)
"""
FAILS_THEN = """
    import time
    try:
        print("ready", flush=True)
        time.sleep(600)
    finally:
        raise OSError(28, "No space left on device")
"""


Begin = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def hang_up_is_not_ignored() -> Iterator[None]:
    """Under nohup it is, and child processes inherit that."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Starts a command that does some work; it is gone after the test."""
    with contextlib.ExitStack() as stack:

        def start(work: str) -> "subprocess.Popen[str]":
            process = subprocess.Popen(
                [sys.executable, "-c", COMMAND.replace("{work}", work.strip())],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: "subprocess.Popen[str]") -> tuple[int, str]:
    _, errors = process.communicate(timeout=30)
    return process.returncode, errors


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "terminated"),
        (signal.SIGHUP, 129, "hung up"),
    ],
)
def test_a_signal_ends_a_command_and_says_how_to_go_on(
    begin: Begin, number: int, code: int, word: str
) -> None:
    process = begin(SLEEP)
    first_line(process)
    process.send_signal(number)
    assert end(process) == (code, f"nas: {word}; start it again\n")


def test_a_second_ctrl_c_does_not_stop_the_cleaning_up(begin: Begin) -> None:
    process = begin(SLOW_CLEAN_UP)
    first_line(process)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (130, "clean\n")
    assert errors == "nas: interrupted; start it again\n"


@pytest.mark.parametrize("work", [NEVER_CLEAN, DEAF], ids=["never clean", "deaf"])
def test_a_command_that_does_not_end_is_ended_with_its_children(begin: Begin, work: str) -> None:
    process = begin(work)
    child_id = first_line(process)
    time.sleep(0.2)  # it is in C code now
    first_s = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert end(process) == (130, "nas: interrupted; start it again\n")
    assert time.monotonic() - first_s < 20
    assert child_id == "ready" or ends_soon(int(child_id))


@pytest.mark.parametrize("work", [SWALLOWED, FAILS_THEN], ids=["swallowed", "fails then"])
def test_an_interruption_that_code_gets_in_the_way_of_is_told_as_one(
    begin: Begin, work: str
) -> None:
    process = begin(work)
    first_line(process)
    process.send_signal(signal.SIGTERM)
    assert end(process) == (143, "nas: terminated; start it again\n")


def test_nohup_is_respected() -> None:
    source = f"trap '' HUP; exec {sys.executable} -c \"$0\""
    process = subprocess.Popen(
        ["bash", "-c", source, COMMAND.replace("{work}", SLEEP.strip())],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first_line(process)
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    assert end(process)[0] == 143


@pytest.mark.parametrize("program", ["nas", "codegen", "hil"])
def test_a_signal_while_modules_are_imported_leaves_no_traceback(program: str) -> None:
    """At three moments of the start; the interpreter's own is not ours."""
    for wait_s in (0.05, 0.1, 0.2):
        process = subprocess.Popen(
            command_line(program, "--help"),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        _wait_until_python_has_started(process.pid)
        time.sleep(wait_s)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert (process.returncode, errors) in (
            (0, ""),
            (-signal.SIGTERM, ""),
            (143, f"{program}: terminated\n"),
        )


def test_little_is_imported_before_ctrl_c_leaves_no_traceback() -> None:
    """Until then Python answers a signal with a traceback of the import that it is in."""
    source = (
        "import sys; before = set(sys.modules)\n"
        "import firmware.entry_points; print(*sorted(set(sys.modules) - before))"
    )
    command = [sys.executable, "-S", "-c", source]
    loaded = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60).stdout
    assert loaded.split() == ["__future__", "firmware", "firmware.entry_points", "firmware.exports"]


def _wait_until_python_has_started(process_id: int) -> None:
    """It has when it has mapped its first module that is not built in."""
    end_s = time.monotonic() + 20
    while time.monotonic() < end_s:
        status = Path(f"/proc/{process_id}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
        if int(caught.split()[1], 16) & 1 << signal.SIGTERM - 1:
            return
        if "zombie" in status:
            return
        time.sleep(0.001)


def test_ctrl_c_as_a_key_in_a_terminal_ends_a_command() -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND.replace("{work}", SLEEP.strip())],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),
    )
    os.close(theirs)
    said = b""
    while b"ready" not in said:
        said += os.read(ours, 1000)
    os.write(ours, b"\x03")
    assert process.wait(30) == 130
    assert b"nas: interrupted; start it again" in os.read(ours, 1000)
    os.close(ours)
