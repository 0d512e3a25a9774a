"""How much of the host a run may use. Reads /proc."""

import os
from dataclasses import asdict, dataclass, replace

from firmware.records.values import Positive
from nas.host.memory_plan import LEAST_TASK_BYTES, plan_memory
from nas.host.process_memory import anonymous_bytes


@dataclass(frozen=True, slots=True)
class Machine:
    """How much of the host a run may use.

    The number of workers does not change the result. The limits of memory and time may change it:
    a candidate whose training needs too much memory is not trained, and a search that reaches its
    time limit returns the best candidate so far.

    Attributes:
        workers: Number of processes that train in parallel.
        memory_bytes: Limit of the anonymous memory of all processes; None for no limit.
        scheduler: Address of the Dask scheduler of a cluster that trains; empty for this machine.
        search_s: Time limit of the search in seconds; None for no limit.
        worker_bytes: Limit of the anonymous memory of a task while all workers run; `planned` sets
            it.
        alone_bytes: Limit of the anonymous memory of a task that runs alone.
    """

    workers: Positive = 1
    memory_bytes: Positive | None = None
    scheduler: str = ""
    search_s: float | None = None
    worker_bytes: Positive | None = None
    alone_bytes: Positive | None = None

    def planned(
        self, least_bytes: int = LEAST_TASK_BYTES, largest_bytes: int = LEAST_TASK_BYTES
    ) -> "Machine":
        """A copy with as many workers as the memory allows, and with the limits of their tasks.

        Args:
            least_bytes: Memory of the smallest task.
            largest_bytes: Memory of the largest task; with fewer workers, each may use more.

        Raises:
            HostMemoryError: There is not enough memory for one worker and the smallest task.
        """
        own_bytes = anonymous_bytes(os.getpid())
        plan = plan_memory(self.memory_bytes, self.workers, own_bytes, least_bytes, largest_bytes)
        return replace(self, **asdict(plan))
