"""From a project and the name of a board to a verdict. I/O through the parts that it joins."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from firmware.errors import BoardError, SdkError
from firmware.files import sha256_of_file
from hil.bench.ready_board import Choice, ready_board
from hil.board import Board
from hil.elf import measure_elf, read_compilers
from hil.estimate import read_estimate
from hil.judge import Verdict, judge
from hil.measure import Build, Measurement, Settings, measure
from hil.project import Project, read_golden

Tell = Callable[[str], None]
"""Is told where the work is, in words."""


@dataclass(frozen=True, slots=True)
class Session:
    """What is done on each board.

    Attributes:
        projects: What the firmware holds, one for each runtime.
        settings: How to measure.
        estimate: A file of `nas estimate --json`; it is judged beside its runtime.
        tell: Progress.
        note: What should stay in sight, such as an attempt that is repeated.
    """

    projects: tuple[Project, ...]
    settings: Settings
    estimate: Path | None = None
    tell: Tell = field(default=lambda _: None)
    note: Tell = field(default=lambda _: None)


def run_on_boards(
    session: Session, choices: Sequence[Choice]
) -> list[tuple[Choice, list[Verdict] | SdkError]]:
    """The verdicts of each board, or why there are none; boards work side by side."""

    def attempt(choice: Choice) -> list[Verdict] | SdkError:
        try:
            return run_on_board(session, choice)
        except SdkError as error:
            return error

    with ThreadPoolExecutor(max(1, len(choices))) as pool:
        return list(zip(choices, pool.map(attempt, choices), strict=True))


def run_on_board(session: Session, choice: Choice) -> list[Verdict]:
    """Flash a board, measure and judge each runtime of the project.

    Raises:
        BoardError: The board cannot be had or measured; each reason has its class.
        ConfigError: The bench file, the golden file or the estimate cannot be used.
    """
    project = session.projects[0]
    if not project.firmware.is_file():
        raise BoardError(f"{str(project.firmware)!r} is missing; run without --no-build")
    size = measure_elf(project.firmware, project.model_symbols)

    def on_bytes(what: str, done: int, total: int) -> None:
        session.tell(f"{choice.name}: {what} {done:,} of {total:,} bytes")

    with ready_board(choice, project, size, on_bytes, session.note) as board:
        return [judge_on(board, own, session) for own in session.projects]


def judge_on(board: Board, project: Project, session: Session) -> Verdict:
    """The verdict of one runtime on a board that runs the firmware."""
    measurement = measure_on(board, project, session)
    estimate = None
    if session.estimate is not None and project is session.projects[0]:
        estimate = read_estimate(session.estimate, project)
    width = session.settings.windows.half_width_fraction
    checks = judge(project, measurement, board.tolerance, estimate, width)
    return Verdict(project, measurement, checks)


def measure_on(board: Board, project: Project, session: Session) -> Measurement:
    """The measurement of one runtime on a board that runs the firmware."""
    return measure(
        board,
        project,
        read_golden(project.golden) if project.golden else None,
        Build(
            measure_elf(project.firmware, project.model_symbols),
            sha256_of_file(project.firmware),
            read_compilers(project.firmware),
        ),
        session.settings,
        lambda done, total: session.tell(f"{board.name}: {project.runtime} {done} of {total}"),
    )
