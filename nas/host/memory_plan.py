"""How the memory of the host is shared between the processes of a run. Pure."""

from dataclasses import dataclass

from firmware.errors import HostMemoryError

MIB = 1 << 20
PARENT_GROWTH_BYTES = 4 * MIB
"""What the process that searches takes more at its end than when its data is ready."""
SERVER_BYTES = 8 * MIB
"""Of the process that a worker forks its tasks from: what it does not share with its task."""
SYSTEM_BYTES = 8 * MIB
"""Of the kernel for all processes, and pages of files that are in use all the time."""
LEAST_TASK_BYTES = 20 * MIB
"""What any task takes: Python, NumPy and the trainer, before there is a network."""


@dataclass(frozen=True, slots=True)
class HostMemoryPlan:
    """The shares of a host's memory.

    Attributes:
        workers: Processes that train side by side.
        worker_bytes: Anonymous memory that a task of each may take; None if it is not limited.
        alone_bytes: The same for a task that runs when no other does.
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
    """Share the memory between this process and its workers.

    There are several workers only if each can run the largest task: so their number decides how
    long a search takes, and never what it finds.

    Args:
        memory_bytes: Of all processes; None if it is not limited.
        workers: That are wanted.
        parent_bytes: What this process takes now.
        least_bytes: What the smallest task takes.
        largest_bytes: What the largest task takes.

    Raises:
        HostMemoryError: It is not enough for one worker and the smallest task.
    """
    if memory_bytes is None:
        return HostMemoryPlan(workers, None, None)
    fixed_bytes = parent_bytes + PARENT_GROWTH_BYTES + SYSTEM_BYTES
    shares = {n: (memory_bytes - fixed_bytes) // n - SERVER_BYTES for n in range(1, workers + 1)}
    if shares[1] < least_bytes:
        needed_bytes = fixed_bytes + SERVER_BYTES + least_bytes
        raise HostMemoryError(
            f"the search needs {_mebibytes(needed_bytes)} of the host's memory and may take "
            f"{_mebibytes(memory_bytes)}; this process has {_mebibytes(parent_bytes)}, the "
            f"smallest training takes {_mebibytes(least_bytes)}; raise --host-memory or the limit "
            "of the control group"
        )
    most = max((n for n, share in shares.items() if share >= largest_bytes), default=1)
    return HostMemoryPlan(most, shares[most], shares[1])


def _mebibytes(count: int) -> str:
    return f"{count / MIB:.1f} MiB"
