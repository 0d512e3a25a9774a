from pathlib import Path

import pytest

from firmware.records.conversion import to_record
from nas.report.facts import Facts, TrialOutcome, gather, outcome_of
from nas.report.measurement import read_measurement
from nas.report.run_folder import read_run
from nas.search.tried import front
from nas.spaces import Candidate
from tests.nas.report.small_run import (
    CONFIG,
    TRIALS,
    measurement_record,
    write_measurement,
    write_run,
    write_unfinished_run,
)


def facts_of(folder: Path, **measured: object) -> Facts:
    """The facts of a run, measured if a field of its measurement is given."""
    run = read_run(folder)
    if not measured or run.final is None:
        return gather(run, ())
    path = write_measurement(folder / "measurement.json", **measured)
    return gather(run, read_measurement(path, run.final.model_sha256))


def test_every_trial_has_its_fate() -> None:
    assert [outcome_of(trial, CONFIG.limits) for trial in TRIALS[2:9]] == [
        TrialOutcome.TRAINED,
        TrialOutcome.OVER_RAM,
        TrialOutcome.OVER_FLASH,
        TrialOutcome.OVER_MACC,
        TrialOutcome.NO_NETWORK,
        TrialOutcome.HOST_MEMORY,
        TrialOutcome.FAILED,
    ]


def test_a_candidate_counts_with_the_mean_of_its_trainings(tmp_path: Path) -> None:
    tried = facts_of(write_run(tmp_path)).tried
    assert [(own.candidate["k"], own.candidate["c"]) for own in tried] == [(8, 1), (8, 2), (16, 2)]
    assert [own.accuracy for own in tried] == pytest.approx([0.4, 0.6, 0.5])
    assert tried[1].needed == {"RAM": 1_000, "flash": 9_000, "MACC": 9_000}


def test_the_front_leaves_out_what_needs_more_and_is_worse(tmp_path: Path) -> None:
    tried = facts_of(write_run(tmp_path)).tried
    assert [own.candidate for own in front(tried, "RAM")] == [
        Candidate(k=8, c=1),
        Candidate(k=8, c=2),
    ]


def test_the_leader_of_an_unfinished_run_is_the_best_so_far(tmp_path: Path) -> None:
    leader = facts_of(write_unfinished_run(tmp_path)).leader
    assert leader is not None
    assert leader.candidate == Candidate(k=8, c=2)


def test_nothing_trained_has_no_leader(tmp_path: Path) -> None:
    facts = facts_of(write_unfinished_run(tmp_path, TRIALS[3:5]))
    assert facts.leader is None
    assert facts.tried == ()


def test_kernel_calls_have_what_was_measured_of_them(tmp_path: Path) -> None:
    """The convolution runs together with the pooling after it."""
    facts = facts_of(write_run(tmp_path), board="virtual")
    assert [call.operators for call in facts.calls] == [(0, 1), (2,), (3,), (4,)]
    assert facts.calls[0].kinds == ("CONV_2D", "MAX_POOL_2D")
    assert facts.calls[0].macc == 6 * 6 * 4 * 9 * 2
    assert [call.measured for call in facts.calls] == [1_000, 1_001, 1_002, 1_003]
    assert all(call.estimated for call in facts.calls)


def test_a_measurement_with_other_calls_is_not_spread_over_these(tmp_path: Path) -> None:
    facts = facts_of(write_run(tmp_path), steps=[{"instructions": 1}])
    assert [call.measured for call in facts.calls] == [None] * 4


def test_another_runtime_than_the_planned_one_is_not_laid_beside_the_estimate(
    tmp_path: Path,
) -> None:
    facts = facts_of(write_run(tmp_path), runtime="tflm")
    assert facts.measured_here is None
    assert [call.measured for call in facts.calls] == [None] * 4
    beside = [measurement_record(runtime="static")]
    facts = facts_of(write_run(tmp_path), runtime="tflm", beside=beside)
    assert facts.calls[0].measured == 1_000


def test_a_chip_that_is_not_known_is_not_estimated_for(tmp_path: Path) -> None:
    config = to_record(CONFIG) | {"target": "own-board"}
    facts = facts_of(write_run(tmp_path, target=None, config=config))
    assert facts.estimate is None
    assert facts.calls == ()
