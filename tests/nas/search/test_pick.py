"""Another network of a run: trained for good, without a search."""

import json
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codegen.project.source import find_model
from firmware.errors import ConfigError, DataError, HostMemoryError, InfeasibleError, StaleError
from firmware.files import cache_folder, sha256_of_file
from nas import Listener, PickRequest, SearchRequest, run_pick, run_search
from nas.cli import main
from nas.data.dataset import open_dataset
from nas.host.machine import Machine
from nas.report.write import write_report
from nas.search.pick_request import PickRequest as Form
from nas.search.request import option_rows
from nas.search.run_record import FinalRecord, read_record
from nas.search.teacher import Teacher, ask_teacher, check_teacher
from nas.search.trial_store import STORE, TrialStore, read_trials
from tests.command import command_line
from tests.host_compiler import ROOT

pytestmark = pytest.mark.xdist_group("pick")  # one search for all tests

TIGHT = 4_000
"""Bytes of flash; the winner of the run needs more."""


class Notes(Listener):
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def noted(self, text: str) -> None:
        self.texts.append(text)


def searched(out: Path, **options: Any) -> dict[str, Any]:
    """A small search."""
    given = {"macc": 20_000, "epochs": 1, "final_epochs": 2, "workers": 2} | options
    return run_search(SearchRequest("digits", target="stm32f412", out=out, **given))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("searched") / "run"
    searched(out)
    return out


def trained(record: dict[str, Any]) -> dict[str, list[float]]:
    """The accuracies of the trained candidates of a record."""
    found: dict[str, list[float]] = {}
    for trial in record["trials"]:
        if trial["accuracy"] is not None:
            found.setdefault(json.dumps(trial["candidate"]), []).append(trial["accuracy"])
    return found


def test_the_most_accurate_that_fits_is_trained_and_recorded_like_a_winner(
    run: Path, tmp_path: Path
) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    record = run_pick(PickRequest(run, tmp_path / "small", flash=TIGHT), command=("nas", "pick"))
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    flash = {json.dumps(own["candidate"]): own["cost"]["model_bytes"] for own in record["trials"]}
    accuracy = {key: np.mean(values) for key, values in trained(record).items()}
    within = [key for key in accuracy if flash[key] <= TIGHT]
    picked = json.dumps(record["winner"]["candidate"])
    assert 1 < len(within) < len(accuracy)
    assert picked in within
    assert accuracy[picked] == max(accuracy[key] for key in within)
    model = tmp_path / "small" / "model.tflite"
    assert model.stat().st_size == record["model_bytes"] == flash[picked]
    recorded, _ = read_record(tmp_path / "small" / "run.json", FinalRecord)
    assert recorded.config.limits.flash_bytes == TIGHT
    assert (recorded.picked_from, recorded.command) == ("run", ("nas", "pick"))
    assert len(recorded.final_accuracies) == 2
    assert find_model(tmp_path / "small").sha256 == sha256_of_file(model)
    page, _ = write_report(tmp_path / "small")
    assert page["headlines"][0]["value"] == "fits"


@pytest.mark.parametrize(
    "options",
    [
        {"space": "separable", "workers": 1},
        {"space": "residual", "max_time": "1s", "macc": 40_000},
        {"input": "auto", "max_time": "1s"},
    ],
)
def test_the_limits_of_the_run_give_the_winner_of_the_run_to_the_byte(
    options: dict[str, Any], tmp_path: Path
) -> None:
    found = searched(tmp_path / "run", **options)
    record = run_pick(PickRequest(tmp_path / "run", tmp_path / "same", workers=1))
    assert record["winner"]["candidate"] == found["winner"]["candidate"]
    assert record["model_sha256"] == found["model_sha256"]
    assert record["golden_sha256"] == found["golden_sha256"]
    assert record["test_answers"] == found["test_answers"]


def test_a_pick_that_is_killed_goes_on_where_it_was(run: Path, tmp_path: Path) -> None:
    words = ["pick", str(run), "--flash", str(TIGHT), "--final-epochs", "60", "--workers", "1"]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert main([*words, "--out", str(whole)]) == 0
    command = command_line("nas", *words, "--out", str(cut))
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        _wait_for(cut / "winner.npz")
        process.send_signal(signal.SIGKILL)
    assert not (cut / "run.json").exists()
    assert main(["front", str(cut)]) == 1
    ears = Epochs()
    run_pick(PickRequest(run, cut, flash=TIGHT, final_epochs=60, workers=1), ears)
    assert 1 < ears.first <= 60, "some epochs were done before"
    assert sha256_of_file(cut / "model.tflite") == sha256_of_file(whole / "model.tflite")


