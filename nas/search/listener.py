"""The interface through which a run reports its progress. Pure."""

from typing import Any

from nas.data.dataset import Dataset
from nas.host.machine import Machine
from nas.search.trials import Trial
from nas.spaces import Candidate


class Listener:
    """Receives the progress of a run. Override the methods of interest; they do nothing here."""

    def image_decoded(self, done: int, total: int) -> None:
        """An image was decoded."""

    def data_ready(self, datasets: dict[int, Dataset]) -> None:
        """All images are decoded, at each input size of the search, by its side."""

    def preparing(self, stage: str) -> None:
        """A step before the search begins, such as compiling the trainer."""

    def noted(self, text: str) -> None:
        """A message: the run differs from the request."""

    def judged_on(self, images: int) -> None:
        """The accuracy of a candidate will be measured on so many images."""

    def started(self, machine: Machine) -> None:
        """The search begins, with as many workers as the memory allows."""

    def trial_ended(self, trial: Trial) -> None:
        """A trial ended, now or in an earlier session."""

    def trial_progressed(self, candidate: Candidate, event: dict[str, Any]) -> None:
        """An epoch of a candidate ended, or a `stage` began.

        Of an epoch: `epoch`, `epochs`, `accuracy`, and with folds the `images` of the fold.
        """

    def winner_progressed(self, event: dict[str, Any]) -> None:
        """An epoch of the winner ended: `epoch`, `epochs`, `accuracy`; or a `stage` began."""
