"""From real images to a verdict, and through kill -9."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware.files import sha256_of_file

ROOT = Path(__file__).parent.parent
RUN = (
    *("run", "--data", "digits", "--target", "stm32f412", "--macc", "3000"),
    *("--final-epochs", "20"),
)

needs_virtual_board = pytest.mark.skipif(
    shutil.which("qemu-system-arm") is None or shutil.which("arm-none-eabi-gcc") is None,
    reason="qemu-system-arm or arm-none-eabi-gcc is not installed",
)


# The undisturbed run is made once, in one process.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("end-to-end")]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return os.environ | {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}


def command(program: str, *arguments: str) -> list[str]:
    source = f"from {program}.cli import main; raise SystemExit(main())"
    return [sys.executable, "-c", source, *arguments]


def call(environment: dict[str, str], program: str, *arguments: str) -> str:
    completed = subprocess.run(
        command(program, *arguments),
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert completed.returncode == 0, completed.stderr
    return completed.stdout


@pytest.fixture(scope="module")
def finished(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an uninterrupted run."""
    out = tmp_path_factory.mktemp("runs") / "digits"
    call(environment, "nas", *RUN, "--out", str(out))
    return out


def record_of(run: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((run / "run.json").read_text())
    return record


def test_a_run_records_what_it_did(finished: Path) -> None:
    record = record_of(finished)
    assert record["model_sha256"] == sha256_of_file(finished / "model.tflite")
    assert record["golden_sha256"] == sha256_of_file(finished / "golden.npz")
    assert record["images"] == {"train": 1004, "valid": 434, "test": 359}
    winner = record["winner"]
    assert winner["accuracy"] == max(winner["accuracies"])
    assert winner["cost"]["macc"] <= 3000
    assert record["model_bytes"] == pytest.approx(winner["cost"]["model_bytes"], rel=0.01)
    assert {trial["status"] for trial in record["trials"]} == {"trained"}
    assert {trial["repeat"] for trial in record["trials"]} == {0, 1, 2}
    for trial in record["trials"]:
        if trial["status"] == "trained":
            assert len(trial["accuracies"]) == 3
            assert 10e6 < trial["peak_anonymous_bytes"] < 60e6
            predicted = trial["predicted_anonymous_bytes"]
            assert predicted == pytest.approx(trial["peak_anonymous_bytes"], rel=0.15)
    assert record["int8_test_accuracy"] > 0.2, "ten classes: a guess reaches 0.1"
    assert abs(record["int8_test_accuracy"] - record["float_test_accuracy"]) < 0.05
    assert record["versions"]["ai-edge-litert"].startswith("2.")
    assert record["command"] == ["nas", *RUN, "--out", str(finished)]
    assert record["target"]["chip"]["name"] == "stm32f412"
    start = json.loads((finished / "search.json").read_text())
    assert start == {name: record[name] for name in start}


def test_a_run_records_what_both_models_answer_on_the_test_images(finished: Path) -> None:
    record = record_of(finished)
    answers = record["test_answers"]
    for name, accuracy in (("in_float", "float"), ("in_int8", "int8")):
        confusion = np.array(answers[name])
        assert confusion.shape == (10, 10)
        assert confusion.sum() == 359
        assert confusion.trace() / 359 == record[f"{accuracy}_test_accuracy"]
    assert len(record["final_losses"]) == len(record["final_accuracies"]) == 20
    assert record["final_losses"][-1] < record["final_losses"][0]
    assert record["final_training"]["peak_anonymous_bytes"] > 10e6


@needs_virtual_board
def test_the_board_gives_what_the_run_promised(
    finished: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    project = tmp_path / "project"
    arguments = ("build", str(finished), "--target", "stm32f412", "--out", str(project))
    call(environment, "codegen", *arguments, "--compile")
    measured = json.loads(call(environment, "hil", "run", str(project), "--json"))
    record = record_of(finished)
    assert measured["verdict"] == "confirmed"
    assert measured["model_sha256"] == record["model_sha256"]
    assert measured["arena_bytes"] == record["winner"]["cost"]["arena_bytes"]
    with np.load(finished / "golden.npz") as golden:
        assert measured["samples"] == len(golden["inputs"]) == 16
    assert measured["outputs_identical_fraction"] == 1.0
    assert measured["outputs_max_lsb"] == 0
    assert measured["instructions"] > record["winner"]["cost"]["macc"]
    assert json.loads((project / "measurement.json").read_text()) == measured


def kill_when(process: "subprocess.Popen[str]", text: str, times: int) -> None:
    """Kill a run as soon as it has said something so many times."""
    assert process.stderr is not None
    said = 0
    for line in process.stderr:
        said += text in line
        if said == times:
            break
    process.send_signal(signal.SIGKILL)
    process.wait(10)


@pytest.mark.parametrize(
    ("moment", "times"), [("trained:", 1), ("trained:", 5), ("converting", 1), ("at once", 0)]
)
def test_a_killed_run_ends_the_same_when_it_is_started_again(
    finished: Path, environment: dict[str, str], tmp_path: Path, moment: str, times: int
) -> None:
    out = tmp_path / "digits"
    process = subprocess.Popen(
        command("nas", *RUN, "--out", str(out)),
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        if moment == "at once":
            time.sleep(1.0)
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        else:
            kill_when(process, moment, times)
    assert not (out / "run.json").exists()
    call(environment, "nas", *RUN, "--out", str(out))
    reached, expected = record_of(out), record_of(finished)
    assert reached["model_sha256"] == expected["model_sha256"]
    assert reached["golden_sha256"] == expected["golden_sha256"]
    assert [t["accuracies"] for t in reached["trials"]] == [
        t["accuracies"] for t in expected["trials"]
    ]