class Epochs(Listener):
    """Keeps the number of the first epoch."""

    first = 0

    def winner_progressed(self, event: dict[str, Any]) -> None:
        self.first = self.first or event.get("epoch", 0)


def _wait_for(path: Path) -> None:
    end_s = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_an_interrupted_pick_says_how_to_go_on(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "cut"
    words = ["pick", str(run), "--out", str(out), "--final-epochs", "5000"]
    with subprocess.Popen(
        command_line("nas", *words), stderr=subprocess.PIPE, text=True
    ) as process:
        _wait_for(out / "winner.npz")
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        told = process.stderr.read()
    assert process.returncode == 130
    assert told.splitlines()[-1] == "nas: interrupted; run the same command to resume"


def test_looser_limits_reach_the_trainings_of_an_earlier_search(tmp_path: Path) -> None:
    """The second search trains what fits in little flash; the first one left larger networks."""
    first = searched(tmp_path / "run", final_epochs=1)
    searched(tmp_path / "run", final_epochs=1, flash=TIGHT)
    record = run_pick(PickRequest(tmp_path / "run", tmp_path / "large", flash=1 << 20))
    assert record["winner"]["cost"]["model_bytes"] > TIGHT
    accuracy = {key: np.mean(values) for key, values in trained(record).items()}
    assert accuracy.keys() >= trained(first).keys()
    assert accuracy[json.dumps(record["winner"]["candidate"])] == max(accuracy.values())


def test_a_run_that_is_not_finished_gives_what_it_trained(run: Path, tmp_path: Path) -> None:
    recorded, _ = read_record(run / "run.json", FinalRecord)
    some = [own for own in read_trials(run / "trials.sqlite") if own.accuracy is not None][:2]
    with TrialStore(tmp_path / "cut", recorded.config) as store:
        for trial in some:
            store.add(trial)
    (tmp_path / "cut" / "search.json").write_bytes((run / "search.json").read_bytes())
    notes = Notes()
    record = run_pick(PickRequest(tmp_path / "cut", tmp_path / "out", final_epochs=1), notes)
    assert notes.texts[0] == "cut is not finished: picks from 2 networks trained so far"
    best = max(some, key=lambda own: own.accuracy or 0.0)
    assert record["winner"]["candidate"] == best.candidate.as_record()


def test_limits_that_no_network_keeps_name_the_nearest(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InfeasibleError, match=r"none of the \d+ trained networks of 'run' fits"):
        run_pick(PickRequest(run, tmp_path / "out", flash=100))
    with pytest.raises(InfeasibleError, match="needs RAM of [0-9]+ bytes, the limit is 10;"):
        run_pick(PickRequest(run, tmp_path / "out", ram=10))
    assert not (tmp_path / "out").exists()


def test_nothing_is_picked_where_nothing_is_trained(run: Path, tmp_path: Path) -> None:
    recorded, _ = read_record(run / "run.json", FinalRecord)
    TrialStore(tmp_path / "new", recorded.config).close()
    (tmp_path / "new" / "search.json").write_bytes((run / "search.json").read_bytes())
    with pytest.raises(ConfigError, match="no network of 'new' can be picked: none is trained"):
        run_pick(PickRequest(tmp_path / "new", tmp_path / "out"))


def test_files_of_the_user_and_winners_of_searches_are_never_replaced(
    run: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="is the run itself, whose winner would be replaced"):
        run_pick(PickRequest(run, run / ".", flash=TIGHT))
    searched(tmp_path / "other", macc=5_000, max_time="1s", final_epochs=1)
    with pytest.raises(ConfigError, match="contains trials.sqlite, .*'nas pick' did not write"):
        run_pick(PickRequest(run, tmp_path / "other", flash=TIGHT))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.tflite").write_bytes(b"mine")
    with pytest.raises(ConfigError, match="contains model.tflite, which 'nas pick' did not write"):
        run_pick(PickRequest(run, tmp_path / "mine", flash=TIGHT))
    assert (tmp_path / "mine" / "model.tflite").read_bytes() == b"mine"


def test_a_search_does_not_replace_a_pick(run: Path, tmp_path: Path) -> None:
    run_pick(PickRequest(run, tmp_path / "small", flash=TIGHT, final_epochs=1))
    with pytest.raises(ConfigError, match="is not the folder of a run, but contains search.json"):
        searched(tmp_path / "small")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"ram": 0}, "the limit ram_bytes is 0, expected at least 1"),
        ({"measured_latency": Path("x.json")}, "--measured-latency needs --latency"),
        ({"workers": 0}, "--workers is 0, expected at least 1"),
        ({"final_epochs": 0}, "final_epochs is 0, expected at least 1"),
    ],
)
def test_options_that_are_invalid_are_refused_before_the_folder_is_made(
    run: Path, tmp_path: Path, options: dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigError, match=text):
        run_pick(PickRequest(run, tmp_path / "out", **options))
    assert not (tmp_path / "out").exists()


