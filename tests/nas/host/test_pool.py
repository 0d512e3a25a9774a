import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from nas.host.pool import WorkerPool
from nas.host.worker import Outcome, Worker
from tests.processes import is_running

TASKS = "tests.nas.worker_tasks"
FOREVER = {"seconds": 600}


def pool_of(count: int) -> WorkerPool:
    return WorkerPool([Worker(TASKS) for _ in range(count)])


def ignore(*_: object) -> None:
    pass


def test_every_job_is_done_by_few_workers_and_told_with_its_number() -> None:
    ended: dict[int, Outcome] = {}
    with pool_of(2) as pool:
        pool.run_all(f"{TASKS}:echo", [{"job": n} for n in range(5)], ignore, ended.__setitem__)
    jobs = {number: outcome.unwrap()["arguments"]["job"] for number, outcome in ended.items()}
    assert jobs == {number: number for number in range(5)}


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_exception_while_candidates_train_ends_them_at_once(error: BaseException) -> None:
    started: SimpleQueue[int] = SimpleQueue()

    def told(_: int, event: dict[str, Any]) -> None:
        started.put(event["process_id"])

    def is_over() -> bool:
        # Asked on the thread that waits: there a signal raises, too.
        process_ids.append(started.get(timeout=30))
        if len(process_ids) == 2:
            raise error
        return False

    process_ids: list[int] = []
    with pytest.raises(type(error)), pool_of(2) as pool:
        pool.run_all(f"{TASKS}:sleep", [FOREVER] * 4, told, ignore, is_over)
    assert not any(map(is_running, process_ids))


@pytest.mark.parametrize("where", ["progress", "done"])
def test_what_a_callback_raises_ends_the_others_and_is_raised(where: str) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    jobs = [{"seconds": 0.01}, FOREVER, FOREVER]
    callbacks: dict[str, Callable[..., None]] = {"progress": ignore, "done": ignore}
    callbacks[where] = full_disk
    first_s = time.monotonic()
    with pytest.raises(OSError, match="No space left"), pool_of(2) as pool:
        pool.run_all(f"{TASKS}:sleep", jobs, callbacks["progress"], callbacks["done"])
    assert time.monotonic() - first_s < 60


def test_when_the_time_is_over_what_runs_is_ended_and_what_is_done_is_kept() -> None:
    ended: dict[int, Outcome] = {}
    process_ids: list[int] = []
    with pool_of(2) as pool:
        pool.run_all(
            f"{TASKS}:sleep",
            [{"seconds": 0}, FOREVER, FOREVER],
            lambda _, event: process_ids.append(event["process_id"]),
            ended.__setitem__,
            lambda: bool(ended),
        )
        assert list(ended) == [0]
    assert not any(map(is_running, process_ids))


def test_a_job_whose_process_was_killed_is_done_again(tmp_path: Path) -> None:
    job = {"marks": str(tmp_path), "times": 1, "signal": 9}
    with pool_of(1) as pool:
        assert pool.call(f"{TASKS}:die_at_first", job) == {"attempt": 1}
