"""Trainings of a folder that the record of its search does not hold."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.estimator.cost import Cost
from nas.search.recorded_run import read_recorded
from nas.search.trial_store import TrialStore
from nas.search.trials import Trial, TrialStatus
from nas.spaces import Candidate
from tests.nas.report.small_run import CONFIG, TRIALS, write_run, write_unfinished_run

LARGE = Trial(
    Candidate(k=99, c=2),
    TrialStatus.TRAINED,
    Cost(60_000, 50_000, 3_000),
    accuracies=(0.9,),
)
PRICED = Trial(Candidate(k=98, c=2), TrialStatus.INFEASIBLE, Cost(60_000, 50_000, 3_000), "flash")


def with_store(folder: Path, **changes: object) -> Path:
    """A finished run whose store also has trainings of a search with other limits."""
    with TrialStore(folder, replace(CONFIG, **changes)) as store:
        for trial in (TRIALS[0], LARGE, PRICED):
            store.add(trial)
    return write_run(folder)


def test_trainings_of_searches_with_other_limits_are_found(tmp_path: Path) -> None:
    recorded = read_recorded(with_store(tmp_path))
    assert recorded.final is not None
    assert recorded.trials == TRIALS
    assert recorded.others == (LARGE,)


def test_trainings_of_another_search_are_left_out(tmp_path: Path) -> None:
    assert read_recorded(with_store(tmp_path, seed=8)).others == ()


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0 and then nothing"])
def test_a_finished_run_is_read_without_its_store(tmp_path: Path, content: bytes) -> None:
    with_store(tmp_path)
    (tmp_path / "trials.sqlite").write_bytes(content)
    recorded = read_recorded(tmp_path)
    assert (recorded.trials, recorded.others) == (TRIALS, ())


def test_an_unfinished_run_has_all_trials_of_its_store(tmp_path: Path) -> None:
    recorded = read_recorded(write_unfinished_run(tmp_path))
    assert recorded.final is None
    assert (recorded.trials, recorded.others) == (TRIALS[:4], ())