def test_a_limit_of_time_that_the_run_did_not_have_is_judged_by_modelled_cycles(
    run: Path, tmp_path: Path
) -> None:
    told = Notes()
    request = PickRequest(run, tmp_path / "out", latency="50ms", final_epochs=1)
    record = run_pick(request, told)
    assert record["config"]["pace"]["is_modelled"]
    assert 0 < record["winner"]["cost"]["latency_us"] <= 50_000
    assert any("judged by modelled milliseconds" in note for note in told.texts)


def test_too_little_memory_is_an_error_before_the_training(run: Path, tmp_path: Path) -> None:
    with pytest.raises(HostMemoryError, match="of the host's memory, the limit is 32.0 MiB"):
        run_pick(PickRequest(run, tmp_path / "out", host_memory="32MiB"))


def test_images_that_are_no_longer_in_the_cache_are_decoded_again(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.search.images_of_run.cache_folder", lambda: tmp_path / "cache")
    request = PickRequest(run, tmp_path / "out", flash=TIGHT, final_epochs=1)
    with pytest.raises(DataError, match="name the images of the run with --data"):
        run_pick(replace(request, data=str(tmp_path / "nothing")))
    images = np.zeros((200, 8, 8, 1), np.uint8)
    labels = np.array([str(number % 10) for number in range(200)])
    np.savez(tmp_path / "others.npz", images=images, labels=labels)
    with pytest.raises(StaleError, match="are not those of the run"):
        run_pick(replace(request, data=str(tmp_path / "others.npz")))
    assert run_pick(request)["winner"]
    (key,) = json.loads((run / "search.json").read_text())["dataset_keys"].values()
    assert (tmp_path / "cache" / key).is_dir()


def test_a_space_of_the_users_own_must_be_the_one_of_the_run(tmp_path: Path) -> None:
    space = tmp_path / "space.py"
    space.write_bytes((ROOT / "docs" / "examples" / "residual_space.py").read_bytes())
    searched(tmp_path / "run", space=str(space), max_time="1s", final_epochs=1, macc=100_000)
    assert run_pick(PickRequest(tmp_path / "run", tmp_path / "out"))["winner"]
    space.write_text(space.read_text() + "\n# changed\n")
    with pytest.raises(StaleError, match="has changed since the run"):
        run_pick(PickRequest(tmp_path / "run", tmp_path / "out"))
    space.unlink()
    with pytest.raises(ConfigError, match="is not there any more"):
        run_pick(PickRequest(tmp_path / "run", tmp_path / "out"))


def test_every_option_is_told_with_its_default_in_the_docs() -> None:
    assert option_rows(Form) in (ROOT / "docs" / "search.md").read_text()


def test_a_taught_pick_records_its_teacher_and_is_picked_again_to_the_byte(
    run: Path, tmp_path: Path
) -> None:
    teacher = sha256_of_file(run / "model.tflite")
    alone = run_pick(PickRequest(run, tmp_path / "alone", flash=TIGHT))
    found = run_pick(PickRequest(run, tmp_path / "taught", flash=TIGHT, teacher=run))
    assert found["winner"] == alone["winner"]
    assert found["model_sha256"] != alone["model_sha256"]
    assert found["config"]["teacher_sha256"] == teacher
    assert (found["teacher"], alone["teacher"]) == (str(run), "")
    page, _ = write_report(tmp_path / "taught")
    assert page["training"]["recipe"]["teacher"] == teacher
    assert teacher in (tmp_path / "taught" / "report.md").read_text()
    again = run_pick(PickRequest(tmp_path / "taught", tmp_path / "again", workers=1))
    assert again["config"]["teacher_sha256"] == teacher
    assert again["model_sha256"] == found["model_sha256"]


def test_a_search_that_is_taught_gives_what_the_same_pick_gives(run: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / STORE).write_bytes((run / STORE).read_bytes())
    found = searched(tmp_path / "run", teacher=run)
    record = run_pick(PickRequest(run, tmp_path / "pick", teacher=run))
    assert record["winner"]["candidate"] == found["winner"]["candidate"]
    assert record["model_sha256"] == found["model_sha256"]
    with pytest.raises(ConfigError, match=r"is --out itself, whose network would be replaced"):
        searched(tmp_path / "run", teacher=tmp_path / "run")


def test_a_folder_without_a_finished_run_is_no_teacher(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(ConfigError, match=r"no teacher for '.*/out': '.*/none' contains no run"):
        run_pick(PickRequest(run, out, teacher=tmp_path / "none"))
    begun = tmp_path / "begun"
    begun.mkdir()
    for name in ("search.json", STORE):
        (begun / name).write_bytes((run / name).read_bytes())
    with pytest.raises(ConfigError, match=r"the teacher '.*/begun' of '.*/out' is not finished"):
        run_pick(PickRequest(run, out, teacher=begun))
    assert not out.exists()


def test_weights_of_another_training_do_not_teach(run: Path, tmp_path: Path) -> None:
    """The run was started again with other settings, and its folder holds the weights of these."""
    changed = tmp_path / "changed"
    changed.mkdir()
    for path in run.iterdir():
        (changed / path.name).write_bytes(path.read_bytes())
    record = json.loads((changed / "run.json").read_text())
    record["config"]["seed"], record["model_sha256"] = 7, "7" * 64
    (changed / "run.json").write_text(json.dumps(record))
    with pytest.raises(ConfigError, match="does not hold the weights of the finished teacher"):
        run_pick(PickRequest(run, tmp_path / "out", flash=TIGHT, teacher=changed))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"classes": ("cat", "dog")}, r"tells apart cat, dog, the run 0, 1, 2"),
        ({"dataset_key": "1" * 64}, r"other images: the decoded images have the SHA-256 1{64}"),
        ({"input": (8, 8, 3)}, "takes images of 3 channels, the run of 1$"),
        ({"input": (16, 16, 1), "dataset_key": "1" * 64}, "inputs of 16x16x1, the run of 8x8x1;"),
    ],
    ids=["classes", "images", "channels", "size"],
)
def test_a_teacher_of_other_images_is_refused_and_both_are_named(
    run: Path, changes: dict[str, Any], told: str
) -> None:
    record, _ = read_record(run / "run.json", FinalRecord)
    config = record.config
    of_config = {name: own for name, own in changes.items() if name != "input"}
    other = replace(
        record,
        config=replace(config, **of_config),
        dataset_keys={"0": changes.get("dataset_key", config.dataset_key)},
        input=changes.get("input", record.input),
        test_answers=None,
    )
    with pytest.raises(StaleError, match=told) as caught:
        check_teacher(Teacher(Path("a"), other), config, {config.dataset_key}, Path("b"))
    assert str(caught.value).startswith("the teacher 'a' of 'b' ")


def test_a_teacher_that_needs_more_memory_than_there_is_says_so(run: Path) -> None:
    record, _ = read_record(run / "run.json", FinalRecord)
    dataset = open_dataset(cache_folder() / record.config.dataset_key)
    machine = Machine(1, memory_bytes=512 << 20).planned()
    tight = replace(machine, alone_bytes=20 << 20)
    with pytest.raises(HostMemoryError, match=r"^the teacher '.*/run' needs 2\d\.\d MiB"):
        ask_teacher(Teacher(run, record), dataset, 20 << 20, tight, Notes())
