import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from firmware.errors import ConfigError, DivergedError, InfeasibleError, WorkerError
from firmware.records.conversion import from_record, to_record
from nas.estimator.cost import Limits
from nas.host.pool import WorkerPool
from nas.host.task_watch import Progress
from nas.host.worker import Outcome, Worker
from nas.search.config import SearchConfig
from nas.search.explore import Host, explore
from nas.search.trial_store import TrialStore, read_trials
from nas.search.trials import Trial, TrialStatus
from nas.spaces import Candidate, find_space
from nas.training.memory import training_bytes, winner_bytes

CONFIG = SearchConfig(
    dataset_key="d" * 64,
    shape=(8, 8, 1),
    classes=("a", "b"),
    space="paper",
    strategy="paper",
    target="stm32f412",
    runtime="static",
    limits=Limits(macc=10_000, flash_bytes=1 << 20, ram_bytes=1 << 18),
    epochs=3,
    final_epochs=100,
    seed=0,
)


class FakeWorker(Worker):
    """Trains nothing: the accuracy comes from a formula, so that (2, 2) is the best that fits."""

    def __init__(self, failing: tuple[tuple[int, int], ...] = ()) -> None:
        self.trained: list[tuple[int, int]] = []
        self._failing = failing

    def run(
        self, task: str, arguments: Mapping[str, Any], on_progress: Progress = lambda _: None
    ) -> Outcome:
        k, c = arguments["candidate"]["k"], arguments["candidate"]["c"]
        self.trained.append((k, c))
        if (k, c) in self._failing:
            return Outcome(None, WorkerError("out of memory"), 1.0, 5)
        accuracy = min(k, 2) * 0.1 + min(c, 2) * 0.1
        return Outcome({"accuracies": [0.0, accuracy, accuracy / 2]}, None, 2.0, 7)


def search(
    folder: Path,
    worker: Worker,
    config: SearchConfig = CONFIG,
    worker_bytes: int | None = None,
) -> tuple[Trial, list[Trial]]:
    with TrialStore(folder, config) as store:
        host = Host(WorkerPool([worker]), {0: "images"}, 100, worker_bytes)
        return explore(config, host, store, lambda _: None, lambda *_: None)


def test_the_best_epoch_of_the_best_candidate_wins(tmp_path: Path) -> None:
    winner, trials = search(tmp_path, FakeWorker())
    assert winner.candidate == Candidate(k=2, c=2)
    assert winner.accuracy == pytest.approx(0.4)
    assert [str(trial.candidate) for trial in trials][:4] == ["1,0", "1,1", "1,2", "1,3"]


def test_what_does_not_fit_is_not_trained(tmp_path: Path) -> None:
    worker = FakeWorker()
    config = replace(CONFIG, limits=replace(CONFIG.limits, macc=1_000))
    _, trials = search(tmp_path, worker, config)
    refused = [trial for trial in trials if trial.status is TrialStatus.INFEASIBLE]
    assert refused
    assert all("MACC" in trial.reason and "of 1,000 MACs" in trial.reason for trial in refused)
    assert not {(t.candidate["k"], t.candidate["c"]) for t in refused} & set(worker.trained)


def test_finished_trials_are_not_trained_again(tmp_path: Path) -> None:
    first = search(tmp_path, FakeWorker())
    again = FakeWorker()
    assert search(tmp_path, again) == first
    assert again.trained == []


def test_other_limits_go_on_with_the_same_trials(tmp_path: Path) -> None:
    tight = replace(CONFIG, limits=replace(CONFIG.limits, macc=600))
    before = FakeWorker()
    search(tmp_path, before, tight)
    after = FakeWorker()
    winner, _ = search(tmp_path, after)
    assert winner.candidate == Candidate(k=2, c=2)
    assert not set(before.trained) & set(after.trained)


def test_a_failed_trial_is_tried_again_by_the_next_run(tmp_path: Path) -> None:
    _, trials = search(tmp_path, FakeWorker(failing=((1, 1),)))
    assert trials[1].status is TrialStatus.FAILED
    assert trials[1].reason == "out of memory"
    worker = FakeWorker()
    search(tmp_path, worker)
    assert worker.trained[0] == (1, 1)


