import io
from types import SimpleNamespace
from typing import Any, cast

from firmware.progress import Progress
from nas.cli.narrator import Narrator
from nas.data.dataset import Dataset
from nas.host.machine import Machine
from nas.search.trials import Trial, TrialStatus
from nas.spaces import Candidate
from tests.fake_clock import FakeClock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def data(images: int) -> dict[int, Dataset]:
    counts = {"train": images, "valid": 10, "test": 10}
    names = SimpleNamespace(classes=("a", "b"), shape=(50, 50, 3), counts=counts)
    return {0: cast(Dataset, SimpleNamespace(**vars(names), skipped=("bad\x1b[2J.jpg",)))}


def told(stream: io.StringIO, clock: FakeClock, *, limit_bytes: int | None = 400_000_000) -> str:
    """What a search of one candidate tells, an epoch every 10 s."""
    narrator = Narrator(Progress("nas", stream, clock), clock)
    narrator.data_ready(data(3_000))
    narrator.judged_on(40)
    narrator.started(Machine(memory_bytes=limit_bytes))
    for epoch in (1, 2, 3):
        clock.sleep(10.0)
        event: dict[str, Any] = {"epoch": epoch, "epochs": 3, "accuracy": 0.5 + epoch / 10}
        narrator.trial_progressed(Candidate(k=2, c=1), event)
    narrator.trial_ended(
        Trial(Candidate(k=2, c=1), TrialStatus.TRAINED, None, "", (0.6, 0.8), 30.0, 31_000_000)
    )
    return stream.getvalue()


def test_an_epoch_is_told_with_speed_time_left_and_memory(clock: FakeClock) -> None:
    lines = told(io.StringIO(), clock).splitlines()
    assert lines[0] == "nas: 2 classes, images of 50x50x3: 3,000 to train, 10 to valid, 10 to test"
    assert lines[3].startswith(
        "nas: training 2,1: epoch 2 of 3, accuracy 0.7000 (0.397–0.892), 300 images/s, 10 s left, "
    )
    assert lines[3].endswith(" of 400 MB (20 s so far)")
    assert lines[-1] == "nas: 2,1 trained: 0.8000 (0.652–0.895) in 30 s, 31 MB"


def test_a_pipe_gets_neither_controls_nor_colours(clock: FakeClock) -> None:
    text = told(io.StringIO(), clock)
    assert all(character.isprintable() or character == "\n" for character in text)
    assert "skipped bad\\x1b[2J.jpg" in text


def test_a_terminal_gets_one_line_that_is_rewritten(clock: FakeClock) -> None:
    text = told(Terminal(), clock)
    assert text.count("\rnas: training 2,1") == 3
    assert "\x1b" not in text


def test_without_a_limit_none_is_named(clock: FakeClock) -> None:
    assert " of 400 MB" not in told(io.StringIO(), clock, limit_bytes=None)


def test_a_step_before_the_search_is_named_at_once_and_then_counted(clock: FakeClock) -> None:
    stream = io.StringIO()
    narrator = Narrator(Progress("nas", stream, clock), clock)
    narrator.image_decoded(1, 2)
    for done in range(1, 9):
        narrator.preparing(f"compiling {done} of 8")
        clock.sleep(2.0)
    lines = stream.getvalue().splitlines()
    assert lines[1:] == [f"nas: compiling {done} of 8" for done in (1, 4, 7)]


def test_what_is_not_as_it_was_asked_for_is_told(clock: FakeClock) -> None:
    stream = io.StringIO()
    Narrator(Progress("nas", stream, clock), clock).noted("1 of 2 workers: memory")
    assert stream.getvalue() == "nas: 1 of 2 workers: memory\n"


def test_a_stage_before_the_first_epoch_is_told_as_it_is(clock: FakeClock) -> None:
    """A machine that joins late compiles the trainer first."""
    stream = io.StringIO()
    narrator = Narrator(Progress("nas", stream, clock), clock)
    narrator.trial_progressed(Candidate(k=2, c=1), {"stage": "compiling the trainer"})
    narrator.winner_progressed({"stage": "converting"})
    assert stream.getvalue() == "nas: compiling the trainer\nnas: converting\n"
