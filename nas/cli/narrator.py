"""Prints the progress of a run on stderr, through `Progress`."""

import time
from collections.abc import Callable
from typing import Any

from firmware.printable import printable
from firmware.progress import Progress, duration
from nas.data.dataset import Dataset
from nas.data.proportion import interval_of
from nas.host.machine import Machine
from nas.host.process_memory import tree_bytes
from nas.report.shown import fractions
from nas.search.listener import Listener
from nas.search.trials import Trial
from nas.spaces import Candidate


class Narrator(Listener):
    """Formats the progress of a run: images per second, time left, memory and its limit.

    Args:
        progress: Prints the lines.
        clock: Returns seconds from any origin.
    """

    def __init__(self, progress: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._progress = progress
        self._clock = clock
        self._first_s = clock()
        self._images = self._valid_images = self._judging_images = 0
        self._is_preparing = False
        self._limit_bytes: int | None = None
        self._work = ""
        self._work_first_s = 0.0
        self._work_first_epoch = 0

    def image_decoded(self, done: int, total: int) -> None:
        """See `Listener`."""
        self._progress.update(f"decoding image {done:,} of {total:,}")

    def data_ready(self, datasets: dict[int, Dataset]) -> None:
        """See `Listener`."""
        dataset = next(iter(datasets.values()))
        self._images, self._valid_images = dataset.counts["train"], dataset.counts["valid"]
        counts = ", ".join(f"{count:,} to {part}" for part, count in dataset.counts.items())
        sizes = " or ".join("x".join(map(str, own.shape)) for own in datasets.values())
        self._progress.note(f"{len(dataset.classes)} classes, images of {sizes}: {counts}")
        for name in dataset.skipped:
            self._progress.note(f"skipped {printable(name)}: it could not be read")

    def preparing(self, stage: str) -> None:
        """See `Listener`."""
        tell = self._progress.update if self._is_preparing else self._progress.note
        tell(stage)
        self._is_preparing = True

    def noted(self, text: str) -> None:
        """See `Listener`."""
        self._progress.note(printable(text))

    def judged_on(self, images: int) -> None:
        """See `Listener`."""
        self._judging_images = images

    def started(self, machine: Machine) -> None:
        """See `Listener`."""
        self._limit_bytes = machine.memory_bytes

    def trial_ended(self, trial: Trial) -> None:
        """See `Listener`."""
        result = trial.reason
        if trial.accuracy is not None:
            megabytes = trial.peak_anonymous_bytes / 1e6
            shown = _accuracy(trial.accuracy, self._judging_images)
            result = f"{shown} in {duration(trial.seconds)}, {megabytes:.0f} MB"
        self._progress.note(f"{trial.candidate} {trial.status}: {result}")

    def trial_progressed(self, candidate: Candidate, event: dict[str, Any]) -> None:
        """See `Listener`."""
        self._progressed(f"training {candidate}", event)

    def winner_progressed(self, event: dict[str, Any]) -> None:
        """See `Listener`."""
        self._progressed("training the winner", event)

    def _progressed(self, work: str, event: dict[str, Any]) -> None:
        if "stage" in event:
            self._progress.note(event["stage"])
        else:
            self._epoch(work, event)

    def _epoch(self, work: str, event: dict[str, Any]) -> None:
        """One line. The time left is that of this training; the number of trials is not known."""
        now_s = self._clock()
        if work != self._work:
            self._work, self._work_first_s = work, now_s
            self._work_first_epoch = event["epoch"]
        parts = [f"{work}: epoch {event['epoch']} of {event['epochs']}"]
        images = event.get("images", self._valid_images)
        parts.append(f"accuracy {_accuracy(event['accuracy'], images)}")
        done, spent_s = event["epoch"] - self._work_first_epoch, now_s - self._work_first_s
        if done > 0 and spent_s > 0:
            parts.append(f"{done * self._images / spent_s:,.0f} images/s")
            left_s = spent_s / done * (event["epochs"] - event["epoch"])
            parts.append(f"{duration(left_s)} left")
        if self._progress.is_due:
            parts.append(self._memory())
        self._progress.update(f"{', '.join(parts)} ({duration(now_s - self._first_s)} so far)")

    def _memory(self) -> str:
        limit = "" if self._limit_bytes is None else f" of {self._limit_bytes / 1e6:,.0f}"
        return f"{tree_bytes() / 1e6:,.0f}{limit} MB"


def _accuracy(fraction: float, images: int) -> str:
    """An accuracy, and its 95 % interval if it is known on how many images."""
    interval = interval_of(fraction, images)
    return f"{fraction:.4f}" if interval is None else f"{fraction:.4f} ({fractions(interval)})"
