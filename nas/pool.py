"""Several workers side by side. I/O through the workers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from nas.worker import Outcome, Worker

Job = Mapping[str, Any]


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
    ) -> None:
        """Run a task for each job.

        Args:
            task: As `Worker.run` takes it.
            jobs: Its arguments.
            on_progress: Gets the number of the job and what its task reports; on any thread, and
                only from pools that can.
            on_done: Gets the number of the job and how it ended; on this thread.
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


class WorkerPool(Pool):
    """Runs tasks on workers of this machine.

    Args:
        workers: At least one; they end with the pool.
    """

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._workers = tuple(workers)
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in workers:
            self._idle.put(worker)
        # Threads live as long as the pool: what a thread has started ends with it.
        self._threads = ThreadPoolExecutor(len(workers))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.__exit__(kind, error, trace)
        self._threads.shutdown(cancel_futures=True)

    def run_all(
        self,
        task: str,
        jobs: Sequence[Job],
        on_progress: Callable[[int, dict[str, Any]], None],
        on_done: Callable[[int, Outcome], None],
    ) -> None:
        """Run a task for each job, as `Pool` describes."""
        futures = {
            self._threads.submit(self._run, task, job, number, on_progress): number
            for number, job in enumerate(jobs)
        }
        try:
            for future in as_completed(futures):
                on_done(futures[future], future.result())
        except BaseException:
            for future in futures:
                future.cancel()
            raise

    def _run(
        self,
        task: str,
        job: Job,
        number: int,
        on_progress: Callable[[int, dict[str, Any]], None],
    ) -> Outcome:
        worker = self._idle.get()
        try:
            return worker.run(task, job, lambda event: on_progress(number, event))
        finally:
            self._idle.put(worker)
