"""Several workers side by side. I/O through the workers."""

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
"""Time between two looks at whether the time is over."""
_JOIN_S = 1.0
"""Longest wait for threads whose workers were ended."""


def never() -> bool:
    """Work without an end of time."""
    return False


class Pool(ABC):
    """Runs tasks at the same time; a context manager."""

    def __enter__(self) -> Self:
        return self

    @abstractmethod
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what runs."""

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
            task: As `Worker.run` takes it.
            jobs: Its arguments.
            on_progress: Gets the number of the job and what its task reports; on any thread, and
                only from pools that can.
            on_done: Gets the number of the job and how it ended; on this thread.
            is_over: Asked all the time; once it says yes, what runs is ended without a word. After
                that, and after an exception, the pool runs nothing more.
        """

    def call(
        self,
        task: str,
        job: Job,
        on_progress: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> dict[str, Any]:
        """Run one task and give what it returns.

        Raises:
            SdkError: What the task raised, or a `WorkerError` if its process failed.
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
    """One job on its way to a worker, and where its result goes."""

    number: int
    task: str
    job: Job
    on_progress: Callable[[int, dict[str, Any]], None]
    results: "SimpleQueue[_Result]"


@dataclass(frozen=True, slots=True)
class _Result:
    """How a job ended, or what a callback raised."""

    number: int
    outcome: Outcome | BaseException


class WorkerPool(Pool):
    """Runs tasks on workers of this machine.

    Args:
        workers: At least one; they end with the pool.
    """

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._workers = tuple(workers)
        self._orders: SimpleQueue[_Order | None] = SimpleQueue()
        # Threads live as long as the pool: what a thread has started ends with it.
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
        assert not self._is_ended, "nothing runs after the end of the pool"
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
            except BaseException as error:  # raised again by who waits for the result
                outcome = error
            order.results.put(_Result(number, outcome))

    def _end(self) -> None:
        """Take back what nobody has begun, and kill what runs."""
        self._is_ended = True
        try:
            while True:
                self._orders.get_nowait()
        except Empty:
            for _ in self._threads:
                self._orders.put(None)
        for worker in self._workers:
            worker.end()
