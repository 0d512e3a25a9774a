"""The length of the final training, from measured times."""

from pathlib import Path

import pytest

from firmware.errors import ConfigError
from nas import PickRequest, SearchRequest, run_pick, run_search
from nas.estimator.cost import Cost
from nas.search.config import SearchConfig
from nas.search.final_length import parse_epochs, with_final_epochs
from nas.search.trials import Trial, TrialStatus
from nas.spaces import Candidate
from tests.nas.search.test_choice import CONFIG as FIXED

CONFIG = SearchConfig(
    **{
        name: getattr(FIXED, name)
        for name in ("dataset_key", "shape", "classes", "space", "strategy", "target", "runtime")
    },
    limits=FIXED.limits,
    epochs=2,
    final_epochs=None,
    seed=0,
)
OWN, OTHER = Candidate(k=8, c=1), Candidate(k=2, c=1)


def trained(candidate: Candidate, seconds: float, repeat: int = 0) -> Trial:
    cost = Cost(1, 1, 1)
    return Trial(
        candidate, TrialStatus.TRAINED, cost, accuracies=(0.1, 0.2), seconds=seconds, repeat=repeat
    )


TRIALS = (trained(OWN, 3.0), trained(OWN, 5.0, 1), trained(OTHER, 70.0))
"""Four epochs of the candidate in 8 s; all trainings in 78 s."""


@pytest.mark.parametrize(
    ("limit_s", "epochs"),
    [
        (None, 39),
        (60.0, 30),
        (61.9, 30),
        (62.0, 31),
        (200.0, 100),
        (1e6, 100),
        (1.0, 10),
        (0.0, 10),
    ],
)
def test_the_time_of_an_epoch_in_the_search_gives_their_number(
    limit_s: float | None, epochs: int
) -> None:
    assert with_final_epochs(CONFIG, TRIALS, OWN, limit_s).final_epochs == epochs


def test_trials_without_a_training_take_no_time() -> None:
    failed = Trial(Candidate(k=9, c=1), TrialStatus.FAILED, Cost(1, 1, 1), "killed", seconds=500.0)
    assert with_final_epochs(CONFIG, (*TRIALS, failed), OWN, None).final_epochs == 39


def test_trainings_too_short_to_be_measured_allow_the_most() -> None:
    assert with_final_epochs(CONFIG, (trained(OWN, 0.0),), OWN, None).final_epochs == 100


def test_a_number_that_is_given_stays() -> None:
    assert with_final_epochs(FIXED, (), OWN, 0.0) is FIXED


def test_a_text_that_is_no_number_is_an_error() -> None:
    assert (parse_epochs("auto"), parse_epochs(7), parse_epochs("7")) == (None, 7, 7)
    with pytest.raises(ConfigError, match="--final-epochs is 'many', expected a number or auto"):
        parse_epochs("many")


def test_a_run_and_its_resumption_choose_the_same_number(tmp_path: Path) -> None:
    request = SearchRequest(
        "digits",
        target="stm32f412",
        out=tmp_path / "run",
        macc=4_000,
        epochs=1,
        final_epochs="auto",
        max_time="4s",
        workers=1,
    )
    record = run_search(request)
    count = len(record["final_accuracies"])
    assert 10 <= count <= 100
    assert record["config"]["final_epochs"] == count
    assert record["machine"]["search_s"] == 2.0
    (tmp_path / "run" / "run.json").unlink()
    again = run_search(request)
    assert again["model_sha256"] == record["model_sha256"]
    assert again["final_accuracies"] == record["final_accuracies"]
    picked = run_pick(PickRequest(tmp_path / "run", tmp_path / "same"))
    assert picked["model_sha256"] == record["model_sha256"]
    auto = run_pick(PickRequest(tmp_path / "run", tmp_path / "auto", final_epochs="auto"))
    assert 10 <= len(auto["final_accuracies"]) <= 100
