import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import pytest

from firmware.errors import DataError, HostMemoryError, WorkerError
from nas.host.worker import Outcome, Worker
from tests.processes import is_running

TASKS = "tests.nas.worker_tasks"


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """A worker that starts quickly."""
    with Worker(TASKS) as worker:
        yield worker


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


def test_a_full_disk_arrives_as_such(worker: Worker) -> None:
    with pytest.raises(OSError, match="No space left on device: '/full/winner.npz'") as caught:
        worker.call(f"{TASKS}:find_the_disk_full", {"path": "/full/winner.npz"})
    assert caught.value.errno == errno.ENOSPC, "for which the command says what helps"


def test_a_bug_of_a_task_is_an_outcome(worker: Worker) -> None:
    outcome = worker.run(f"{TASKS}:crash", {})
    assert outcome.value is None
    assert str(outcome.error) == "ZeroDivisionError: a bug"


def test_a_task_that_is_killed_each_time_says_so_with_its_signal_and_last_words(
    worker: Worker,
) -> None:
    outcome = worker.run(f"{TASKS}:die", {})
    assert isinstance(outcome.error, WorkerError)
    text = "3 times the worker was ended by SIGKILL; perhaps out of memory; its last output: last"
    assert str(outcome.error).startswith(text)
    assert worker.call(f"{TASKS}:echo", {})["arguments"] == {}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("server", [False, True])
def test_a_task_that_somebody_killed_is_run_again(
    worker: Worker, tmp_path: Path, number: int, server: bool
) -> None:
    job = {"marks": str(tmp_path), "times": 2, "signal": number, "server": server}
    assert worker.call(f"{TASKS}:die_at_first", job) == {"attempt": 2}


def test_a_task_that_crashes_of_itself_is_not_run_again(worker: Worker, tmp_path: Path) -> None:
    job = {"marks": str(tmp_path), "times": 9, "signal": signal.SIGSEGV}
    outcome = worker.run(f"{TASKS}:die_at_first", job)
    assert str(outcome.error) == "the worker was ended by SIGSEGV"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_server_that_dies_each_time_is_an_outcome_and_the_next_task_runs(
    worker: Worker, tmp_path: Path
) -> None:
    job = {"marks": str(tmp_path), "times": 9, "signal": signal.SIGKILL, "server": True}
    outcome = worker.run(f"{TASKS}:die_at_first", job)
    text = "3 times the process that runs tasks was ended by SIGKILL; perhaps out of memory"
    assert str(outcome.error) == text
    assert len(list(tmp_path.iterdir())) == 3
    assert worker.call(f"{TASKS}:echo", {"again": True})["arguments"] == {"again": True}


def test_a_task_that_dies_in_the_middle_of_a_word_is_an_outcome(worker: Worker) -> None:
    outcome = worker.run(f"{TASKS}:tear_a_line", {})
    assert "SIGSEGV" in str(outcome.error)
    assert worker.call(f"{TASKS}:echo", {})["arguments"] == {}


def test_a_task_that_does_nothing_for_too_long_is_ended(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.host.task_watch.STUCK_S", 0.2)
    outcome = worker.run(f"{TASKS}:sleep", {"seconds": 60})
    assert str(outcome.error).startswith("3 times the worker did nothing for")


def test_a_server_that_does_not_start_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sleeper.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("nas.host.worker.START_LIMIT_S", 0.2)
    with Worker("sleeper") as worker:
        outcome = worker.run(f"{TASKS}:echo", {})
    assert str(outcome.error) == "the process that runs tasks did not start within 0 s"


def test_a_server_that_cannot_start_says_why(worker: Worker) -> None:
    with Worker("no_such_module") as worker:
        outcome = worker.run(f"{TASKS}:echo", {})
    assert "ended with exit code 1; its last output" in str(outcome.error)
    assert "No module named 'no_such_module'" in str(outcome.error)


def test_an_ended_worker_gives_its_task_back_at_once_and_leaves_nothing() -> None:
    running: SimpleQueue[int] = SimpleQueue()
    outcomes: SimpleQueue[Outcome] = SimpleQueue()
    with Worker(TASKS) as worker:

        def work() -> None:
            job = {"seconds": 60}
            outcomes.put(
                worker.run(f"{TASKS}:sleep", job, lambda told: running.put(told["process_id"]))
            )

        thread = Thread(target=work)
        thread.start()
        process_id = running.get(timeout=30)
        worker.end()
        assert str(outcomes.get(timeout=30).error) == "the worker was ended"
        thread.join(30)
        assert str(worker.run(f"{TASKS}:echo", {}).error) == "the worker was ended"
    assert not is_running(process_id)


def test_a_worker_has_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Worker(TASKS) as worker:
        worker.call(f"{TASKS}:echo", {})
        assert list(tmp_path.iterdir()) == []


def test_peak_memory_is_that_of_the_task(worker: Worker) -> None:
    little = worker.run(f"{TASKS}:take_memory", {"bytes": 1 << 20})
    much = worker.run(f"{TASKS}:take_memory", {"bytes": 200 << 20})
    difference = much.peak_anonymous_bytes - little.peak_anonymous_bytes
    assert difference == pytest.approx(199 << 20, rel=0.1)


def test_all_processes_end_when_the_caller_is_killed() -> None:
    source = f"""
import time
from nas.host.worker import Outcome, Worker
from tests.processes import is_running
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
