from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware.errors import ConfigError
from nas import Listener, SearchRequest, run_search
from nas.data.dataset import Dataset
from nas.data.proportion import wilson_interval
from nas.host.worker import Worker
from nas.report.terminal import run_text
from nas.search.fold_count import fold_note, judging_images, parse_folds
from nas.search.trials import Trial
from tests.nas.conftest import stripes

SMALL, LARGE = {"train": 224, "valid": 96, "test": 80}, {"train": 1004, "valid": 434, "test": 359}


def test_auto_means_folds_if_the_validation_part_was_drawn_and_is_small() -> None:
    assert parse_folds("auto", SMALL, is_drawn=True) == 5
    assert parse_folds("auto", SMALL, is_drawn=False) == 1
    assert parse_folds("auto", LARGE, is_drawn=True) == 1
    assert (parse_folds("3", SMALL, is_drawn=True), parse_folds(1, SMALL, is_drawn=True)) == (3, 1)


@pytest.mark.parametrize("value", ["many", "0", 11, "1.5"])
def test_another_number_is_an_error(value: int | str) -> None:
    with pytest.raises(ConfigError, match=f"--folds is {value!r}, expected 1 to 10, or auto"):
        parse_folds(value, SMALL, is_drawn=True)


def test_with_folds_the_training_images_judge_too() -> None:
    assert (judging_images(SMALL, 1), judging_images(SMALL, 5)) == (96, 320)
    assert judging_images({}, 5) == 0


def test_few_validation_images_are_told_with_the_width_of_their_interval() -> None:
    assert fold_note(LARGE, 1) == ""
    # Wilson at 50 % of 96 images: 40.2 to 59.8 %.
    assert "the 95 % interval of an accuracy is up to 20 pp wide" in fold_note(SMALL, 1)
    assert "is trained 5 times, on 5 folds of the 320 training" in fold_note(SMALL, 5)


def test_a_candidate_is_judged_on_every_image_once(small_dataset: Dataset, worker: Worker) -> None:
    recipe = {"epochs": 8, "batch_size": 16, "learning_rate": 1e-2}
    told: list[dict[str, int]] = []
    arguments = {
        "dataset": str(small_dataset.folder),
        "space": "folded",
        "candidate": {"k": 4, "c": 1, "side": 0},
        "recipes": [recipe | {"seed": seed} for seed in range(3)],
    }
    task = "nas.training.fold_tasks:train_on_folds"
    accuracies = worker.run(task, arguments, told.append).unwrap()["accuracies"]
    images = judging_images(small_dataset.counts, 3)
    assert [own * images for own in accuracies] == pytest.approx(
        [round(own * images) for own in accuracies]
    )
    assert len(accuracies) == 8
    assert max(accuracies) > 0.9
    assert [own["epoch"] for own in told if "epoch" in own] == list(range(1, 25))
    # The last epoch's accuracy is that of all folds together.
    last = [own["accuracy"] for own in told if "epoch" in own][7::8]
    assert accuracies[-1] == pytest.approx(np.mean(last), abs=0.02)


def assert_intervals(record: dict[str, Any], images: dict[str, int], judging: int) -> None:
    """Every accuracy of a run has its interval, of as many images as it was measured on."""
    assert record["images"] == images
    for trial in (*record["trials"], record["winner"]):
        own = trial["accuracy"]
        expected = None if own is None else wilson_interval(own, judging)
        assert trial["interval"] == (None if expected is None else pytest.approx(expected))
    parts = {"valid_accuracy": "valid", "int8_valid_accuracy": "valid"}
    parts |= {"float_test_accuracy": "test", "int8_test_accuracy": "test"}
    assert record["intervals"] == {
        name: pytest.approx(wilson_interval(record[name], images[part]))
        for name, part in parts.items()
    }
    text = run_text(record)
    for interval in record["intervals"]["int8_test_accuracy"], record["winner"]["interval"]:
        assert f"{interval[0]:.3f}–{interval[1]:.3f}" in text


class Interrupted(Listener):
    """Ends the search after two trials."""

    def __init__(self) -> None:
        self.trials: list[Trial] = []
        self.notes: list[str] = []

    def noted(self, text: str) -> None:
        self.notes.append(text)

    def trial_ended(self, trial: Trial) -> None:
        self.trials.append(trial)
        if len(self.trials) == 2:
            raise KeyboardInterrupt


def test_a_resumed_search_on_folds_ends_the_same_and_is_not_mixed_with_others(
    tmp_path: Path,
) -> None:
    images, labels = stripes((8, 8, 1), 120)
    np.savez(tmp_path / "few.npz", images=images, labels=labels)

    def request(out: str, **changed: int) -> SearchRequest:
        options = {"macc": 3_000, "epochs": 1, "final_epochs": 1, "workers": 1} | changed
        return SearchRequest(str(tmp_path / "few.npz"), "stm32f412", tmp_path / out, **options)

    record, listener = run_search(request("whole")), Interrupted()
    assert record["config"]["folds"] == 5
    # 120 images: 24 are for the test, and the other 96 judge each candidate.
    assert_intervals(record, {"train": 68, "valid": 28, "test": 24}, judging=96)
    with pytest.raises(KeyboardInterrupt):
        run_search(request("halved"), listener)
    assert any("trained 5 times, on 5 folds of the 96" in note for note in listener.notes)
    again = run_search(request("halved", workers=2))
    for name in ("model_sha256", "golden_sha256", "final_accuracies"):
        assert again[name] == record[name]
    judged = [(own["candidate"], own["accuracies"]) for own in record["trials"]]
    assert [(own["candidate"], own["accuracies"]) for own in again["trials"]] == judged
    with pytest.raises(ConfigError, match="trials of another search: folds 5, now None"):
        run_search(request("halved", folds=1))
