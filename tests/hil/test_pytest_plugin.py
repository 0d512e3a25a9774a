from pathlib import Path

import pytest

from tests.hil.conftest import NEEDS_BOARD, VIRTUAL_NUCLEO

pytest_plugins = ("pytester",)

TESTS = """
def test_the_board_keeps_its_promises(hil_verdict):
    assert hil_verdict.holds, hil_verdict.checks

def test_the_arena_is_small(hil_measurement, hil_project):
    assert hil_measurement.identity.arena_bytes == hil_project.arena_bytes

def test_an_input_of_my_own(hil_board, hil_project):
    size = hil_project.manifest["inputs"][0]["bytes"]
    assert len(hil_board.run(bytes(size)).output) == hil_project.manifest["outputs"][0]["bytes"]
"""


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    pytester.makepyfile(TESTS)
    # The plugin is found as it is where the package is installed: by its entry point.
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", *options)


@NEEDS_BOARD
@VIRTUAL_NUCLEO
@pytest.mark.parametrize("board", ["virtual", "virtual-nucleo"])
def test_tests_of_a_user_get_a_board(pytester: pytest.Pytester, project: Path, board: str) -> None:
    result = run(pytester, "--hil-project", str(project), "--hil-board", board)
    result.assert_outcomes(passed=3)


def test_without_a_project_they_are_skipped_with_a_reason(pytester: pytest.Pytester) -> None:
    result = run(pytester, "-rs")
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(["*--hil-project does not name a project*"])
