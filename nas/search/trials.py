"""The trial of a candidate: its cost, status and accuracies. Pure."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from firmware.records.values import Count, Fraction, NotNegative
from nas.data.proportion import interval_of
from nas.estimator.cost import Cost
from nas.search.bounds import Evaluation
from nas.spaces import Candidate


class TrialStatus(StrEnum):
    """The status of a trial; all except `PRICED` are final."""

    PRICED = "priced"
    TRAINED = "trained"
    INFEASIBLE = "infeasible"
    FAILED = "failed"
    HOST_MEMORY = "host_memory"


@dataclass(frozen=True, slots=True)
class Trial:
    """The trial of a candidate.

    Attributes:
        cost: Its needs; None if there is no such network for this input.
        reason: Why it was not trained; empty if it was.
        accuracies: Validation accuracy after each epoch.
        seconds: Time of its training.
        peak_anonymous_bytes: Highest anonymous memory of the process that trained it.
        predicted_anonymous_bytes: The memory that was predicted.
        repeat: Number of earlier trainings of the candidate, with other seeds.
        interval: Ends of the 95 % interval of `accuracy`; None if it was not trained, or not known
            on how many images. Not stored with the trials.
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
    interval: tuple[Fraction, Fraction] | None = None
    accuracy: Fraction | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        is_trained = self.status is TrialStatus.TRAINED
        if is_trained and not self.accuracies:
            raise ValueError("a trained candidate has no accuracies")
        object.__setattr__(self, "accuracy", max(self.accuracies) if is_trained else None)

    @property
    def evaluation(self) -> Evaluation:
        """The evaluation that this trial belongs to."""
        return Evaluation(self.candidate, self.repeat)


def with_interval(trial: Trial, images: int) -> Trial:
    """The trial with the interval of its accuracy, which was measured on so many images."""
    if trial.accuracy is None:
        return trial
    return replace(trial, interval=interval_of(trial.accuracy, images))
