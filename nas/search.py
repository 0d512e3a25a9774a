"""Runs a strategy over the candidates that fit. I/O through the store and the worker."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from firmware.errors import ConfigError, InfeasibleError, WorkerError
from nas.config import SearchConfig
from nas.cost import exceeded, measure_cost, needs
from nas.space import Candidate
from nas.spaces import find_space
from nas.strategy import start_strategy
from nas.trials import Status, Trial, TrialStore
from nas.worker import Outcome, Worker

OnTrial = Callable[[Trial], None]


def run_search(
    config: SearchConfig,
    dataset_folder: str,
    store: TrialStore,
    worker: Worker,
    on_trial: OnTrial,
    on_epoch: Callable[[Candidate, dict[str, Any]], None],
) -> tuple[Trial, list[Trial]]:
    """Judge candidates until the strategy has its winner; gives its trial, and all trials.

    Candidates that the store holds as trained are not trained again.

    Raises:
        InfeasibleError: No candidate fits the limits.
        WorkerError: Candidates fit, but none could be trained.
    """
    strategy = start_strategy(config.strategy)
    judged: dict[Candidate, Trial] = {}
    candidate = next(strategy)
    while True:
        if candidate not in judged:
            judged[candidate] = _judge(config, dataset_folder, candidate, store, worker, on_epoch)
            on_trial(judged[candidate])
        try:
            candidate = strategy.send(judged[candidate].accuracy)
        except StopIteration as stop:
            winner: Candidate | None = stop.value
            break
    if winner is None:
        raise _no_winner(config, list(judged.values()))
    return judged[winner], list(judged.values())


def _judge(
    config: SearchConfig,
    dataset_folder: str,
    candidate: Candidate,
    store: TrialStore,
    worker: Worker,
    on_epoch: Callable[[Candidate, dict[str, Any]], None],
) -> Trial:
    """Price a candidate, train it if it fits and has not been trained, and keep the trial."""
    trial = price(config, candidate)
    known = store.find(candidate)
    if trial.status is not Status.INFEASIBLE and known is not None:
        return replace(known, cost=trial.cost)
    if trial.status is not Status.INFEASIBLE:
        arguments = {
            "dataset": dataset_folder,
            "space": config.space,
            "candidate": [candidate.k, candidate.c],
            "recipe": config.search_recipe,
        }
        outcome = worker.run(
            "nas.train_tasks:train_candidate", arguments, lambda event: on_epoch(candidate, event)
        )
        trial = _with_outcome(trial, outcome)
    if known is None:
        store.add(trial)
    return trial


def price(config: SearchConfig, candidate: Candidate) -> Trial:
    """A candidate with its cost: infeasible, or priced and still to be trained."""
    try:
        graph = find_space(config.space).lower(candidate, config.shape, len(config.classes))
    except ConfigError as error:
        return Trial(candidate, Status.INFEASIBLE, None, str(error))
    cost = measure_cost(graph, config.runtime)
    too_much = exceeded(cost, config.limits)
    if too_much:
        return Trial(candidate, Status.INFEASIBLE, cost, "; ".join(map(str, too_much)))
    return Trial(candidate, Status.PRICED, cost)


def _with_outcome(trial: Trial, outcome: Outcome) -> Trial:
    measured = replace(
        trial, seconds=outcome.seconds, peak_anonymous_bytes=outcome.peak_anonymous_bytes
    )
    if outcome.value is None:
        return replace(measured, status=Status.FAILED, reason=str(outcome.error))
    accuracies = tuple(outcome.value["accuracies"])
    return replace(measured, status=Status.TRAINED, accuracies=accuracies)


def _no_winner(config: SearchConfig, trials: list[Trial]) -> InfeasibleError | WorkerError:
    """Why there is no winner: the first failure, or the limit that even the nearest one breaks."""
    failed = [trial for trial in trials if trial.status is Status.FAILED]
    if failed:
        return WorkerError(
            f"no candidate could be trained; {failed[0].candidate}: {failed[0].reason}"
        )
    priced = [(trial, needs(trial.cost, config.limits)[0]) for trial in trials if trial.cost]
    if not priced:
        return InfeasibleError(f"no candidate fits: {trials[0].reason}")
    trial, worst = min(priced, key=lambda pair: pair[1].used_fraction)
    return InfeasibleError(
        f"no candidate fits the limits; the nearest, k,c = {trial.candidate}, needs {worst.name} "
        f"of {worst.needed:,} {worst.unit}, the limit is {worst.limit:,}"
    )
