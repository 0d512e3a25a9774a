"""Candidates that were judged. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum

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
        accuracy: The best accuracy of all epochs, by which the search compares; None if it was not
            trained.
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
    accuracy: Fraction | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        is_trained = self.status is TrialStatus.TRAINED
        if is_trained and not self.accuracies:
            raise ValueError("a trained candidate has no accuracies")
        object.__setattr__(self, "accuracy", max(self.accuracies) if is_trained else None)

    @property
    def evaluation(self) -> Evaluation:
        """What was asked for."""
        return Evaluation(self.candidate, self.repeat)
