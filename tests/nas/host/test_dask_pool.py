"""A cluster of two machines, played by two processes."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nas.data.dataset import Dataset
from nas.estimator.cost import Limits
from nas.host.dask_pool import DaskPool
from nas.host.pool import Pool, WorkerPool
from nas.host.worker import Outcome, Worker
from nas.search.config import SearchConfig
from nas.search.explore import Host, explore
from nas.search.trial_store import TrialStore
from nas.search.trials import Trial


@pytest.fixture
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as cluster:
        yield cluster


def search(dataset: Dataset, folder: Path, pool: Pool, on_trial: Any = None) -> tuple[Any, Any]:
    config = SearchConfig(
        dataset_key=dataset.key,
        shape=dataset.shape,
        classes=dataset.classes,
        space="paper",
        strategy="bracket",
        target="stm32f412",
        runtime="static",
        limits=Limits(macc=100_000, flash_bytes=1 << 20, ram_bytes=1 << 18),
        epochs=3,
        final_epochs=1,
        seed=0,
    )
    with TrialStore(folder, config) as store, pool:
        host = Host(pool, {0: str(dataset.folder)}, dataset.counts["train"])
        winner, trials = explore(config, host, store, on_trial or (lambda _: None), lambda *_: None)
    return winner.candidate, [(trial.evaluation, trial.accuracies) for trial in trials]


def test_a_cluster_finds_what_one_worker_finds_even_if_a_machine_is_lost(
    cluster: Any, small_dataset: Dataset, tmp_path: Path
) -> None:
    expected = search(small_dataset, tmp_path / "local", WorkerPool([Worker()]))
    address = cluster.scheduler_address
    assert search(small_dataset, tmp_path / "cluster", DaskPool(address)) == expected
    ended: list[Trial] = []

    def lose_a_machine(trial: Trial) -> None:
        ended.append(trial)
        if len(ended) == 3:
            os.kill(cluster.workers[0].pid, signal.SIGKILL)

    lost = search(small_dataset, tmp_path / "lost", DaskPool(address), lose_a_machine)
    assert lost == expected
    assert len(ended) > 3


def test_a_task_that_fails_on_the_cluster_is_an_outcome(cluster: Any) -> None:
    outcomes: list[Outcome] = []
    with DaskPool(cluster.scheduler_address) as pool:
        pool.run_all(
            "tests.nas.worker_tasks:refuse",
            [{"who": "you"}],
            lambda *_: None,
            lambda _, outcome: outcomes.append(outcome),
        )
    assert "no images for you" in str(outcomes[0].error)
