"""Candidates that were judged. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from firmware.records.conversion import from_record, to_record
from firmware.records.values import Count, Fraction, NotNegative
from nas.estimator.cost import Cost
from nas.search.strategy import Evaluation
from nas.spaces import Candidate


class TrialStatus(StrEnum):
    """Where a trial is; all but `PRICED` are ends."""

    PRICED = "priced"
    TRAINED = "trained"
    INFEASIBLE = "infeasible"
    FAILED = "failed"
    HOST_MEMORY = "host_memory"


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate, judged.

    Attributes:
        cost: Its needs; None if it is no network of this input.
        reason: Why it was not trained to the end; empty if it was.
        accuracies: On the validation images, after each epoch.
        seconds: Time that its training took.
        peak_anonymous_bytes: Most anonymous memory of the process that trained it.
        predicted_anonymous_bytes: What was predicted before.
        repeat: How many trainings of the candidate came before, with other seeds.
    """

    candidate: Candidate
    status: TrialStatus
    cost: Cost | None
    reason: str = ""
    accuracies: tuple[Fraction, ...] = ()
    seconds: NotNegative = 0.0
    peak_anonymous_bytes: Count = 0
    predicted_anonymous_bytes: Count = 0
    repeat: Count = 0

    def __post_init__(self) -> None:
        if self.status is TrialStatus.TRAINED and not self.accuracies:
            raise ValueError("a trained candidate has no accuracies")

    @property
    def evaluation(self) -> Evaluation:
        """What was asked for."""
        return Evaluation(self.candidate, self.repeat)

    @property
    def accuracy(self) -> float | None:
        """The best accuracy of all epochs, by which the search compares; None if not trained."""
        return max(self.accuracies) if self.status is TrialStatus.TRAINED else None

    def as_record(self) -> dict[str, Any]:
        """The trial as JSON holds it."""
        record: dict[str, Any] = to_record(self)
        return record | {"accuracy": self.accuracy}


def trial_of_record(record: object) -> Trial:
    """The trial that `Trial.as_record` gave.

    Raises:
        ValueError: It gave something else.
    """
    return from_record(record, Trial)