def test_a_candidate_that_diverges_has_failed_and_the_search_goes_on(tmp_path: Path) -> None:
    class DivergingWorker(FakeWorker):
        def run(
            self, task: str, arguments: Mapping[str, Any], on_progress: Progress = lambda _: None
        ) -> Outcome:
            if arguments["candidate"] == {"k": 1, "c": 1, "side": 0}:
                return Outcome(None, DivergedError("training diverged in epoch 2"), 1.0, 0)
            return super().run(task, arguments, on_progress)

    winner, trials = search(tmp_path, DivergingWorker())
    failed = next(trial for trial in trials if trial.candidate == Candidate(k=1, c=1))
    assert (failed.status, failed.reason) == (TrialStatus.FAILED, "training diverged in epoch 2")
    assert winner.status is TrialStatus.TRAINED


def test_limits_that_nobody_meets_name_the_limit_and_the_nearest(tmp_path: Path) -> None:
    config = replace(CONFIG, limits=Limits(macc=10_000, flash_bytes=100_000, ram_bytes=100))
    text = r"nearest, k,c = 1,0, needs RAM of 192 bytes, the limit is 100$"
    with pytest.raises(InfeasibleError, match=text):
        search(tmp_path, FakeWorker(), config)


def test_a_search_of_failures_says_the_first_one(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match=r"no candidate could be trained; 1,0: out of memory"):
        search(tmp_path, FakeWorker(failing=((1, 0),)))


def test_a_folder_of_another_search_is_refused_with_what_differs(tmp_path: Path) -> None:
    search(tmp_path, FakeWorker())
    with pytest.raises(ConfigError, match="another search: seed 0, now 1; choose another --out"):
        search(tmp_path, FakeWorker(), replace(CONFIG, seed=1))


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        TrialStore(tmp_path, CONFIG),
        pytest.raises(ConfigError, match="another 'nas' command uses"),
    ):
        TrialStore(tmp_path, CONFIG)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "trials.sqlite").write_bytes(b"hello" * 1000)
    with pytest.raises(ConfigError, match="is not a store of trials"):
        TrialStore(tmp_path, CONFIG)


def test_trials_are_read_while_a_run_works_and_come_back_from_their_records(
    tmp_path: Path,
) -> None:
    config = replace(CONFIG, limits=replace(CONFIG.limits, macc=1_000))
    _, trials = search(tmp_path, FakeWorker(failing=((1, 1),)), config)
    assert {trial.status for trial in trials} > {TrialStatus.TRAINED, TrialStatus.FAILED}
    with TrialStore(tmp_path, config) as store:
        assert read_trials(tmp_path / "trials.sqlite") == store.all()
    records = json.loads(json.dumps([to_record(trial) for trial in trials]))
    assert [from_record(record, Trial) for record in records] == trials


def test_trials_are_not_read_from_what_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "trials.sqlite"
    with pytest.raises(ConfigError, match="is not a store of trials"):
        read_trials(path)
    assert not path.exists()
    path.write_bytes(b"hello" * 1000)
    with pytest.raises(ConfigError, match="is not a store of trials"):
        read_trials(path)


def test_a_candidate_too_large_for_the_host_is_not_trained(tmp_path: Path) -> None:
    """Predicted from its layers; the search goes on with those that fit."""
    worker = FakeWorker()
    network = find_space("paper").network(Candidate(k=2, c=1), (8, 8, 1), 2)
    limit = training_bytes(network, 16, 100, 0)
    _, trials = search(tmp_path, worker, worker_bytes=limit)
    refused = [trial for trial in trials if trial.status is TrialStatus.HOST_MEMORY]
    assert refused
    assert "of the host" in refused[0].reason
    assert all(trial.predicted_anonymous_bytes > limit for trial in refused)
    assert not {(t.candidate["k"], t.candidate["c"]) for t in refused} & set(worker.trained)
    assert len(worker.trained) > 2


@pytest.mark.parametrize("recipe", ["augmented", "averaged"])
def test_a_candidate_that_the_host_could_not_train_as_the_winner_is_not_trained(
    tmp_path: Path, recipe: str
) -> None:
    """Else a search would end with a winner that nothing can be made of."""
    worker = FakeWorker()
    network = find_space("paper").network(Candidate(k=2, c=1), (8, 8, 1), 2)
    limit = winner_bytes(network, 16, 100, 0, is_averaged=recipe == "averaged")
    config = replace(CONFIG, recipe=recipe)
    with TrialStore(tmp_path, config) as store:
        host = Host(WorkerPool([worker]), {0: "images"}, 100, alone_bytes=limit)
        _, trials = explore(config, host, store, lambda _: None, lambda *_: None)
    refused = [trial for trial in trials if trial.status is TrialStatus.HOST_MEMORY]
    assert refused
    assert refused[0].reason.startswith("as the winner it needs ")
    assert (2, 1) in worker.trained
    assert not {(t.candidate["k"], t.candidate["c"]) for t in refused} & set(worker.trained)


