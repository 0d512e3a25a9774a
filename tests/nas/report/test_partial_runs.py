"""Reports of runs that are not finished, or that an earlier version made."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.report.facts import gather
from nas.report.record import report_record
from nas.report.run_folder import read_run
from nas.report.sections.published import published_section
from nas.report.sections.search import time_text
from nas.report.sections.target import target_section
from tests.nas.report.page import by_class, page_of, section, text_of
from tests.nas.report.small_run import (
    TRIALS,
    timed_start_record,
    write_run,
    write_unfinished_run,
)

SECTIONS = 10


def test_a_run_that_is_not_finished_says_so_and_shows_what_there_is(tmp_path: Path) -> None:
    page = page_of(write_unfinished_run(tmp_path), measured=False)
    (notice,) = by_class(page, "notice")
    assert text_of(notice).startswith("This run is not finished: 4 trials so far, 3 trained.")
    captions = [text_of(own) for own in page.iter("figcaption")]
    assert captions == [
        "Used of each limit",
        "Accuracy against RAM",
        "Accuracy against flash",
        "Accuracy against MACC",
        "The path of the search, in order",
        "The Pareto front: accuracy, and what it needs",
        "Memory of each training: predicted and measured",
    ]
    best = text_of(by_class(page, "headlines")[0][1])
    assert best.startswith("validation accuracy, best so far 50.0 % k,c = 8,2; 95 % interval")
    for key in ("training", "classes", "target", "board"):
        assert "not finished" in text_of(section(page, key))


def test_a_run_in_which_nothing_was_trained_yet_is_told_about(tmp_path: Path) -> None:
    for name, trials in (("none", ()), ("not_trained", TRIALS[3:9])):
        page = page_of(write_unfinished_run(tmp_path / name, trials), measured=False)
        assert len(list(page.iter("section"))) == SECTIONS
        assert "not known yet" in text_of(by_class(page, "headlines")[0])


@pytest.mark.usefixtures("undrawn")
def test_a_run_of_an_earlier_version_says_what_it_lacks(tmp_path: Path) -> None:
    absent = ("command", "target", "host", "machine", "final_losses", "test_answers")
    page = page_of(write_run(tmp_path, **dict.fromkeys(absent)))
    for key, text in (
        ("limits", "limit of the host's memory is not in this run's record"),
        ("training", "training loss of each epoch is not in this run's record"),
        ("classes", "What the models answered on each test image is not in this run's record"),
        ("provenance", "command line is not in this run's record"),
    ):
        assert text in text_of(section(page, key))
    assert len(list(page.iter("section"))) == SECTIONS


def test_what_was_too_slow_is_over_the_time_limit_in_a_run_that_is_not_finished(
    tmp_path: Path,
) -> None:
    cost = TRIALS[3].cost
    assert cost is not None
    small = replace(cost, arena_bytes=1_000)
    reason = "latency 9,000 of 3,000 µs"
    slow = replace(TRIALS[3], cost=replace(small, latency_us=9_000), reason=reason)
    of_old = replace(TRIALS[4], cost=small, reason=reason)
    write_unfinished_run(tmp_path, (TRIALS[0], slow, of_old), timed_start_record())
    record = report_record(gather(read_run(tmp_path), ()))
    assert [trial["outcome"] for trial in record["trials"]] == [
        "trained",
        "over the time limit",
        "over a limit",
    ]


def test_the_time_that_passed_and_the_sum_over_workers_are_told_apart(tmp_path: Path) -> None:
    facts = gather(read_run(write_run(tmp_path / "new", search_seconds=7_200.0)), ())
    assert "The search took 2.0 h. Worker time 8 s, summed over trainings." in time_text(facts)
    assert published_section(facts).tables[0].rows[0][-1] == "2.0 h"
    record = report_record(facts)
    assert (record["search_seconds"], record["worker_seconds"]) == (7_200.0, 7.5)


def test_the_time_that_passed_is_not_made_of_the_sum_where_it_was_not_recorded(
    tmp_path: Path,
) -> None:
    facts = gather(read_run(write_run(tmp_path)), ())
    assert "the time that passed is not in the record" in time_text(facts)
    assert published_section(facts).tables[0].rows[0][-1] == "–"
    assert report_record(facts)["search_seconds"] is None


def test_instructions_of_a_core_without_modelled_cycles_have_no_milliseconds(
    tmp_path: Path,
) -> None:
    facts = gather(read_run(write_run(tmp_path)), ())
    assert facts.estimate is not None
    assert facts.estimate.time is not None
    time = replace(facts.estimate.time, lowest_ms=None, highest_ms=None)
    own = replace(facts, estimate=replace(facts.estimate, time=time, modelled_time=None))
    told = next(one for one in report_record(own)["headlines"] if one["label"] == "one inference")
    assert told["value"] == "not known"
    assert told["detail"].endswith("instructions, estimated; no cycles are modelled")
    assert f"Estimated: {time.ticks:,} instructions per inference" in target_section(own).notes[1]
    assert " ms" not in " ".join(target_section(own).notes)
