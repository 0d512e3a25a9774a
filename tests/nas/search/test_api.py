import argparse
import math
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from codegen.model.read_tflite import read_tflite
from firmware.errors import ConfigError, DataError, DivergedError, InfeasibleError
from firmware.records.conversion import to_record
from firmware.targets import load_target
from nas import Listener, SearchRequest, run_search
from nas.cli.run import add_arguments
from nas.data.proportion import wilson_interval
from nas.estimator.cost import Limits
from nas.estimator.network import estimate
from nas.report.terminal import run_text
from nas.search.config import RECIPES
from nas.search.request import option_rows, request_of
from nas.search.run_record import FinalRecord, StartRecord, read_record
from nas.search.trial_store import read_trials
from tests.host_compiler import ROOT


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    required = ["--data", "digits", "--target", "stm32f412", "--out", "x"]
    return parser.parse_args([*required, *words])


def test_the_command_asks_for_what_the_function_does_by_default() -> None:
    assert request_of(parsed()) == SearchRequest("digits", "stm32f412", Path("x"))


def test_every_option_of_the_command_reaches_the_search() -> None:
    given = {"--epochs": "7", "--max-time": "8m", "--ram": "1000", "--learning-rate": "0.1"}
    given |= {"--augment": "none", "--measured-latency": "f.json", "--input": "auto"}
    words = [word for pair in given.items() for word in pair]
    request = request_of(parsed(*words, "--skip-broken"))
    assert (request.epochs, request.max_time, request.ram) == (7, "8m", 1000)
    assert (request.learning_rate, request.augment, request.input) == (0.1, "none", "auto")
    assert request.measured_latency == Path("f.json")
    assert request.skip_broken


def test_every_option_is_told_with_its_default_in_the_docs() -> None:
    table = (ROOT / "docs" / "search.md").read_text()
    assert option_rows() in table


def test_errors_are_exceptions_and_nothing_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigError, match="unknown target 'stm32f9'"):
        run_search(SearchRequest("digits", "stm32f9", tmp_path / "run"))
    with pytest.raises(DataError):
        run_search(SearchRequest(str(tmp_path / "nothing"), "stm32f412", tmp_path / "run"))
    assert capsys.readouterr() == ("", "")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"workers": 0}, "--workers is 0, expected at least 1"),
        ({"workers": -1}, "--workers is -1, expected at least 1"),
        ({"max_time": "soon"}, "'soon' is not a duration such as 50ms, 90s, 8m"),
        (
            {"scheduler": "garbage"},
            "is not an address of a Dask scheduler such as tcp://gateway:8786",
        ),
    ],
)
def test_options_of_the_machine_are_refused_before_any_image_is_read(
    options: dict[str, Any], text: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=text):
        run_search(
            SearchRequest(str(tmp_path / "nothing"), "stm32f412", tmp_path / "run", **options)
        )


def test_a_small_search_gives_what_the_run_recorded(tmp_path: Path) -> None:
    class Ears(Listener):
        def __init__(self) -> None:
            self.trials = 0

        def trial_ended(self, trial: object) -> None:
            self.trials += 1

    ears = Ears()
    request = SearchRequest(
        "digits",
        target="stm32f412",
        out=tmp_path / "run",
        macc=10_000,
        epochs=1,
        final_epochs=1,
        workers=1,
    )
    result = run_search(request, ears, ("nas", "run"))
    assert ears.trials == len(result["trials"])
    trained = [trial for trial in result["trials"] if trial["accuracy"] is not None]
    assert result["config"]["folds"] == 1
    assert trained[0]["interval"] == list(wilson_interval(trained[0]["accuracy"], 434))
    assert 0 < result["worker_base_bytes"] < trained[0]["predicted_anonymous_bytes"]
    assert (tmp_path / "run" / "model.tflite").stat().st_size == result["model_bytes"]
    recorded, _ = read_record(tmp_path / "run" / "run.json", FinalRecord)
    assert to_record(recorded) == result
    begun, _ = read_record(tmp_path / "run" / "search.json", StartRecord)
    own = {field.name: getattr(recorded, field.name) for field in fields(StartRecord)}
    assert begun == StartRecord(**own)
    assert recorded.target == load_target("stm32f412")
    assert recorded.command == ("nas", "run")


