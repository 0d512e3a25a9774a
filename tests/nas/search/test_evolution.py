"""What ageing evolution does beyond the contract of every strategy."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from firmware.errors import ConfigError
from nas.estimator.cost import Limits
from nas.host.pool import WorkerPool
from nas.host.task_watch import Progress
from nas.host.worker import Outcome, Worker
from nas.network.shapes import count_macs
from nas.search.bounds import Accuracy, Bounds, Evaluation
from nas.search.config import SearchConfig
from nas.search.evolution import CHILDREN, FINALISTS, GENERATIONS
from nas.search.explore import Host, Prices, explore, training_extremes
from nas.search.strategy import start_strategy
from nas.search.trial_store import TrialStore
from nas.search.trials import Trial, TrialStatus
from nas.spaces import Candidate, find_space

SPACE, SHAPE = find_space("residual"), (16, 16, 1)
MOST_MACS = 400_000


@cache
def macs_of(candidate: Candidate) -> int | None:
    try:
        return count_macs(SPACE.network(candidate, (candidate.side or 16,) * 2 + (1,), 2))
    except ConfigError:
        return None


def fits(candidate: Candidate) -> bool:
    macs = macs_of(candidate)
    return macs is not None and macs <= MOST_MACS


def bounds(seed: int = 0, sides: tuple[int, ...] = (0,)) -> Bounds:
    inputs = {side: (side or 16, side or 16, 1) for side in sides}
    return Bounds(SPACE, fits, inputs, sides[len(sides) // 2], seed)


def judged(evaluation: Evaluation) -> float:
    """Best with kernels of 5 in two stages without a last layer."""
    own = evaluation.candidate
    missed = abs(own["k1"] - 5) + abs(own["stages"] - 2) + (own["last"] > 0) + own["e1"]
    return 0.8 - missed / 50


def play(own: Bounds) -> tuple[list[tuple[Evaluation, ...]], Candidate | None]:
    """The evaluations that were asked for together, and the winner."""
    strategy, asked = start_strategy("evolution", own), []
    try:
        wanted = next(strategy)
        while True:
            asked.append(wanted)
            answers: tuple[Accuracy, ...] = tuple(map(judged, wanted))
            wanted = strategy.send(answers)
    except StopIteration as stop:
        return asked, stop.value


def test_it_begins_with_the_templates_and_ends_with_repetitions_of_the_best() -> None:
    asked, winner = play(bounds())
    first, *children, last = asked
    assert len(first) == len(SPACE.templates(SHAPE))
    assert len(children) == GENERATIONS
    assert {len(own) for own in children} == {CHILDREN}
    assert [own.repeat for own in last] == [1] * FINALISTS
    assert winner == last[0].candidate
    assert judged(last[0]) == max(judged(own) for together in asked for own in together)


def test_changes_find_better_networks_than_the_templates() -> None:
    asked, winner = play(bounds())
    assert winner is not None
    assert judged(Evaluation(winner)) > max(map(judged, asked[0])) + 0.02


def test_all_that_is_asked_for_fits_and_is_new() -> None:
    asked, _ = play(bounds())
    candidates = [own.candidate for together in asked[:-1] for own in together]
    assert len(set(candidates)) == len(candidates)
    assert all(map(fits, candidates))


def test_children_use_the_limits_as_their_parents_do() -> None:
    """Most are the widest that fit; the others have half that width, or a quarter."""
    asked, _ = play(bounds())
    is_widest = [
        own.candidate == bounds().widest(own.candidate) for together in asked for own in together
    ]
    assert sum(is_widest) > 0.6 * len(is_widest)


def test_another_seed_leads_to_other_children() -> None:
    assert play(bounds(0)) == play(bounds(0))
    (first, *children), (other_first, *other_children) = play(bounds(0))[0], play(bounds(1))[0]
    assert first == other_first
    assert children != other_children


def test_the_input_is_searched_too_where_there_are_several() -> None:
    asked, _ = play(bounds(0, sides=(12, 16, 20, 24)))
    first, *children, _ = asked
    assert {own.candidate.side for own in first} == {20}
    assert {own.candidate.side for together in children for own in together} - {20}


CONFIG = SearchConfig(
    dataset_key="d" * 64,
    shape=(8, 8, 1),
    classes=("a", "b"),
    space="residual",
    strategy="evolution",
    target="stm32f412",
    runtime="static",
    limits=Limits(macc=60_000, flash_bytes=40_000, ram_bytes=4_000),
    epochs=3,
    final_epochs=100,
    seed=0,
)


class FakeWorker(Worker):
    """Trains nothing; the accuracy comes from a formula."""

    def __init__(self) -> None:
        self.recipes: list[dict[str, Any]] = []

    def run(
        self, task: str, arguments: Mapping[str, Any], on_progress: Progress = lambda _: None
    ) -> Outcome:
        self.recipes.append(arguments["recipe"])
        accuracy = judged(Evaluation(Candidate(arguments["candidate"])))
        return Outcome({"accuracies": [accuracy]}, None, 2.0, 7)


def search(
    folder: Path, worker: FakeWorker, count: int = 1, worker_bytes: int | None = None
) -> tuple[Trial, list[Trial]]:
    with TrialStore(folder, CONFIG) as store:
        host = Host(WorkerPool([worker] * count), {0: "images"}, 100, worker_bytes)
        return explore(CONFIG, host, store, lambda _: None, lambda *_: None)


def test_a_search_goes_on_where_it_ended_with_any_number_of_workers(tmp_path: Path) -> None:
    whole = FakeWorker()
    expected = search(tmp_path / "whole", whole)

    class Ending(FakeWorker):
        def run(
            self, task: str, arguments: Mapping[str, Any], on_progress: Progress = lambda _: None
        ) -> Outcome:
            if len(self.recipes) == 9:
                raise KeyboardInterrupt
            return super().run(task, arguments, on_progress)

    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "parts", Ending())
    rest = FakeWorker()
    assert search(tmp_path / "parts", rest, count=3) == expected
    assert len(rest.recipes) == len(whole.recipes) - 9


def test_candidates_are_trained_with_a_learning_rate_that_falls_to_zero(tmp_path: Path) -> None:
    worker = FakeWorker()
    _, trials = search(tmp_path, worker)
    assert {recipe["schedule"] for recipe in worker.recipes} == {"cosine"}
    assert not [trial for trial in trials if trial.status is not TrialStatus.TRAINED]
    assert "schedule" not in replace(CONFIG, strategy="bracket").search_recipe(0)


def test_trials_of_another_proxy_are_not_mixed_in(tmp_path: Path) -> None:
    search(tmp_path, FakeWorker())
    with pytest.raises(ConfigError, match="another search: proxy 'cosine', now None"):
        TrialStore(tmp_path, replace(CONFIG, strategy="bracket"))


def test_no_training_takes_more_than_the_largest_for_which_workers_are_planned(
    tmp_path: Path,
) -> None:
    """Else the number of workers would decide which candidates are trained."""
    _, largest_bytes = training_extremes(CONFIG, 100, 0, Prices())
    _, trials = search(tmp_path, FakeWorker(), worker_bytes=largest_bytes)
    assert len(trials) >= 20
    assert max(trial.predicted_anonymous_bytes for trial in trials) <= largest_bytes
