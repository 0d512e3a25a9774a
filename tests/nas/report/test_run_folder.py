from dataclasses import replace
from pathlib import Path

import pytest

from firmware.errors import ConfigError, StaleError
from firmware.targets import load_target
from nas.report.run_folder import read_run
from nas.search.trials import with_interval
from nas.spaces import Candidate
from tests.nas.report.small_run import (
    CONFIG,
    IMAGES,
    LABELS,
    TRIALS,
    WORKER_BYTES,
    run_record,
    write_run,
    write_unfinished_run,
)
from tests.small_model import small_model

NEW = ("command", "target", "host", "machine", "final_losses", "final_training", "conversion")
"""What runs of earlier versions do not hold."""


def test_a_finished_run_is_read_as_it_was_recorded(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "door"))
    assert run.name == "door"
    assert run.config == CONFIG
    assert run.trials == tuple(with_interval(trial, IMAGES["valid"]) for trial in TRIALS)
    assert run.start.target == load_target("stm32f412")
    assert run.start.images == IMAGES
    assert run.start.worker_bytes == WORKER_BYTES
    final = run.final
    assert final is not None
    assert final.winner.candidate == Candidate(k=8, c=2)
    assert (final.test_images, final.float_right, final.int8_right) == (len(LABELS), 9, 9)
    assert final.answers is not None
    assert final.answers.images == len(LABELS)
    assert final.graph is not None
    assert len(final.graph.operators) == 5


def test_a_run_that_was_killed_is_read_from_its_trials(tmp_path: Path) -> None:
    run = read_run(write_unfinished_run(tmp_path))
    assert run.final is None
    assert [replace(trial, interval=None) for trial in run.trials] == list(TRIALS[:4])
    assert run.config == CONFIG


def test_a_run_of_an_earlier_version_is_read_with_what_it_holds(tmp_path: Path) -> None:
    folder = write_run(tmp_path, schema=1, test_answers=None, **dict.fromkeys(NEW))
    run = read_run(folder)
    assert run.start.command == ()
    assert run.start.target == load_target(CONFIG.target)
    assert run.start.worker_bytes is None
    assert run.final is not None
    assert run.final.losses is run.final.answers is run.final.training is None
    assert run.final.int8_right == 9


def test_a_chip_that_is_known_by_name_alone_may_be_unknown(tmp_path: Path) -> None:
    config = run_record()["config"] | {"target": "own-board"}
    assert read_run(write_run(tmp_path, target=None, config=config)).start.target is None


def test_a_run_without_its_model_is_still_told_about(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    (folder / "model.tflite").unlink()
    final = read_run(folder).final
    assert final is not None
    assert final.graph is None


def test_another_model_than_the_recorded_one_is_refused(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    (folder / "model.tflite").write_bytes(small_model(seed=1))
    with pytest.raises(StaleError, match="is not the model that run.json beside it records"):
        read_run(folder)


def test_a_folder_without_a_run_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="contains no run, neither run.json nor search.json"):
        read_run(tmp_path)
    with pytest.raises(ConfigError, match="contains no run"):
        read_run(tmp_path / "absent")


def test_an_unfinished_run_of_an_earlier_version_says_how_to_go_on(tmp_path: Path) -> None:
    (write_unfinished_run(tmp_path) / "search.json").unlink()
    with pytest.raises(ConfigError, match="started by an earlier version.*to resume it"):
        read_run(tmp_path)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b'{"schema": 2, "con', "run.json' is damaged: .*; start the same 'nas run' again"),
        (b"[]", "run.json' is damaged: expected an object, found an array of 0"),
        (b"\xff\xfe", "run.json' is damaged"),
        (b"{}", "run.json' is damaged: field config is missing"),
    ],
)
def test_a_damaged_record_is_refused_in_one_line(tmp_path: Path, content: bytes, text: str) -> None:
    (write_run(tmp_path) / "run.json").write_bytes(content)
    with pytest.raises(ConfigError, match=text) as refusal:
        read_run(tmp_path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"trials": [{"candidate": {"k": 1, "c": 0}}]},
        {"winner": {}},
        {"input": [6, 6]},
        {"images": {"train": 60}},
        {"test_answers": {"in_float": [[1, 2]], "in_int8": [[1]]}},
        {"config": run_record()["config"] | {"epochs": "two"}},
        {"machine": "none"},
        {"target": {"name": "stm32f412"}},
    ],
)
def test_records_that_lack_a_part_are_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="is damaged"):
        read_run(write_run(tmp_path, **changes))
