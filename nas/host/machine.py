"""How much of the host a run may take. Reads /proc."""

import os
from dataclasses import asdict, dataclass, replace

from firmware.records.values import Positive
from nas.host.memory_plan import LEAST_TASK_BYTES, plan_memory
from nas.host.process_memory import anonymous_bytes


@dataclass(frozen=True, slots=True)
class Machine:
    """How much of the host a run may take.

    The number of workers does not change the result; less memory and less time may: what would
    take too much is not trained, and a search that is cut short takes the best so far.

    Attributes:
        workers: Processes that train side by side.
        memory_bytes: Anonymous memory of all processes; None if it is not limited.
        scheduler: Address of a Dask scheduler whose cluster trains; empty for this machine.
        search_s: Seconds after which the search takes the best so far; None for no limit.
        worker_bytes: Anonymous memory that a task of each worker may take; `run` plans it.
        alone_bytes: The same for a task that runs when no other does.
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
        """With as many workers as the memory is enough for, and their shares.

        Args:
            least_bytes: What the smallest task takes.
            largest_bytes: What the largest task takes; fewer workers leave each more.

        Raises:
            HostMemoryError: It is not enough for one worker and the smallest task.
        """
        own_bytes = anonymous_bytes(os.getpid())
        plan = plan_memory(self.memory_bytes, self.workers, own_bytes, least_bytes, largest_bytes)
        return replace(self, **asdict(plan))
