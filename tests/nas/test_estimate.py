import json
import subprocess
import sys
from pathlib import Path

import pytest

from codegen.planner import plan_graph
from nas.cli import main
from nas.lower import lower_paper
from tests.nas.published import ROWS, Row

ROOT = Path(__file__).parent.parent.parent


def estimated(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main(["estimate", *arguments, "--json"]) == 0
    record: dict[str, object] = json.loads(capsys.readouterr().out)
    return record


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.candidate))
def test_a_candidate_is_estimated_before_it_exists(
    capsys: pytest.CaptureFixture[str], row: Row
) -> None:
    candidate = str(row.candidate)
    record = estimated(
        capsys, "--candidate", candidate, "--input", "50x50x3", "--classes", "2", "--space", "paper"
    )
    assert record["macc"] == row.macc
    plan = plan_graph(lower_paper(row.candidate, (50, 50, 3), 2))
    assert record["arena_bytes"] == plan.arena_bytes
    assert record["fits"] is True
    operators = record["operators"]
    assert isinstance(operators, list)
    assert sum(operator["macc"] for operator in operators) == row.macc
    assert [operator["live_bytes"] for operator in operators] == list(plan.live_bytes)


def test_the_limits_are_those_of_the_target_unless_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = estimated(capsys, "--candidate", "6,4", "--ram", "7000")
    assert record["limits"] == {"macc": 3_390_000, "flash_bytes": 1 << 20, "ram_bytes": 7000}
    assert record["fits"] is False


def test_the_table_ends_with_whether_it_fits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "--candidate", "6,4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "fits: yes"
    assert any(line.split()[:2] == ["RAM,", "bytes"] for line in lines)


def test_an_estimate_loads_neither_tensorflow_nor_other_slow_packages() -> None:
    source = (
        "import sys; from nas.cli import main; main(['estimate', '--candidate', '9,4', '--json']); "
        "sys.exit(bool({'tensorflow', 'keras', 'sklearn', 'platformio'} & set(sys.modules)))"
    )
    completed = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, timeout=60
    )
    assert completed.returncode == 0
