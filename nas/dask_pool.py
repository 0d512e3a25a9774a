"""Tasks on a Dask cluster: a fleet of gateways that searches together. Needs `distributed`.

Every machine of the cluster must have the SDK, and the decoded images under the same path.
"""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from firmware.errors import ConfigError, WorkerError
from nas.pool import Job, Pool
from nas.worker import Outcome, Worker

RETRIES = 5
"""Machines that may be lost while they run one and the same task."""
_CONNECT_S = 30


class DaskPool(Pool):
    """Runs tasks on an existing cluster; a task whose machine is lost runs on another one.

    Args:
        address: Of the scheduler, such as `tcp://gateway:8786`.
        memory_bytes: Anonymous memory that a task may take; None if it is not limited.

    Raises:
        ConfigError: `distributed` is not installed, or nobody answers at the address.
    """

    def __init__(self, address: str, memory_bytes: int | None = None) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise ConfigError(
                "searching on a cluster needs Dask: pip install 'mcu-nas[distributed]'"
            ) from error
        try:
            self._client = Client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ConfigError(f"no Dask scheduler answers at {address!r}: {error}") from error
        self._memory_bytes = memory_bytes

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def run_all(
        self,
        task: str,
        jobs: Sequence[Job],
        on_progress: Callable[[int, dict[str, Any]], None],  # noqa: ARG002 (it stays on its machine)
        on_done: Callable[[int, Outcome], None],
        is_over: Callable[[], bool] = lambda: False,  # noqa: ARG002
    ) -> None:
        """Run a task for each job, as `Pool` describes; nothing is reported in between."""
        from distributed import as_completed

        futures = {
            self._client.submit(
                run_here, task, dict(job), self._memory_bytes, pure=False, retries=RETRIES
            ): number
            for number, job in enumerate(jobs)
        }
        for future in as_completed(list(futures), loop=self._client.loop):
            try:
                outcome = future.result()
            except Exception as error:  # whatever ended the task on the cluster is its outcome
                outcome = Outcome(None, WorkerError(f"the cluster lost the task: {error}"), 0.0, 0)
            on_done(futures[future], outcome)


def run_here(task: str, job: dict[str, Any], memory_bytes: int | None) -> Outcome:
    """Run one task on the machine that was chosen for it."""
    with Worker(memory_bytes=memory_bytes) as worker:
        return worker.run(task, job)
