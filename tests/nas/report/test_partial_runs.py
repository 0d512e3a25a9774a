"""Reports of runs that are not finished, or that an earlier version made."""

from pathlib import Path

from tests.nas.report.page import by_class, page_of, section, text_of
from tests.nas.report.small_run import TRIALS, write_run, write_unfinished_run

SECTIONS = 9


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
        "The way of the search, in order",
        "Memory of each training: predicted and measured",
    ]
    best = text_of(by_class(page, "headlines")[0][1])
    assert best.startswith("validation accuracy, best so far 50.0 % k,c = 8,2; 95 % interval")
    for key in ("training", "classes", "target", "board"):
        assert "not finished" in text_of(section(page, key))


def test_a_run_in_which_nothing_was_trained_yet_is_told_about(tmp_path: Path) -> None:
    for name, trials in (("none", ()), ("fallen", TRIALS[3:9])):
        page = page_of(write_unfinished_run(tmp_path / name, trials), measured=False)
        assert len(list(page.iter("section"))) == SECTIONS
        assert "not known yet" in text_of(by_class(page, "headlines")[0])


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
