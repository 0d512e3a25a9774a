import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firmware.errors import DataError, HostMemoryError, WorkerError
from nas.worker import Worker

TASKS = "tests.nas.worker_tasks"


def is_running(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_task_gets_its_arguments_reports_and_returns(worker: Worker) -> None:
    events: list[dict[str, int]] = []
    value = worker.call(f"{TASKS}:echo", {"a": [1, "b"]}, events.append)
    assert value["arguments"] == {"a": [1, "b"]}
    assert events == [{"step": 1}, {"step": 2}]
    assert value["process_id"] != os.getpid()


def test_each_task_has_a_process_of_its_own(worker: Worker) -> None:
    first, second = (worker.call(f"{TASKS}:echo", {}) for _ in range(2))
    assert first["process_id"] != second["process_id"]
    assert first["parent_id"] == second["parent_id"]


def test_an_error_of_the_sdk_arrives_as_itself(worker: Worker) -> None:
    with pytest.raises(DataError, match=r"^no images for you$"):
        worker.call(f"{TASKS}:refuse", {"who": "you"})


def test_a_bug_of_a_task_is_an_outcome(worker: Worker) -> None:
    outcome = worker.run(f"{TASKS}:crash", {})
    assert outcome.value is None
    assert str(outcome.error) == "ZeroDivisionError: a bug"


def test_a_killed_task_is_an_outcome_with_its_signal_and_last_words(worker: Worker) -> None:
    outcome = worker.run(f"{TASKS}:die", {})
    assert isinstance(outcome.error, WorkerError)
    assert "SIGKILL; perhaps out of memory" in str(outcome.error)
    assert "last words" in str(outcome.error)
    assert worker.call(f"{TASKS}:echo", {})["arguments"] == {}


def test_the_worker_starts_again_when_its_server_was_killed(worker: Worker) -> None:
    outcome = worker.run(f"{TASKS}:kill_server", {})
    assert "SIGKILL" in str(outcome.error)
    assert worker.call(f"{TASKS}:echo", {"again": True})["arguments"] == {"again": True}


def test_peak_memory_is_that_of_the_task(worker: Worker) -> None:
    little = worker.run(f"{TASKS}:take_memory", {"bytes": 1 << 20})
    much = worker.run(f"{TASKS}:take_memory", {"bytes": 200 << 20})
    difference = much.peak_anonymous_bytes - little.peak_anonymous_bytes
    assert difference == pytest.approx(199 << 20, rel=0.1)


def test_all_processes_end_when_the_caller_is_killed() -> None:
    source = f"""
import time
from nas.worker import Worker
with Worker() as worker:
    value = worker.call({TASKS!r} + ":echo", {{}})
    print(value["parent_id"], flush=True)
    time.sleep(60)
"""
    caller = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    with caller, caller.stdout:
        server_id = int(caller.stdout.readline())
        assert is_running(server_id)
        caller.send_signal(signal.SIGKILL)
        caller.wait(10)
        deadline = time.monotonic() + 10
        while is_running(server_id) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not is_running(server_id)


def test_a_task_that_takes_more_memory_than_it_may_is_ended_and_the_next_one_runs() -> None:
    task = "tests.nas.worker_tasks:grow"
    with Worker(memory_bytes=150 << 20) as worker:
        assert worker.call(task, {"pieces": 2}) == {"pieces": 2}
        outcome = worker.run(task, {"pieces": 60})
        assert isinstance(outcome.error, HostMemoryError)
        assert "are allowed" in str(outcome.error)
        assert 150 << 20 < outcome.peak_anonymous_bytes < 250 << 20
        assert worker.call(task, {"pieces": 1}) == {"pieces": 1}
