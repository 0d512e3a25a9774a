"""The published Table I, as the benchmark counts and prints it."""

import json
from pathlib import Path

import pytest

from benchmarks import paper
from nas.host.host_memory import PROFILES
from nas.report.published import HOST_ROWS, PUBLISHED_NETWORKS


def test_ram_and_flash_are_within_a_percent_and_macc_is_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "paper.json"
    monkeypatch.setattr("sys.argv", ["paper", "--resources-only", "--json", str(path)])
    assert paper.main() == 0
    rows = json.loads(path.read_text())["rows"]
    assert {row["host"] for row in rows if row["host"]} == set(PROFILES)
    assert len(rows) == len(PUBLISHED_NETWORKS) == len(capsys.readouterr().out.splitlines()) - 1
    for row in rows:
        ours, published = row["ours"], row["published"]
        assert ours["ram_kib"] == pytest.approx(published["ram_kib"], rel=0.01)
        assert ours["flash_kib"] == pytest.approx(published["flash_kib"], rel=0.01)
        assert ours["macc"] == published["macc"]


@pytest.mark.parametrize(
    "wrong", [{"macc": 905_529}, {"ram_kib": 25.4}, {"ram_kib": 24.7}, {"flash_kib": 13.8}]
)
def test_a_figure_that_differs_fails_the_benchmark(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, float]
) -> None:
    row = next(row for row in PUBLISHED_NETWORKS if str(row.candidate) == "5,3")
    fields = {name: getattr(row, name) for name in row.__dataclass_fields__}
    monkeypatch.setattr(paper, "PUBLISHED_NETWORKS", (type(row)(**(fields | wrong)),))
    monkeypatch.setattr("sys.argv", ["paper", "--resources-only"])
    assert paper.main() == 1


def test_every_published_winner_is_among_the_networks() -> None:
    for row in HOST_ROWS:
        assert row.network.candidate == row.winner


@pytest.mark.parametrize(("right", "count"), [(6286, 8059), (0, 10), (10, 10), (1, 2), (703, 1406)])
def test_intervals_are_those_of_scipy(right: int, count: int) -> None:
    from scipy.stats import binomtest  # it takes longer to import than all tests of this file

    interval = binomtest(right, count).proportion_ci(method="wilson")
    found = paper.wilson(right / count, count)
    assert (found.lowest, found.highest) == pytest.approx((interval.low, interval.high), abs=1e-6)


def test_a_search_needs_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["paper", "--data", "digits"])
    with pytest.raises(SystemExit) as end:
        paper.main()
    assert end.value.code == 2
