"""Flashes and measures boards and gives verdicts. Does I/O through the modules that it uses."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from firmware.errors import BoardError, SdkError
from firmware.files import sha256_of_file
from hil.agreement import Agreement, agreements
from hil.bench.ready_board import Choice, ready_board
from hil.board import Board
from hil.deadline import Deadline
from hil.elf import measure_elf, read_compilers
from hil.estimate import read_estimate
from hil.judge import Verdict, judge
from hil.linker_map import measure_code
from hil.measure import FirmwareBuild, Measurement, Settings, measure
from hil.project import Project, read_golden

Tell = Callable[[str], None]
"""Called with the progress, as text."""


LET_GO_S = 1.5
"""Longest wait for the release of boards after Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Session:
    """The settings of a measurement that are the same for all boards.

    Attributes:
        projects: The project's parts, one for each runtime in the firmware.
        settings: How to measure.
        estimate: A file of `nas estimate --json`, which is checked with its runtime.
        tell: Called with the progress.
        note: Called with messages that stay on the screen, such as a repeated attempt.
    """

    projects: tuple[Project, ...]
    settings: Settings
    estimate: Path | None = None
    tell: Tell = field(default=lambda _: None)
    note: Tell = field(default=lambda _: None)


def run_on_boards(
    session: Session, choices: Sequence[Choice]
) -> list[tuple[Choice, list[Verdict] | SdkError]]:
    """The verdicts of each board, or its error. The boards run in parallel.

    A failure of one board does not affect the results of the others.
    """
    if len(choices) == 1:
        return [(choices[0], _attempt(session, choices[0], threading.Event()))]
    cancelled = threading.Event()
    outcomes: dict[Choice, list[Verdict] | SdkError] = {}

    def work(choice: Choice) -> None:
        outcomes[choice] = _attempt(session, choice, cancelled)

    threads = [threading.Thread(target=work, args=(own,), daemon=True) for own in choices]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:
        # The boards are released, because every wait checks `cancelled`.
        cancelled.set()
        give_up = Deadline.after(LET_GO_S)
        for thread in threads:
            thread.join(give_up.left_s)
        raise
    lost = BoardError("the measurement ended without a result")
    return [(choice, outcomes.get(choice, lost)) for choice in choices]


def _attempt(
    session: Session, choice: Choice, cancelled: threading.Event
) -> list[Verdict] | SdkError:
    try:
        return run_on_board(session, choice, cancelled)
    except SdkError as error:
        return error
    except OSError as error:
        place = f" {str(error.filename)!r}" if error.filename else ""
        return BoardError(f"could not use{place}: {error.strerror or error}")


def run_on_board(
    session: Session, choice: Choice, cancelled: threading.Event | None = None
) -> list[Verdict]:
    """Flash a board, then measure and check each runtime of the project.

    Args:
        session: The settings.
        choice: The board.
        cancelled: Ends every wait when it is set.

    Raises:
        BoardError: The board cannot be used or measured; each reason has its class.
        ConfigError: The bench file, the golden file or the estimate cannot be used.
    """
    project = session.projects[0]
    if not project.firmware.is_file():
        raise BoardError(f"{str(project.firmware)!r} is missing; run without --no-build")
    size = measure_elf(project.firmware, project.model_symbols)

    def on_bytes(what: str, done: int, total: int) -> None:
        session.tell(f"{choice.name}: {what} {done:,} of {total:,} bytes")

    limit_s = session.settings.session_limit_s
    deadline = Deadline.after(limit_s + choice.wait_s, cancelled=cancelled)
    with ready_board(choice, project, size, on_bytes, session.note, deadline) as board:
        measured = [measure_on(board, own, session, deadline) for own in session.projects]
    return [
        _judged(own, measurement, agreement, session, board)
        for own, measurement, agreement in zip(
            session.projects, measured, agreements(session.projects, measured), strict=True
        )
    ]


def _judged(
    project: Project,
    measurement: Measurement,
    agreement: Agreement | None,
    session: Session,
    board: Board,
) -> Verdict:
    """The verdict of one runtime."""
    estimate = None
    if session.estimate is not None and project is session.projects[0]:
        estimate = read_estimate(session.estimate, project)
    width = session.settings.windows.half_width_fraction
    checks = judge(project, measurement, board.tolerance, estimate, width, agreement)
    return Verdict(project, measurement, checks, agreement)


def measure_on(
    board: Board, project: Project, session: Session, deadline: Deadline | None = None
) -> Measurement:
    """The measurement of one runtime on a board that runs the firmware."""
    return measure(
        board,
        project,
        read_golden(project.golden, project.inputs, project.outputs) if project.golden else None,
        FirmwareBuild(
            measure_elf(project.firmware, project.model_symbols),
            sha256_of_file(project.firmware),
            read_compilers(project.firmware),
            measure_code(project),
        ),
        session.settings,
        lambda done, total: session.tell(f"{board.name}: {project.runtime} {done} of {total}"),
        deadline,
    )
