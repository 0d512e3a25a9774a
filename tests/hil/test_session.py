"""Several boards at once, one of which fails in a way that nobody foresaw."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.errors import BoardError
from hil.bench.ready_board import Choice
from hil.judge import Verdict
from hil.measure import Settings
from hil.session import LET_GO_S, Session, run_on_boards
from tests.hil.records import MEASUREMENT, PROJECT

SESSION = Session((replace(PROJECT, folder=Path("nowhere")),), Settings(1.0))
CONFIRMED = [Verdict(PROJECT, MEASUREMENT, ())]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            OSError(28, "No space left on device", "/x/golden"),
            "could not use '/x/golden': No space",
        ),
        (PermissionError(13, "Permission denied"), "could not use: Permission denied"),
        (OSError("odd"), "could not use: odd"),
    ],
)
def test_an_error_of_the_system_at_one_board_leaves_the_others_their_results(
    monkeypatch: pytest.MonkeyPatch, error: OSError, text: str
) -> None:
    def run(session: Session, choice: Choice, cancelled: threading.Event) -> list[Verdict]:
        if choice.name == "broken":
            raise error
        return CONFIRMED

    monkeypatch.setattr("hil.session.run_on_board", run)
    choices = [Choice("left"), Choice("broken"), Choice("right")]
    outcomes = dict(run_on_boards(SESSION, choices))
    assert outcomes[choices[0]] == outcomes[choices[2]] == CONFIRMED
    failure = outcomes[choices[1]]
    assert isinstance(failure, BoardError)
    assert str(failure).startswith(text)
    assert isinstance(run_on_boards(SESSION, [Choice("broken")])[0][1], BoardError)


def test_ctrl_c_lets_all_boards_go(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go: list[str] = []

    def run(session: Session, choice: Choice, cancelled: threading.Event) -> list[Verdict]:
        assert cancelled.wait(30)
        let_go.append(choice.name)
        return []

    def interrupt(self: threading.Thread, timeout: float | None = None) -> None:
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr("hil.session.run_on_board", run)
    monkeypatch.setattr("hil.session.threading.Thread.join", interrupt)
    started_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_on_boards(SESSION, [Choice("left"), Choice("right")])
    assert sorted(let_go) == ["left", "right"]
    assert time.monotonic() - started_s < LET_GO_S + 1
