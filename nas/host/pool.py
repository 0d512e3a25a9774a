"""Runs tasks on several workers in parallel. I/O through the workers."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, Self

from nas.host.worker import Outcome, Worker

Job = Mapping[str, Any]
LOOK_S = 0.1
"""Interval of the checks whether the time limit is reached."""
_JOIN_S = 1.0
"""Longest wait for the threads of workers that were killed."""


def never() -> bool:
    """A time limit that is never reached."""
    return False


class Pool(ABC):
    """Runs tasks in parallel; a context manager."""

    def __enter__(self) -> Self:
        return self

    @abstractmethod
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the running tasks."""

    @abstractmethod
    def run_all(
        self,
        task: str,
        jobs: Sequence[Job],
        on_progress: Callable[[int, dict[str, Any]], None],
        on_done: Callable[[int, Outcome], None],
        is_over: Callable[[], bool] = never,
    ) -> None:
        """Run a task for each job.

        Args:
            task: The task, as in `Worker.run`.
            jobs: The arguments of each job.
            on_progress: Called with the index of the job and the report of its task, on any
                thread. Some pools do not report progress.
            on_done: Called with the index of the job and its outcome, on this thread.
            is_over: Called repeatedly. When it returns True, the running tasks are ended and have
                no outcome. Then, and after an exception, the pool runs no more tasks.
        """

    def call(
        self,
        task: str,
        job: Job,
        on_progress: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> dict[str, Any]:
        """Run one task and return its value.

        Raises:
            SdkError: The error of the task, or a `WorkerError` if its process failed.
        """
        outcomes: list[Outcome] = []
        self.run_all(
            task,
            [job],
            lambda _, event: on_progress(event),
            lambda _, outcome: outcomes.append(outcome),
        )
        return outcomes[0].unwrap()


@dataclass(frozen=True, slots=True)
class _Order:
    """A job in the queue, and the queue of its result."""

    number: int
    task: str
    job: Job
    on_progress: Callable[[int, dict[str, Any]], None]
    results: "SimpleQueue[_Result]"


@dataclass(frozen=True, slots=True)
class _Result:
    """The outcome of a job, or the exception of a callback."""

    number: int
    outcome: Outcome | BaseException


class WorkerPool(Pool):
    """Runs tasks on workers of this machine.

    Args:
        workers: One worker or more; they end with the pool.
    """

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._workers = tuple(workers)
        self._orders: SimpleQueue[_Order | None] = SimpleQueue()
        # Threads live as long as the pool, because processes that a thread started end with it.
        self._threads: list[Thread] = []
        self._is_ended = False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()
        end_s = time.monotonic() + _JOIN_S
        for thread in self._threads:
            thread.join(max(0.0, end_s - time.monotonic()))
        if not any(thread.is_alive() for thread in self._threads):
            for worker in self._workers:
                worker.__exit__(kind, error, trace)

    def run_all(
        self,
        task: str,
        jobs: Sequence[Job],
        on_progress: Callable[[int, dict[str, Any]], None],
        on_done: Callable[[int, Outcome], None],
        is_over: Callable[[], bool] = never,
    ) -> None:
        """Run a task for each job, as `Pool` describes."""
        assert not self._is_ended, "the pool has ended"
        self._start_threads(len(jobs))
        results: SimpleQueue[_Result] = SimpleQueue()
        for number, job in enumerate(jobs):
            self._orders.put(_Order(number, task, job, on_progress, results))
        left = len(jobs)
        try:
            while left and not (results.empty() and is_over()):
                try:
                    result = results.get(timeout=LOOK_S)
                except Empty:
                    continue
                left -= 1
                if isinstance(result.outcome, BaseException):
                    raise result.outcome
                on_done(result.number, result.outcome)
        finally:
            if left:
                self._end()

    def _start_threads(self, jobs: int) -> None:
        for worker in self._workers[len(self._threads) : jobs]:
            thread = Thread(target=self._work, args=(worker,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self, worker: Worker) -> None:
        while (order := self._orders.get()) is not None:
            tell, number = order.on_progress, order.number
            outcome: Outcome | BaseException
            try:
                outcome = worker.run(order.task, order.job, lambda event: tell(number, event))  # noqa: B023
            except BaseException as error:  # raised again where the result is awaited
                outcome = error
            order.results.put(_Result(number, outcome))

    def _end(self) -> None:
        """Remove the jobs that have not started, and kill the running ones."""
        self._is_ended = True
        try:
            while True:
                self._orders.get_nowait()
        except Empty:
            for _ in self._threads:
                self._orders.put(None)
        for worker in self._workers:
            worker.end()
