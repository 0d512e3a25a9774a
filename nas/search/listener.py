"""What a run tells while it works. Pure."""

from typing import Any

from nas.data.dataset import Dataset
from nas.host.machine import Machine
from nas.search.trials import Trial
from nas.spaces import Candidate


class Listener:
    """What a run tells while it works; override what is of interest."""

    def image_decoded(self, done: int, total: int) -> None:
        """An image was read."""

    def data_ready(self, datasets: dict[int, Dataset]) -> None:
        """All images are read: at every input of the search, by its side."""

    def preparing(self, stage: str) -> None:
        """Where the work is that comes before the search, such as compiling."""

    def noted(self, text: str) -> None:
        """Something that is not as it was asked for."""

    def started(self, machine: Machine) -> None:
        """The search begins, with as many workers as the memory is enough for."""

    def trial_ended(self, trial: Trial) -> None:
        """A candidate was judged, now or in an earlier run."""

    def trial_progressed(self, candidate: Candidate, event: dict[str, Any]) -> None:
        """An epoch of a candidate ended: `epoch`, `epochs`, `accuracy`; or a `stage` began."""

    def winner_progressed(self, event: dict[str, Any]) -> None:
        """An epoch of the winner ended: `epoch`, `epochs`, `accuracy`; or a `stage` began."""
