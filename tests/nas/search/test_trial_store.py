"""Stores of trials that are damaged, old, of somebody else, or in use."""

import contextlib
import os
import random
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.errors import ConfigError, RecordError, SdkError
from nas.estimator.cost import Cost
from nas.search.trial_store import TrialStore, read_trials
from nas.search.trials import Trial, TrialStatus
from nas.spaces import Candidate
from tests.fake_clock import FakeClock
from tests.host_compiler import ROOT
from tests.nas.report.small_run import CONFIG, TRIALS, write_unfinished_run

CORPUS = ROOT / "tests" / "corpus" / "trials"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = write_unfinished_run(tmp_path_factory.mktemp("whole"), TRIALS)
    return (folder / "trials.sqlite").read_bytes()


def lay(folder: Path, content: bytes) -> Path:
    path = folder / "trials.sqlite"
    for old in folder.glob("trials*"):
        old.unlink()
    path.write_bytes(content)
    return path


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def is_one_short_line(error: SdkError) -> bool:
    return len(str(error)) < 500 and "\n" not in str(error)


def check_damaged(folder: Path, content: bytes) -> None:
    """A refusal of one line or the right trials; what a run goes on without is kept beside it."""
    path = lay(folder, content)
    refusal: SdkError | None = None
    try:
        assert read_trials(path) == list(TRIALS)
    except SdkError as error:
        refusal = error
    assert refusal is None or is_one_short_line(refusal)
    assert path.read_bytes() == content
    try:
        with TrialStore(folder, CONFIG) as store:
            assert set(store.all()) <= set(TRIALS)
            assert store.all() == list(TRIALS) or "go on in a new file" in store.notice
            if store.notice:
                assert (folder / "trials.kept-1.sqlite").read_bytes() == content
    except SdkError as error:
        refusal = error
        assert path.read_bytes() == content
    assert refusal is None or is_one_short_line(refusal)


@pytest.mark.parametrize("seed", range(4))
def test_a_flipped_bit_gives_the_right_trials_or_a_refusal(
    tmp_path: Path, whole: bytes, seed: int
) -> None:
    rng = random.Random(seed)
    for _ in range(40):
        check_damaged(tmp_path, flipped(whole, rng.randrange(8 * len(whole))))


def test_a_file_that_was_cut_gives_the_right_trials_or_a_refusal(
    tmp_path: Path, whole: bytes
) -> None:
    rng = random.Random(0)
    for _ in range(25):
        check_damaged(tmp_path, whole[: rng.randrange(1, len(whole))])


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*")), ids=lambda path: path.name)
def test_a_file_that_once_broke_a_reader_is_refused(tmp_path: Path, path: Path) -> None:
    check_damaged(tmp_path, path.read_bytes())


def change(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(statement)


def test_a_trial_that_was_changed_is_told_and_trained_again(tmp_path: Path, whole: bytes) -> None:
    path = lay(tmp_path, whole)
    change(path, "UPDATE trials SET accuracies = '[0.99, 0.99]' WHERE number = 2")
    text = "does not match its checksum; 10 trials can be read; start the same 'nas run' again"
    with pytest.raises(RecordError, match=text):
        read_trials(path)
    with TrialStore(tmp_path, CONFIG) as store:
        assert store.all() == [trial for trial in TRIALS if trial is not TRIALS[1]]
        assert store.find(TRIALS[1].evaluation) is None
        assert "10 trials go on in a new file, the old one is trials.kept-1" in store.notice
    with TrialStore(tmp_path, CONFIG) as store:
        assert store.notice == ""
        assert len(store.all()) == len(TRIALS) - 1


def test_a_damaged_file_never_takes_the_place_of_another_that_was_kept(
    tmp_path: Path, whole: bytes
) -> None:
    path = lay(tmp_path, whole)
    for number in (2, 3):
        change(path, f"UPDATE trials SET seconds = 9 WHERE number = {number}")  # noqa: S608
        with TrialStore(tmp_path, CONFIG):
            pass
    assert (tmp_path / "trials.kept-1.sqlite").exists()
    assert (tmp_path / "trials.kept-2.sqlite").exists()


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("PRAGMA application_id = 77", "it is the database of another program"),
        ("PRAGMA user_version = 4", "a later version of the SDK wrote it: schema 4, expected 3"),
        ("CREATE TABLE notes (text TEXT)", "its tables are not those of trials"),
        ("UPDATE search SET config = '{}'", "the settings of the search cannot be read"),
        ("DELETE FROM search", "it does not record to which search its trials belong"),
    ],
)
def test_what_cannot_be_gone_on_with_is_refused_and_left_as_it_is(
    tmp_path: Path, whole: bytes, statement: str, text: str
) -> None:
    path = lay(tmp_path, whole)
    change(path, statement)
    content = path.read_bytes()
    with pytest.raises(RecordError, match=f"{text}; move it away, or choose another --out"):
        TrialStore(tmp_path, CONFIG)
    assert path.read_bytes() == content


def test_the_database_of_another_program_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "trials.sqlite"
    change(path, "CREATE VIEW trials AS SELECT 1 AS number")
    with pytest.raises(RecordError, match="is not a store of trials: its tables are not those"):
        read_trials(path)


