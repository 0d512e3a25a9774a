"""Chooses another network of a run, within other limits, from its trainings. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from firmware.errors import ConfigError, InfeasibleError
from nas.estimator.cost import Cost, measure_cost, needs
from nas.estimator.pace import Pace
from nas.search.config import SearchConfig
from nas.search.network_bounds import network_of
from nas.search.recorded_run import RecordedRun
from nas.search.trials import Trial
from nas.search.tried import tried
from nas.spaces import Candidate


def priced_trials(
    recorded: RecordedRun, config: SearchConfig, pace: Pace | None
) -> tuple[Trial, ...]:
    """The trials of a run, those that were trained with their costs of today.

    Args:
        recorded: The run.
        config: Its settings with the limits of the choice.
        pace: What predicts the latency. Without it, the latency is the recorded one; if the latency
            is limited then, trainings without a recorded latency are left out.

    Raises:
        ConfigError: A network cannot be priced.
    """
    costs: dict[Candidate, Cost] = {}
    trials = []
    for number, trial in enumerate((*recorded.trials, *recorded.others)):
        if trial.accuracy is None or trial.cost is None:
            trials.append(trial)
            continue
        if trial.candidate not in costs:
            known_us = trial.cost.latency_us if number < len(recorded.trials) else None
            costs[trial.candidate] = _cost(config, trial.candidate, pace, known_us)
        cost = costs[trial.candidate]
        if config.limits.latency_us is None or cost.latency_us is not None:
            trials.append(replace(trial, cost=cost))
    return tuple(trials)


def _cost(
    config: SearchConfig, candidate: Candidate, pace: Pace | None, known_us: int | None
) -> Cost:
    network = network_of(config, candidate)
    cost = measure_cost(network, config.runtime, config.converter, pace, config.limits)
    return cost if pace is not None else replace(cost, latency_us=known_us)


def fitting(trials: Iterable[Trial], config: SearchConfig, name: str) -> tuple[Candidate, ...]:
    """The trained candidates within the limits, the most accurate first; of equals, the smaller.

    Args:
        trials: The trials, with their costs.
        config: The settings with the limits.
        name: Name of the run, for errors.

    Raises:
        ConfigError: Nothing is trained yet.
        InfeasibleError: No trained candidate fits.
    """
    own = tuple(trials)
    trained = tried(own, config.limits)
    if not trained:
        raise ConfigError(
            f"no network of {name!r} can be picked: none is trained yet, or none has a latency; "
            "start the same 'nas run' again"
        )
    within = [candidate for candidate in trained if not candidate.over]
    if not within:
        raise _none_fits(own, config, name, len(trained))
    return tuple(found.candidate for found in sorted(within, key=lambda found: found.rank))


def _none_fits(
    trials: tuple[Trial, ...], config: SearchConfig, name: str, count: int
) -> InfeasibleError:
    """What the nearest trained candidate needs."""
    costs = [(own.candidate, own.cost) for own in trials if own.accuracy is not None and own.cost]
    worst = [
        (candidate, next(need for need in needs(cost, config.limits) if not need.is_advice))
        for candidate, cost in costs
    ]
    candidate, need = min(worst, key=lambda pair: pair[1].used_fraction)
    return InfeasibleError(
        f"none of the {count} trained networks of {name!r} fits; the nearest, "
        f"{candidate.described}, needs {need.name} of {need.needed:,} {need.unit}, the limit is "
        f"{need.limit:,}; 'nas run' with these limits and the same --out searches others and keeps "
        "the trainings"
    )
