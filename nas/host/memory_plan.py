"""Divides the memory of the host between the processes of a run. Pure."""

from dataclasses import dataclass

from firmware.errors import HostMemoryError

MIB = 1 << 20
PARENT_GROWTH_BYTES = 4 * MIB
"""Growth of the main process during a search."""
SERVER_BYTES = 8 * MIB
"""Memory of the process that a worker forks its tasks from, without pages shared with the task."""
SYSTEM_BYTES = 8 * MIB
"""Memory of the kernel for all processes, and of pages of files that are always in use."""
LEAST_TASK_BYTES = 20 * MIB
"""Memory of any task without a network: Python, NumPy and the trainer."""


@dataclass(frozen=True, slots=True)
class HostMemoryPlan:
    """The memory limits of the processes of a run.

    Attributes:
        workers: Number of processes that train in parallel.
        worker_bytes: Limit of the anonymous memory of a task while all workers run; None for no
            limit.
        alone_bytes: Limit of the anonymous memory of a task that runs alone.
    """

    workers: int
    worker_bytes: int | None
    alone_bytes: int | None


def plan_memory(
    memory_bytes: int | None,
    workers: int,
    parent_bytes: int,
    least_bytes: int = LEAST_TASK_BYTES,
    largest_bytes: int = LEAST_TASK_BYTES,
) -> HostMemoryPlan:
    """Divide the memory between this process and its workers.

    There are several workers only if each can run the largest task. So the number of workers
    changes the time of a search, but not its result.

    Args:
        memory_bytes: Memory limit of all processes together; None for no limit.
        workers: Wanted number of workers.
        parent_bytes: Memory that this process uses now.
        least_bytes: Memory of the smallest task.
        largest_bytes: Memory of the largest task.

    Raises:
        HostMemoryError: There is not enough memory for one worker and the smallest task.
    """
    if memory_bytes is None:
        return HostMemoryPlan(workers, None, None)
    fixed_bytes = parent_bytes + PARENT_GROWTH_BYTES + SYSTEM_BYTES
    shares = {n: (memory_bytes - fixed_bytes) // n - SERVER_BYTES for n in range(1, workers + 1)}
    if shares[1] < least_bytes:
        needed_bytes = fixed_bytes + SERVER_BYTES + least_bytes
        raise HostMemoryError(
            f"the search needs {_mebibytes(needed_bytes)} of the host's memory, the limit is "
            f"{_mebibytes(memory_bytes)}; this process uses {_mebibytes(parent_bytes)}, the "
            f"smallest training needs {_mebibytes(least_bytes)}; raise --host-memory or the limit "
            "of the control group"
        )
    most = max((n for n, share in shares.items() if share >= largest_bytes), default=1)
    return HostMemoryPlan(most, shares[most], shares[1])


def _mebibytes(count: int) -> str:
    return f"{count / MIB:.1f} MiB"
