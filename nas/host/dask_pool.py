"""Runs tasks on a Dask cluster of several gateways. Needs the package `distributed`. I/O.

Every machine of the cluster needs the SDK, and the decoded images under the same path.
"""

import contextlib
import logging
import math
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from firmware.errors import ConfigError, WorkerError
from nas.host.pool import LOOK_S, Job, Pool, never
from nas.host.scheduler_address import check_scheduler
from nas.host.worker import Outcome, Worker

_LOST = "the cluster lost the task"
_NOT_WANTED = "its result is no longer needed"
RETRIES = 5
"""Number of lost machines after which a task fails."""
WORKER_LIMIT_S = 600.0
"""Longest wait for a machine while the cluster has none."""
ANSWER_LIMIT_S = 30.0
"""Timeout of an answer of the scheduler."""
_CHECK_S = 5.0
"""Interval of queries to the scheduler."""
_CLOSE_S = 1.0


class DaskPool(Pool):
    """Runs tasks on an existing cluster. A task of a lost machine is run again on another one.

    Args:
        address: Address of the scheduler, such as `tcp://gateway:8786`.
        memory_bytes: Limit of the anonymous memory of a task; None for no limit.
        tell: Called with a message while the pool waits.

    Raises:
        ConfigError: `distributed` is not installed, or no scheduler answers at the address.
    """

    def __init__(
        self,
        address: str,
        memory_bytes: int | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        check_scheduler(address)
        try:
            from distributed import Client
        except ImportError as error:
            raise ConfigError(
                "a search on a cluster needs Dask: pip install 'mcu-nas[distributed]'"
            ) from error
        for name in ("distributed", "distributed.client"):  # the error itself is raised
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            self._client = Client(address, timeout=ANSWER_LIMIT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ConfigError(f"no Dask scheduler answers at {address!r}: {error}") from error
        self._address = address
        self._memory_bytes = memory_bytes
        self._tell = tell
        self._checked_s, self._worker_seen_s = -math.inf, time.monotonic()
        self._waits = False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError, TimeoutError, AssertionError):
            self._client.close(timeout=_CLOSE_S)

    def run_all(
        self,
        task: str,
        jobs: Sequence[Job],
        on_progress: Callable[[int, dict[str, Any]], None],  # noqa: ARG002 (progress is not sent)
        on_done: Callable[[int, Outcome], None],
        is_over: Callable[[], bool] = never,
    ) -> None:
        """Run a task for each job, as `Pool` describes; without progress.

        Raises:
            WorkerError: The scheduler is lost, or there was no machine for too long.
        """
        left = {self._submit(task, job): number for number, job in enumerate(jobs)}
        attempts = dict.fromkeys(left.values(), 1)
        self._worker_seen_s = time.monotonic()
        # Without its futures, the cluster forgets their tasks when the client is closed.
        while left:
            ended = [future for future in left if future.status != "pending"]
            for future in ended:
                number, outcome = left.pop(future), self._outcome(future)
                if _was_lost(outcome) and attempts[number] < RETRIES:
                    attempts[number] += 1
                    left[self._submit(task, jobs[number])] = number
                else:
                    on_done(number, outcome)
            if not ended:
                if is_over():
                    break
                self._check()
                time.sleep(LOOK_S)

    def _submit(self, task: str, job: Job) -> Any:
        return self._client.submit(
            run_here, task, dict(job), self._memory_bytes, pure=False, retries=RETRIES
        )

    def _outcome(self, future: Any) -> Outcome:
        if future.status in ("cancelled", "lost"):
            raise self._lost()
        try:
            outcome: Outcome = future.result(timeout=ANSWER_LIMIT_S)
        except Exception as error:  # any failure on the cluster is the outcome of the task
            if self._client.status != "running":
                raise self._lost() from error
            return Outcome(None, WorkerError(f"{_LOST}: {error}"), 0.0, 0)
        return outcome

    def _check(self) -> None:
        """Query regularly whether the scheduler answers and has a machine."""
        now_s = time.monotonic()
        if self._client.status != "running":
            raise self._lost()
        if now_s - self._checked_s < _CHECK_S:
            return
        try:
            found = self._client.sync(
                self._client.scheduler.identity, n_workers=1, callback_timeout=ANSWER_LIMIT_S
            )
        except OSError as error:
            raise self._lost() from error
        self._checked_s = now_s
        if found["workers"]:
            self._worker_seen_s, self._waits = now_s, False
        elif now_s - self._worker_seen_s > WORKER_LIMIT_S:
            raise WorkerError(
                f"no machine has joined the Dask scheduler at {self._address!r} for "
                f"{WORKER_LIMIT_S / 60:.0f} min; start 'dask worker {self._address} --nthreads 1' "
                "on one, and run the same command to resume"
            )
        elif not self._waits:
            self._waits = True
            self._tell(
                f"waiting for a machine: none has joined {self._address} (dask worker "
                f"{self._address} --nthreads 1)"
            )

    def _lost(self) -> WorkerError:
        return WorkerError(
            f"the Dask scheduler at {self._address!r} is lost; run the same command to "
            "resume when it is back"
        )


def _was_lost(outcome: Outcome) -> bool:
    """Whether a failure is caused by the cluster and not by the task.

    When a machine is lost, the cluster may withdraw its tasks from another one for a moment.
    """
    return outcome.error is not None and str(outcome.error).startswith((_LOST, _NOT_WANTED))


def run_here(task: str, job: dict[str, Any], memory_bytes: int | None) -> Outcome:
    """Run one task on this machine, unless its result is no longer needed."""
    from distributed import get_worker

    machine = get_worker()
    key = machine.get_current_task()

    def check(_: dict[str, Any]) -> None:
        state = machine.state.tasks.get(key)
        if state is None or state.state == "cancelled":
            raise WorkerError(_NOT_WANTED)

    with Worker(memory_bytes=memory_bytes) as worker:
        return worker.run(task, job, check)
