"""The front of a run, and what each limit costs in accuracy."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from nas.cli import main
from nas.estimator.cost import Cost
from nas.report.facts import Facts
from nas.report.front import limit_costs
from nas.report.run_folder import read_run
from nas.search.trial_store import TrialStore
from nas.search.trials import Trial, TrialStatus
from nas.spaces import Candidate
from tests.nas.report.page import page_of, section, text_of
from tests.nas.report.small_run import (
    CONFIG,
    TRIALS,
    write_run,
    write_timed_run,
    write_unfinished_run,
)


def beyond(k: int, accuracy: float, cost: Cost) -> Trial:
    return Trial(Candidate(k=k, c=2), TrialStatus.TRAINED, cost, accuracies=(accuracy,))


LARGER = (
    beyond(90, 0.55, Cost(31_000, 21_000, 2_000)),
    beyond(91, 0.65, Cost(40_000, 30_000, 3_000)),
    beyond(92, 0.95, Cost(60_000, 40_000, 3_000)),
    beyond(93, 0.5, Cost(60_000, 19_000, 3_000)),
)
"""Over the flash, over the flash, over flash and MACC, over MACC; the best within has 0.6."""


def with_larger(folder: Path) -> Path:
    with TrialStore(folder, CONFIG) as store:
        for trial in LARGER:
            store.add(trial)
    return write_run(folder)


def facts_of(folder: Path) -> Facts:
    return Facts(read_run(folder), None, ())


def test_the_front_is_of_all_needs_and_the_most_accurate_is_first(tmp_path: Path) -> None:
    members = facts_of(write_run(tmp_path)).front
    assert [(own.candidate["k"], own.accuracy) for own in members] == [
        (8, pytest.approx(0.6)),
        (8, 0.4),
    ]


def test_what_is_beyond_a_limit_is_on_the_front_and_marked(tmp_path: Path) -> None:
    members = facts_of(with_larger(tmp_path)).front
    assert [(own.candidate["k"], own.over) for own in members] == [
        (92, ("flash", "MACC")),
        (91, ("flash",)),
        (8, ()),
        (8, ()),
    ]


def test_a_limit_costs_what_was_measured_beyond_it_alone(tmp_path: Path) -> None:
    ram, flash, macc = limit_costs(facts_of(with_larger(tmp_path)))
    assert (ram.beyond, ram.looser, ram.gain) == (0, None, None)
    assert (flash.beyond, flash.limit) == (2, 20_000)
    assert flash.looser is not None
    assert flash.looser.candidate == Candidate(k=91, c=2)
    assert flash.gain == pytest.approx(0.05)
    assert macc.beyond == 1
    assert macc.gain == pytest.approx(-0.1)


def test_the_best_with_half_of_a_need_is_the_measured_one(tmp_path: Path) -> None:
    """The best needs 9,000 bytes of flash and 1,000 of RAM, the smallest 6,000 and 800."""
    halves = {own.name: own.half for own in limit_costs(facts_of(write_run(tmp_path)))}
    assert halves == {"RAM": None, "flash": None, "MACC": None}
    small = replace(TRIALS[0], candidate=Candidate(k=4, c=1), cost=Cost(4_600, 4_500, 501))
    with TrialStore(tmp_path, CONFIG) as store:
        store.add(small)
    halves = {own.name: own.half for own in limit_costs(facts_of(tmp_path))}
    assert halves["flash"] is not None
    assert halves["flash"].candidate == Candidate(k=4, c=1)
    assert (halves["RAM"], halves["MACC"]) == (None, None)


def test_a_limit_of_time_is_one_of_the_limits(tmp_path: Path) -> None:
    costs = limit_costs(facts_of(write_timed_run(tmp_path)))
    assert [own.name for own in costs] == ["RAM", "flash", "MACC", "latency"]
    assert costs[3].best is not None
    assert costs[3].best.needed["latency"] == 900


def test_the_command_prints_the_front_and_the_costs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["front", str(with_larger(tmp_path))]) == 0
    out, err = capsys.readouterr()
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[1] == "1 92,2 95.0 % 76.4–99.1 % 1 3,000 40,000 60,000 flash, MACC"
    assert lines[3] == "3 8,2 winner 60.0 % 38.7–78.1 % 2 1,000 9,000 9,000 –"
    assert "4 of 7 trained candidates are on the Pareto front" in out
    best = "60.0 % (38.7–78.1 %)"  # of 20 validation images
    assert f"RAM, arena 4,000 B {best} 1,000 B – not known: none beyond it was trained" in lines
    assert (
        f"flash, .tflite 20,000 B {best} 9,000 B – 65.0 % (43.3–81.9 %), best of 2 beyond it: "
        "costs 5.0 pp"
    ) in lines
    end = "50.0 % (29.9–70.1 %), best of 1 beyond it: costs nothing"
    assert any(line.endswith(end) for line in lines)
    assert "does not train what does not fit" in out
    assert err == ""


def test_the_command_prints_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["front", str(with_larger(tmp_path)), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["schema"], record["is_finished"]) == (1, True)
    first = record["front"][0]
    assert first["candidate"] == {"k": 92, "c": 2, "side": 0}
    assert (first["accuracy"], first["over"]) == (0.95, ["flash", "MACC"])
    assert first["interval"] == pytest.approx([0.764, 0.991], abs=5e-4)  # Wilson, 19 of 20
    assert first["needed"] == {"RAM": 3_000, "flash": 40_000, "MACC": 60_000}
    assert [own["trained_beyond"] for own in record["limit_costs"]] == [0, 2, 1]


def test_an_unfinished_run_is_shown_and_said_to_be_unfinished(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["front", str(write_unfinished_run(tmp_path))]) == 0
    out, err = capsys.readouterr()
    assert err == "nas: this run is not finished: 3 candidates trained so far\n"
    assert "best so far" in out


@pytest.mark.usefixtures("undrawn")
def test_without_a_training_there_is_no_front(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_unfinished_run(tmp_path, TRIALS[3:5])
    assert main(["front", str(folder)]) == 0
    assert capsys.readouterr().out == "no candidate was trained yet\n"
    assert "there is no front" in text_of(section(page_of(folder, measured=False), "front"))


def test_a_folder_without_a_run_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["front", str(tmp_path)]) == 1
    assert "contains no run" in capsys.readouterr().err


@pytest.mark.usefixtures("undrawn")
def test_the_page_has_the_front_and_the_costs(tmp_path: Path) -> None:
    text = text_of(section(page_of(with_larger(tmp_path)), "front"))
    assert "4 of 7 trained candidates are on the Pareto front" in text
    assert "65.0 % (43.3–81.9 %), best of 2 beyond it: costs 5.0 pp" in text
    assert "not known: none beyond it was trained" in text
