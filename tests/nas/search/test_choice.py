"""The choice of another network, with latencies that are recorded or predicted."""

from dataclasses import replace

import pytest

from firmware.errors import ConfigError, InfeasibleError
from nas.estimator.cost import Cost, Limits, measure_cost
from nas.estimator.pace import PaceRecord
from nas.search.choice import fitting, priced_trials
from nas.search.config import SearchConfig
from nas.search.network_bounds import network_of
from nas.search.recorded_run import RecordedRun
from nas.search.run_record import StartRecord
from nas.search.trials import Trial, TrialStatus
from nas.spaces import Candidate

LIMITS = Limits(macc=10**6, flash_bytes=10**6, ram_bytes=10**6)
CONFIG = SearchConfig(
    dataset_key="d" * 64,
    shape=(8, 8, 1),
    classes=("a", "b"),
    space="folded",
    strategy="bracket",
    target="stm32f412",
    runtime="static",
    limits=LIMITS,
    epochs=1,
    final_epochs=1,
    seed=0,
)
TIMED = replace(
    CONFIG, limits=replace(LIMITS, latency_us=900), pace=PaceRecord("a board", "5" * 64, 10**8)
)


def trained(k: int, accuracy: float, latency_us: int | None = None, repeat: int = 0) -> Trial:
    """A training whose recorded needs are wrong, as those of an earlier version may be."""
    cost = Cost(1, 1, 1, latency_us)
    return Trial(
        Candidate(k=k, c=1), TrialStatus.TRAINED, cost, accuracies=(accuracy,), repeat=repeat
    )


def recorded(
    config: SearchConfig, trials: tuple[Trial, ...], others: tuple[Trial, ...] = ()
) -> RecordedRun:
    start = StartRecord(config=config, versions={}, images={"train": 9}, skipped_images=())
    return RecordedRun("run", start, {}, trials, others, None)


def chosen(config: SearchConfig, run: RecordedRun) -> tuple[int, ...]:
    """The first values of the candidates that fit, in order."""
    return tuple(own["k"] for own in fitting(priced_trials(run, config, None), config, "run"))


def test_the_best_mean_is_first_and_of_equals_the_smaller() -> None:
    trials = (trained(4, 0.5), trained(8, 0.9), trained(2, 0.5), trained(8, 0.3, repeat=1))
    assert chosen(CONFIG, recorded(CONFIG, trials)) == (8, 2, 4)


def test_needs_are_those_of_today() -> None:
    run = recorded(CONFIG, (trained(4, 0.5), trained(8, 0.9)))
    costs = [
        measure_cost(network_of(CONFIG, Candidate(k=k, c=1)), "static", CONFIG.converter)
        for k in (4, 8)
    ]
    tight = replace(CONFIG, limits=replace(LIMITS, flash_bytes=costs[0].model_bytes))
    assert costs[0].model_bytes < costs[1].model_bytes
    assert chosen(tight, run) == (4,)
    priced = priced_trials(run, CONFIG, None)
    assert [own.cost for own in priced] == costs


def test_a_recorded_latency_counts_if_nothing_predicts_it() -> None:
    trials = (trained(8, 0.9, latency_us=901), trained(4, 0.5, latency_us=900))
    assert chosen(TIMED, recorded(TIMED, trials)) == (4,)


def test_a_latency_that_may_be_of_another_model_does_not_count() -> None:
    trials = (trained(4, 0.5, latency_us=900),)
    others = (trained(8, 0.9, latency_us=1), trained(9, 0.9))
    assert chosen(TIMED, recorded(TIMED, trials, others)) == (4,)
    assert chosen(CONFIG, recorded(CONFIG, trials, others)) == (8, 9, 4)


def test_the_nearest_is_named_with_its_worst_need() -> None:
    run = recorded(CONFIG, (trained(8, 0.9), trained(4, 0.5)))
    config = replace(CONFIG, limits=replace(LIMITS, macc=1))
    with pytest.raises(InfeasibleError, match=r"nearest, k,c = 4,1, needs MACC of [0-9,]+ MACs"):
        fitting(priced_trials(run, config, None), config, "run")


def test_without_trainings_nothing_can_be_picked() -> None:
    failed = Trial(Candidate(k=4, c=1), TrialStatus.FAILED, Cost(1, 1, 1), "killed")
    with pytest.raises(ConfigError, match="none is trained yet"):
        fitting(priced_trials(recorded(CONFIG, (failed,)), CONFIG, None), CONFIG, "run")