def test_the_result_does_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    config = replace(CONFIG, strategy="bracket")
    results = []
    for count in (1, 3):
        with TrialStore(tmp_path / str(count), config) as store:
            host = Host(WorkerPool([FakeWorker() for _ in range(count)]), {0: "images"}, 100)
            winner, trials = explore(config, host, store, lambda _: None, lambda *_: None)
            results.append((winner, trials))
    assert results[0] == results[1]
    assert results[0][0].accuracy == pytest.approx(0.4)


def test_a_repetition_has_another_seed_and_its_own_trial(tmp_path: Path) -> None:
    config = replace(CONFIG, strategy="bracket")
    seeds: list[int] = []

    class SeedWorker(FakeWorker):
        def run(
            self, task: str, arguments: Mapping[str, Any], on_progress: Progress = lambda _: None
        ) -> Outcome:
            seeds.append(arguments["recipe"]["seed"])
            return super().run(task, arguments, on_progress)

    worker = SeedWorker()
    _, trials = search(tmp_path, worker, config)
    repeats = {trial.repeat for trial in trials}
    assert repeats == {0, 1, 2}
    assert len(set(seeds)) == 3
    again = FakeWorker()
    search(tmp_path, again, config)
    assert again.trained == []


def test_when_the_time_is_over_the_best_so_far_wins(tmp_path: Path) -> None:
    worker = FakeWorker()
    with TrialStore(tmp_path, CONFIG) as store:
        host = Host(WorkerPool([worker]), {0: "images"}, 100, deadline_s=0.0)
        winner, trials = explore(CONFIG, host, store, lambda _: None, lambda *_: None)
    assert winner.candidate == Candidate(k=1, c=0)
    assert len(trials) == len(worker.trained) == 1


def test_when_the_time_is_over_what_is_being_trained_is_ended_and_not_kept(
    tmp_path: Path,
) -> None:
    class SlowWorker(FakeWorker):
        """Trains the first candidate at once and the others until it is ended."""

        def __init__(self, others: Event) -> None:
            super().__init__()
            self._ended, self._others = Event(), others

        def run(
            self, task: str, arguments: Mapping[str, Any], on_progress: Progress = lambda _: None
        ) -> Outcome:
            outcome = super().run(task, arguments, on_progress)
            if len(self.trained) > 1:
                self._others.set()
                assert self._ended.wait(60)
            return outcome

        def end(self) -> None:
            self._ended.set()

    class HostOfShortTime(Host):
        @property
        def is_over(self) -> bool:
            return others.is_set()

    others = Event()
    config = replace(CONFIG, strategy="bracket")
    with TrialStore(tmp_path, config) as store:
        host = HostOfShortTime(WorkerPool([SlowWorker(others)]), {0: "images"}, 100)
        winner, trials = explore(config, host, store, lambda _: None, lambda *_: None)
        assert [own.status for own in store.all()].count(TrialStatus.TRAINED) == 1
    assert winner.status is TrialStatus.TRAINED
    assert not [trial for trial in trials if trial.status is TrialStatus.PRICED]


def test_each_candidate_is_trained_on_images_of_its_own_input(tmp_path: Path) -> None:
    seen = set()

    class Judge(FakeWorker):
        def run(
            self, task: str, arguments: Mapping[str, Any], on_progress: Progress = lambda _: None
        ) -> Outcome:
            seen.add(arguments["dataset"])
            accuracy = {"of 24": 0.5, "of 32": 0.6, "of 48": 0.4}[arguments["dataset"]]
            return Outcome({"accuracies": [accuracy]}, None, 2.0, 7)

    limits = Limits(macc=1_000_000, flash_bytes=1 << 20, ram_bytes=1 << 18)
    config = replace(
        CONFIG, strategy="bracket", shape=(24, 24, 1), sides=(24, 32, 48), limits=limits
    )
    with TrialStore(tmp_path, config) as store:
        datasets = {side: f"of {side}" for side in config.sides}
        host = Host(WorkerPool([Judge()]), datasets, 100)
        winner, trials = explore(config, host, store, lambda _: None, lambda *_: None)
    with TrialStore(tmp_path, config) as store:
        kept = store.all()
    assert winner.candidate.side == 32
    assert seen == {"of 24", "of 32", "of 48"}
    assert {trial.candidate for trial in kept} == {trial.candidate for trial in trials}


def test_the_published_climb_has_one_input() -> None:
    with pytest.raises(ConfigError, match="the strategy 'paper' has one input"):
        replace(CONFIG, strategy="paper", sides=(24, 32))