def test_a_store_that_another_program_has_locked_is_named_and_not_replaced(
    tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.search.trial_file._WAIT_S", 0.05)
    path = lay(tmp_path, whole)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RecordError, match="it cannot be read now: database is locked"):
            read_trials(path)
        with pytest.raises(RecordError, match="it cannot be read now: database is locked"):
            TrialStore(tmp_path, CONFIG)
    assert [own.name for own in tmp_path.glob("trials*")] == ["trials.sqlite"]


def test_a_pipe_or_an_endless_file_is_no_store(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "trials.sqlite")
    for path in (tmp_path / "trials.sqlite", Path("/dev/zero")):
        with pytest.raises(RecordError, match="it is not a regular file"):
            read_trials(path)
    large = tmp_path / "large"
    with large.open("wb") as stream:
        stream.truncate(1 << 30)
    with pytest.raises(RecordError, match=r"it is larger than 67,108,864 bytes"):
        read_trials(large)


FIRST = """
CREATE TABLE search (only INTEGER PRIMARY KEY CHECK (only = 0), config TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS trials (
    k INTEGER NOT NULL,
    c INTEGER NOT NULL,
    side INTEGER NOT NULL,
    repeat INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    macc INTEGER,
    model_bytes INTEGER,
    arena_bytes INTEGER,
    accuracies TEXT NOT NULL,
    seconds REAL NOT NULL,
    peak_anonymous_bytes INTEGER NOT NULL,
    predicted_anonymous_bytes INTEGER NOT NULL,
    PRIMARY KEY (k, c, side, repeat)
);
INSERT INTO trials VALUES (8, 2, 0, 0, 'trained', '', 9000, 9000, 1000, '[0.25, 0.5]', 1.5, 2, 1);
INSERT INTO trials VALUES (8, 9, 0, 0, 'infeasible', 'no', NULL, NULL, NULL, '[]', 0.0, 0, 0);
"""


def lay_first(folder: Path) -> Path:
    path = folder / "trials.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript(FIRST)
    return path


def test_the_trials_of_an_earlier_version_are_read_and_gone_on_with(tmp_path: Path) -> None:
    path = lay_first(tmp_path)
    first = Trial(
        Candidate(k=8, c=2), TrialStatus.TRAINED, Cost(9000, 9000, 1000), "", (0.25, 0.5), 1.5, 2, 1
    )
    second = Trial(Candidate(k=8, c=9), TrialStatus.INFEASIBLE, None, "no")
    assert read_trials(path) == [first, second]
    config = str(CONFIG.training_record()).replace("'", '"')
    change(path, f"INSERT INTO search VALUES (0, '{config}')")  # noqa: S608
    for notice in ("trials.sqlite was of an earlier version: 2 trials go on in a new file", ""):
        with TrialStore(tmp_path, CONFIG) as store:
            assert store.all() == [first, second]
            assert store.seconds is None
            assert store.notice.startswith(notice)
            assert bool(store.notice) == bool(notice)


def test_a_damaged_store_of_an_earlier_version_is_refused_for_it_has_no_checksums(
    tmp_path: Path,
) -> None:
    path = lay_first(tmp_path)
    change(path, "UPDATE trials SET accuracies = '[7]'")
    with pytest.raises(RecordError, match=r"a trial cannot be read: .*<= 1.0"):
        TrialStore(tmp_path, CONFIG)


def test_the_time_of_a_search_goes_on_where_its_last_trial_ended(tmp_path: Path) -> None:
    clock = FakeClock()
    with TrialStore(tmp_path, CONFIG, clock) as store:
        clock.sleep(60.0)
        store.add(TRIALS[0])
        clock.sleep(5.0)
    clock.sleep(86_400.0)
    with TrialStore(tmp_path, CONFIG, clock) as store:
        assert store.seconds == 60.0
        clock.sleep(3.0)
        assert store.seconds == 63.0


def test_a_difference_of_a_thousand_classes_is_told_in_one_short_line(tmp_path: Path) -> None:
    many = replace(CONFIG, classes=tuple(f"class number {number}" for number in range(1000)))
    with TrialStore(tmp_path, many):
        pass
    with pytest.raises(ConfigError, match="trials of another search: classes") as refusal:
        TrialStore(tmp_path, CONFIG)
    assert len(str(refusal.value)) < 500


def test_a_full_disk_loses_no_trial_and_says_what_helps(tmp_path: Path) -> None:
    with TrialStore(tmp_path, CONFIG) as store:
        store.add(TRIALS[0])
        (pages,) = store._database.execute("PRAGMA page_count").fetchone()
        store._database.execute(f"PRAGMA max_page_count = {pages}")
        long = replace(TRIALS[1], reason="x" * 5000)
        text = r"is full; free space there, and run the same command to resume$"
        with pytest.raises(ConfigError, match=text):
            store.add(long)
        assert store.all() == [TRIALS[0]]
    assert read_trials(tmp_path / "trials.sqlite") == [TRIALS[0]]
