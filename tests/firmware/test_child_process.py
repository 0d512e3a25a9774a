import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firmware.child_process import ChildProcess, run_to_end
from tests.processes import ends_soon, is_running

ROOT = Path(__file__).parent.parent.parent


def test_a_program_that_ends_gives_its_output_and_its_code() -> None:
    finished = run_to_end(["sh", "-c", "echo out; echo err >&2; exit 3"], 20)
    assert finished.exit_code == 3
    assert finished.output == "out\nerr\n"


def test_more_than_a_pipe_holds_is_read() -> None:
    finished = run_to_end(["head", "-c", "1000000", "/dev/zero"], 20)
    assert (finished.exit_code, len(finished.output)) == (0, 1_000_000)


def test_bytes_that_are_no_text_are_read() -> None:
    assert run_to_end(["printf", r"a\377b"], 20).output == "a\ufffdb"


def test_a_program_that_a_signal_ended_gives_minus_the_signal() -> None:
    assert run_to_end(["sh", "-c", "kill -TERM $$"], 20).exit_code == -signal.SIGTERM


def test_a_program_that_is_not_there_is_an_error_of_the_system_with_its_name() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        run_to_end(["no-such-program"], 20)
    assert caught.value.filename == "no-such-program"


def test_a_program_gets_the_environment_it_is_given() -> None:
    finished = run_to_end(["sh", "-c", "echo $WORD"], 20, {"WORD": "here", "PATH": "/usr/bin:/bin"})
    assert finished.output == "here\n"


def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    with pytest.raises(TimeoutError, match=r"'sh' took longer than 0.5 s and was ended"):
        run_to_end(["sh", "-c", f"sleep 60 & echo $! > {ids}; wait"], 0.5)
    assert ends_soon(int(ids.read_text()))


def test_what_a_program_leaves_running_does_not_hold_up_its_end() -> None:
    first_s = time.monotonic()
    finished = run_to_end(["sh", "-c", "sleep 60 & echo $!"], 50)
    assert time.monotonic() - first_s < 30
    assert ends_soon(int(finished.output))


def test_a_stranger_who_holds_the_pipe_does_not_hold_up_the_end() -> None:
    first_s = time.monotonic()
    finished = run_to_end(["setsid", "-f", "sh", "-c", "echo $$; sleep 60"], 50)
    assert time.monotonic() - first_s < 30
    if finished.output:
        os.kill(int(finished.output), signal.SIGKILL)


def test_a_session_ends_with_the_groups_in_it() -> None:
    source = (
        "import subprocess, time\n"
        "own = subprocess.Popen(['sleep', '60'], process_group=0)\n"
        "print(own.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", source]
    with ChildProcess(command, stdout=subprocess.PIPE, leads_session=True) as child:
        inner = int(child.stdout.readline())
        assert is_running(inner)
    assert ends_soon(inner)
    assert not is_running(child.id)


def test_a_child_can_be_killed_twice_and_closed_twice() -> None:
    with ChildProcess(["sleep", "60"]) as child:
        assert not child.has_ended
        assert child.exit_code(0.0) is None
        child.kill()
        child.kill()
        assert child.exit_code() == -signal.SIGKILL
        assert child.has_ended
    child.close()


def test_a_child_dies_with_its_owner_even_if_that_is_killed() -> None:
    source = """
import time
from firmware.child_process import ChildProcess
with ChildProcess(["sleep", "60"]) as child:
    print(child.id, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, cwd=ROOT
    ) as owner:
        assert owner.stdout is not None
        child_id = int(owner.stdout.readline())
        assert is_running(child_id)
        owner.kill()
    assert ends_soon(child_id)


def test_what_a_program_started_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    """Compilers of a build are children of a child, which no signal of the kernel reaches."""
    script = "import sys\nfrom firmware.child_process import run_to_end\n"
    script += "run_to_end(['sh', '-c', f'sleep 60 & echo $! > {sys.argv[1]}; wait'], 60)\n"
    told = tmp_path / "sleep.pid"
    owner = subprocess.Popen([sys.executable, "-c", script, str(told)], start_new_session=True)
    end_s = time.monotonic() + 20
    while not (told.exists() and told.read_text().strip()) and time.monotonic() < end_s:
        time.sleep(0.02)
    grandchild = int(told.read_text())
    assert is_running(grandchild)
    owner.kill()
    owner.wait(10)
    assert ends_soon(grandchild)
