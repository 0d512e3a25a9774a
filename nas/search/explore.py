"""Runs a search strategy: prices, trains and stores its candidates. I/O."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from firmware.errors import ConfigError, HostMemoryError, InfeasibleError, WorkerError
from nas.estimator.cost import exceeded, measure_cost, needs
from nas.estimator.pace import Pace
from nas.host.pool import Pool
from nas.host.worker import Outcome
from nas.network.description import Network
from nas.search.bounds import Evaluation, ranked
from nas.search.config import SearchConfig
from nas.search.network_bounds import find_bounds, narrow_candidates, network_of
from nas.search.strategy import start_strategy
from nas.search.trial_store import TrialStore
from nas.search.trials import Trial, TrialStatus
from nas.spaces import Candidate
from nas.trainer.program import LANES
from nas.training.memory import training_bytes, winner_bytes

TRAIN = "nas.training.tasks:train_candidate"
TRAIN_FOLDS = "nas.training.fold_tasks:train_on_folds"
OnTrial = Callable[[Trial], None]
OnEpoch = Callable[[Candidate, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Prices:
    """The costs of candidates, each calculated once.

    Attributes:
        pace: What predicts the latency; None if latency is not limited.
        known: The candidates so far; grows.
    """

    pace: Pace | None = None
    known: dict[Candidate, Trial] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Host:
    """The workers, the datasets and the limits of the host.

    Attributes:
        pool: The workers.
        datasets: Folders of decoded images on the workers, by the side of the input; 0 is the side
            of a search with one input.
        images: Number of training images; with folds, of training and validation images.
        worker_bytes: Limit of the anonymous memory of a candidate's training; None for no limit.
        base_bytes: Anonymous memory of a worker before it trains.
        deadline_s: End of the search by `time.monotonic`; None for no time limit.
        alone_bytes: Limit of the anonymous memory of the winner's training and conversion.
        prices: The costs of candidates.
    """

    pool: Pool
    datasets: Mapping[int, str]
    images: int
    worker_bytes: int | None = None
    base_bytes: int = 0
    deadline_s: float | None = None
    alone_bytes: int | None = None
    prices: Prices = field(default_factory=Prices)

    @property
    def is_over(self) -> bool:
        """Whether the time limit of the search is reached."""
        return self.deadline_s is not None and time.monotonic() > self.deadline_s


def explore(
    config: SearchConfig, host: Host, store: TrialStore, on_trial: OnTrial, on_epoch: OnEpoch
) -> tuple[Trial, list[Trial]]:
    """Evaluate candidates until the strategy has a winner; returns its trial, and all trials.

    Candidates that are trained in the store are not trained again. At the time limit, running
    trainings are ended, and the candidate with the best mean accuracy so far wins. If none is
    trained by then, the search ends with the first one that is.

    Raises:
        InfeasibleError: No candidate fits the limits.
        WorkerError: Candidates fit, but none could be trained.
    """
    bounds = find_bounds(config, lambda candidate: price(config, host, Evaluation(candidate)))
    strategy = start_strategy(config.strategy, bounds)
    judged: dict[Evaluation, Trial] = {}
    winner: Candidate | None
    try:
        wanted = next(strategy)
        while True:
            new = [evaluation for evaluation in wanted if evaluation not in judged]
            _judge(config, host, new, store, judged, on_trial, on_epoch)
            if _is_over(host, judged):
                winner = best_so_far(judged.values())
                break
            wanted = strategy.send(tuple(judged[evaluation].accuracy for evaluation in wanted))
    except StopIteration as stop:
        winner = stop.value
    if winner is None:
        shallowest = bounds.narrowest(next(iter(bounds.inputs)))[-2:]
        nearest = [price(config, host, Evaluation(own)) for own in reversed(shallowest)]
        raise _no_winner(config, list(judged.values()) or nearest)
    ended = [trial for trial in judged.values() if trial.status is not TrialStatus.PRICED]
    return judged[Evaluation(winner)], ended


def _is_over(host: Host, judged: Mapping[Evaluation, Trial]) -> bool:
    return host.is_over and best_so_far(judged.values()) is not None


def best_so_far(trials: Iterable[Trial]) -> Candidate | None:
    """The candidate with the highest mean accuracy; the smaller one of equals."""
    found: dict[Candidate, list[float]] = defaultdict(list)
    for trial in trials:
        if trial.accuracy is not None:
            found[trial.candidate].append(trial.accuracy)
    return next(iter(ranked(found)), None)


def _judge(
    config: SearchConfig,
    host: Host,
    evaluations: list[Evaluation],
    store: TrialStore,
    judged: dict[Evaluation, Trial],
    on_trial: OnTrial,
    on_epoch: OnEpoch,
) -> None:
    """Price candidates, train those that fit and are not trained yet, and store the trials."""
    priced = [price(config, host, evaluation) for evaluation in evaluations]
    judged |= {trial.evaluation: trial for trial in priced}
    known = {evaluation: store.find(evaluation) for evaluation in evaluations}
    to_train = [t for t in priced if t.status is TrialStatus.PRICED and known[t.evaluation] is None]
    for trial in priced:
        before = known[trial.evaluation]
        if trial.status is not TrialStatus.PRICED:
            store.add(trial)
            on_trial(trial)
        elif before is not None:
            judged[trial.evaluation] = replace(before, cost=trial.cost)
            on_trial(judged[trial.evaluation])

    def done(number: int, outcome: Outcome) -> None:
        trial = _with_outcome(to_train[number], outcome)
        judged[trial.evaluation] = trial
        store.add(trial)
        on_trial(trial)

    def progressed(number: int, event: dict[str, Any]) -> None:
        on_epoch(to_train[number].candidate, event)

    jobs = [_job(config, host, trial) for trial in to_train]
    task = TRAIN if config.folds == 1 else TRAIN_FOLDS
    host.pool.run_all(task, jobs, progressed, done, lambda: _is_over(host, judged))


def _job(config: SearchConfig, host: Host, trial: Trial) -> dict[str, Any]:
    job = {
        "dataset": host.datasets[trial.candidate.side],
        "space": config.space,
        "candidate": trial.candidate.as_record(),
    }
    if config.folds == 1:
        return job | {"recipe": config.search_recipe(trial.repeat)}
    return job | {"recipes": config.fold_recipes(trial.repeat)}


def price(config: SearchConfig, host: Host, evaluation: Evaluation) -> Trial:
    """The trial of a candidate with its cost, before it is trained."""
    known = _price(config, evaluation.candidate, host.images, host.base_bytes, host.prices)
    trial = replace(known, repeat=evaluation.repeat)
    predicted = trial.predicted_anonymous_bytes
    if host.worker_bytes is not None and predicted > host.worker_bytes:
        reason = (
            f"its training needs {predicted:,} bytes of the host, the limit is "
            f"{host.worker_bytes:,}"
        )
        return replace(trial, status=TrialStatus.HOST_MEMORY, reason=reason)
    if host.alone_bytes is not None and trial.status is TrialStatus.PRICED:
        network = network_of(config, evaluation.candidate)
        needed = winner_bytes(network, LANES, host.images, host.base_bytes, config.averages_weights)
        if needed > host.alone_bytes:
            reason = (
                f"as the winner it needs {needed:,} bytes of the host, the limit is "
                f"{host.alone_bytes:,}"
            )
            return replace(trial, status=TrialStatus.HOST_MEMORY, reason=reason)
    return trial


def _price(
    config: SearchConfig, candidate: Candidate, images: int, base_bytes: int, prices: Prices
) -> Trial:
    """The trial of a candidate with its cost and the memory of its training; calculated once."""
    if candidate not in prices.known:
        prices.known[candidate] = _find_price(config, candidate, images, base_bytes, prices.pace)
    return prices.known[candidate]


def _find_price(
    config: SearchConfig, candidate: Candidate, images: int, base_bytes: int, pace: Pace | None
) -> Trial:
    trial = Trial(candidate, TrialStatus.PRICED, None)
    try:
        network = network_of(config, candidate)
    except ConfigError as error:
        return replace(trial, status=TrialStatus.INFEASIBLE, reason=str(error))
    cost = measure_cost(network, config.runtime, config.converter, pace, config.limits)
    trial, too_much = replace(trial, cost=cost), exceeded(cost, config.limits)
    if too_much:
        return replace(trial, status=TrialStatus.INFEASIBLE, reason="; ".join(map(str, too_much)))
    predicted = _training_bytes(config, network, images, base_bytes)
    return replace(trial, predicted_anonymous_bytes=predicted)


def _training_bytes(config: SearchConfig, network: Network, images: int, base_bytes: int) -> int:
    batch_size = config.search_recipe(0)["batch_size"]
    return training_bytes(network, batch_size, images, base_bytes)


def training_extremes(
    config: SearchConfig, images: int, base_bytes: int, prices: Prices
) -> tuple[int, int]:
    """Anonymous memory of the smallest winner, and of the largest training of a candidate.

    Args:
        config: The settings of the search.
        images: Number of training images.
        base_bytes: Anonymous memory of a worker before it trains.
        prices: The costs of the candidates that are needed for it are added here.
    """
    bounds = find_bounds(config, lambda own: _price(config, own, images, base_bytes, prices))
    by_input = [own for side in bounds.inputs if (own := bounds.narrowest(side))]
    smallest = [candidates[-1] for candidates in by_input]
    least = min(
        winner_bytes(network_of(config, own), LANES, images, base_bytes, config.averages_weights)
        for own in smallest
    )
    widest = map(bounds.widest, narrow_candidates(config, bounds))
    # They fit, so they are priced, and the price includes the memory of their training.
    sizes = [prices.known[own].predicted_anonymous_bytes for own in widest if own is not None]
    return least, max(sizes, default=least)


def _with_outcome(trial: Trial, outcome: Outcome) -> Trial:
    measured = replace(
        trial, seconds=outcome.seconds, peak_anonymous_bytes=outcome.peak_anonymous_bytes
    )
    if outcome.value is None:
        is_memory = isinstance(outcome.error, HostMemoryError)
        status = TrialStatus.HOST_MEMORY if is_memory else TrialStatus.FAILED
        return replace(measured, status=status, reason=str(outcome.error))
    accuracies = tuple(outcome.value["accuracies"])
    return replace(measured, status=TrialStatus.TRAINED, accuracies=accuracies)


def _no_winner(config: SearchConfig, trials: list[Trial]) -> InfeasibleError | WorkerError:
    """Why no candidate won: the first failure, or the limit that the nearest one exceeds."""
    ends = (TrialStatus.FAILED, TrialStatus.HOST_MEMORY)
    failed = [trial for trial in trials if trial.status in ends]
    if failed:
        return WorkerError(
            f"no candidate could be trained; {failed[0].candidate}: {failed[0].reason}"
        )
    priced = [(trial, needs(trial.cost, config.limits)[0]) for trial in trials if trial.cost]
    if not priced:
        return InfeasibleError(f"no candidate fits: {trials[0].reason}")
    trial, worst = min(priced, key=lambda pair: pair[1].used_fraction)
    return InfeasibleError(
        f"no candidate fits the limits; the nearest, {trial.candidate.described}, needs "
        f"{worst.name} of {worst.needed:,} {worst.unit}, the limit is {worst.limit:,}"
    )
