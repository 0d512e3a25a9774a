"""Commands under random faults: a short run of `python -m tests.soak`."""

import random
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.soak.desk import Desk, Violation
from tests.soak.scenarios import (
    Scenario,
    a_build_gets_a_signal,
    a_model_is_hostile,
    a_search_gets_a_signal,
    an_archive_is_hostile,
    undisturbed,
)

EPISODES: Mapping[Scenario, int] = {
    a_search_gets_a_signal: 1,
    a_build_gets_a_signal: 2,
    a_model_is_hostile: 1,
    an_archive_is_hostile: 1,
}


@pytest.mark.long
def test_commands_under_random_faults_end_as_promised(tmp_path: Path) -> None:
    expected = undisturbed(Desk(tmp_path / "undisturbed", str(tmp_path)), has_board=False)
    for scenario, times in EPISODES.items():
        for seed in range(times):
            desk = Desk(tmp_path / f"{scenario.__name__}-{seed}", f"{tmp_path} {seed}")
            scenario(desk, random.Random(seed), expected)


def test_what_is_left_running_is_found(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk", str(tmp_path))
    with (
        subprocess.Popen(["sleep", "60"], env=desk.environment),
        pytest.raises(Violation, match="processes are left.*sleep 60"),
    ):
        desk.check_nothing_is_left()
