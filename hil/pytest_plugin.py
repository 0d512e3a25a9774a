"""A pytest plugin: fixtures that give your own tests a board with its firmware.

    pytest --hil-project build/door --hil-board desk

Without `--hil-project` every test that asks for one of the fixtures is skipped. The board is locked
and flashed once for all tests.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hil.board import Board
    from hil.judge import Verdict
    from hil.measure import Measurement
    from hil.project import Project
    from hil.protocol import BenchClient
    from hil.session import Session


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options for the board and the project."""
    from hil.option_values import positive_seconds, seconds

    group = parser.getgroup("hil", "hardware in the loop")
    add = group.addoption
    add("--hil-project", type=Path, metavar="DIR", help="folder made by 'codegen build'")
    add("--hil-board", default="virtual", metavar="BOARD", help="as for 'hil run' (%(default)s)")
    add("--hil-bench", type=Path, metavar="FILE", help="bench file (bench.toml)")
    add(
        "--hil-wait-s", type=seconds, default=0.0, metavar="S", help="longest wait for a busy board"
    )
    add(
        "--hil-timeout-s",
        type=positive_seconds,
        default=60.0,
        metavar="S",
        help="longest wait for one answer",
    )
    add("--hil-no-flash", action="store_true", help="the board already runs the firmware")


@pytest.fixture(scope="session")
def hil_session(request: pytest.FixtureRequest) -> "Session":
    """The built project and the measurement settings."""
    from firmware.platformio import run_platformio
    from hil.measure import Settings
    from hil.project import read_project
    from hil.session import Session

    folder = request.config.getoption("--hil-project")
    if folder is None:
        pytest.skip("--hil-project does not name a project")
    projects = read_project(folder)
    run_platformio(projects[0].folder, projects[0].target)
    return Session(projects, Settings(request.config.getoption("--hil-timeout-s")))


@pytest.fixture(scope="session")
def hil_project(hil_session: "Session") -> "Project":
    """The predicted values of the project; with several runtimes, those of the first."""
    return hil_session.projects[0]


@pytest.fixture(scope="session")
def hil_flashed(
    request: pytest.FixtureRequest, hil_session: "Session", hil_project: "Project"
) -> Iterator["Board"]:
    """The board with the project's firmware, locked for this process."""
    from hil.bench.ready_board import Choice, ready_board
    from hil.deadline import Deadline
    from hil.elf import measure_elf

    option = request.config.getoption
    choice = Choice(
        option("--hil-board"),
        option("--hil-bench"),
        not option("--hil-no-flash"),
        option("--hil-wait-s"),
    )
    size = measure_elf(hil_project.firmware, hil_project.model_symbols)
    deadline = Deadline.after(hil_session.settings.session_limit_s + choice.wait_s)
    silent = (lambda *_: None, lambda _: None)
    with ready_board(choice, hil_project, size, *silent, deadline) as board:
        yield board


@pytest.fixture(scope="session")
def hil_measurement(
    hil_session: "Session", hil_project: "Project", hil_flashed: "Board"
) -> "Measurement":
    """The measurement of the project on the board."""
    from hil.session import measure_on

    return measure_on(hil_flashed, hil_project, hil_session)


@pytest.fixture(scope="session")
def hil_verdict(
    hil_project: "Project", hil_flashed: "Board", hil_measurement: "Measurement"
) -> "Verdict":
    """All checks: predicted values of the project compared with measured values."""
    from hil.judge import Verdict, judge

    checks = judge(hil_project, hil_measurement, hil_flashed.tolerance)
    return Verdict(hil_project, hil_measurement, checks)


@pytest.fixture
def hil_board(request: pytest.FixtureRequest, hil_flashed: "Board") -> Iterator["BenchClient"]:
    """A connection to the board, to run your own inputs: `hil_board.run(data).output`."""
    from hil.protocol import BenchClient

    with ExitStack() as stack:
        board = stack.enter_context(hil_flashed)
        client = BenchClient(board.transport, request.config.getoption("--hil-timeout-s"))
        client.connect()
        client.identify()
        yield client
