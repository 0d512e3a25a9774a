"""Chooses the number of epochs of the final training from measured times. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from firmware.errors import ConfigError
from nas.search.config import FINAL_EPOCHS, SearchConfig
from nas.search.trials import Trial
from nas.spaces import Candidate

AUTO = "auto"
"""Value of `--final-epochs` with which the number is chosen after the search."""
FEWEST_EPOCHS = 10
SEARCH_SHARE = 0.5
"""Share of the time limit that is for the search if the final training is limited too; the other
half is for that."""


def parse_epochs(value: int | str) -> int | None:
    """The number of epochs of an option; None for `auto`.

    Raises:
        ConfigError: It is neither.
    """
    if value == AUTO:
        return None
    try:
        return int(value)
    except ValueError as error:
        raise ConfigError(f"--final-epochs is {value!r}, expected a number or {AUTO}") from error


def with_final_epochs(
    config: SearchConfig, trials: Iterable[Trial], candidate: Candidate, limit_s: float | None
) -> SearchConfig:
    """The settings with a number of final epochs; unchanged if they have one.

    The time of an epoch is that of the candidate's trainings in the search. All times come from the
    trials, which are stored, so a resumed run chooses the same number.

    Args:
        config: The settings.
        trials: The trials of the search; the candidate is one that was trained.
        candidate: The candidate.
        limit_s: Time for the final training; None for as much as all trainings of the search took.
            It is kept unless `FEWEST_EPOCHS` take longer.
    """
    if config.final_epochs is not None:
        return config
    trained = [trial for trial in trials if trial.accuracies]
    own = [trial for trial in trained if trial.candidate == candidate]
    epochs = config.folds * sum(len(trial.accuracies) for trial in own)
    epoch_s = sum(trial.seconds for trial in own) / epochs
    time_s = sum(trial.seconds for trial in trained) if limit_s is None else limit_s
    most = FINAL_EPOCHS if epoch_s * FINAL_EPOCHS <= time_s else int(time_s / epoch_s)
    return replace(config, final_epochs=max(FEWEST_EPOCHS, most))