def test_a_limit_of_time_without_a_board_is_judged_by_modelled_cycles(tmp_path: Path) -> None:
    told: list[str] = []

    class Notes(Listener):
        def noted(self, text: str) -> None:
            told.append(text)

    options: dict[str, Any] = {"epochs": 1, "final_epochs": 1, "workers": 1, "latency": "2ms"}
    request = SearchRequest("digits", "stm32f412", tmp_path / "run", **options)
    record = run_search(request, Notes())
    assert sum("the limit of latency is judged by modelled milliseconds" in n for n in told) == 1
    limits, pace = record["config"]["limits"], record["config"]["pace"]
    assert limits["latency_us"] == 2_000
    assert pace["is_modelled"]
    assert pace["margin_fraction"] > 0.07
    needed_us = record["winner"]["cost"]["latency_us"]
    assert 0 < needed_us <= 2_000
    trained = [own for own in record["trials"] if own["accuracy"] is not None]
    assert all(own["cost"]["latency_us"] <= 2_000 for own in trained)
    # 2 ms are some 100,000 multiply-accumulates: without the limit, others would be trained.
    assert all(own["cost"]["macc"] < limits["macc"] / 10 for own in trained)
    line = f"latency: at most {needed_us / 1000:.2f} ms of 2 ms, modelled, not measured"
    assert line in run_text(record)
    # What the search predicts is what the estimate of the same network says.
    graph = read_tflite(tmp_path / "run" / "model.tflite")
    size_bytes, target = record["model_bytes"], load_target("stm32f412")
    own = estimate("run", graph, size_bytes, target, Limits(**limits), "static").modelled_time
    assert own is not None
    assert own.highest_ms is not None
    assert needed_us == math.ceil(1000 * own.highest_ms)


def test_a_winner_that_diverges_ends_with_the_option_that_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES["augmented"], "learning_rate", 1e20)
    options: dict[str, Any] = {"target": "stm32f412", "out": tmp_path / "run", "macc": 700}
    options |= {"epochs": 1, "final_epochs": 1, "workers": 1}
    with pytest.raises(DivergedError, match=r"in epoch 1 .* --learning-rate 2e\+19 keeps the"):
        run_search(SearchRequest("digits", **options))
    first = read_trials(tmp_path / "run" / "trials.sqlite")
    record = run_search(SearchRequest("digits", **options, learning_rate=1e-3))
    assert [trial["seconds"] for trial in record["trials"]] == [own.seconds for own in first]


def test_what_is_passed_over_of_the_data_is_told_before_the_search(tmp_path: Path) -> None:
    for name in ("cat/1.jfif", "cat/2.png", "dog/1.avif"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    told: list[str] = []

    class Notes(Listener):
        def noted(self, text: str) -> None:
            told.append(text)

    with pytest.raises(DataError, match="the data has 1 class"):
        run_search(SearchRequest(str(tmp_path / "data"), "stm32f412", tmp_path / "run"), Notes())
    assert told == [
        "no readable images in 'dog'; such folders are ignored",
        "ignored files that are not images: 1 .avif, 1 .jfif",
    ]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"space": "luck"}, "unknown search space 'luck'"),
        ({"space": "nothing.py"}, "no such file"),
        ({"space": "paper", "converter": "own"}, "converter 'own' does not support"),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused_before_any_image_is_read(
    options: dict[str, Any], text: str, tmp_path: Path
) -> None:
    request = SearchRequest(str(tmp_path / "nothing"), "stm32f412", tmp_path / "run", **options)
    with pytest.raises(ConfigError, match=text):
        run_search(request)


def test_a_space_without_a_network_for_the_images_is_told_with_their_size(tmp_path: Path) -> None:
    own = tmp_path / "large.py"
    own.write_text(
        "from firmware.errors import ConfigError\n"
        "from nas import SearchSpace\n"
        "class Large(SearchSpace):\n"
        "    name = 'large'\n"
        "    dimensions = {'width': range(1, 9), 'depth': range(1, 3)}\n"
        "    def build(self, candidate, shape, classes):\n"
        "        raise ConfigError('images of 100 pixels are the least')\n"
        "SPACE = Large()\n"
    )
    request = SearchRequest("digits", "stm32f412", tmp_path / "run", space=str(own), workers=1)
    with pytest.raises(InfeasibleError, match=r"large.py' has no network for images of 8x8x1$"):
        run_search(request)
