"""What `make check-bench` compares with the recorded figures of the static runtime."""

import copy
import json
from typing import Any

import pytest

from benchmarks.runtime import CORES, ROOT, check, main
from firmware.cores import known_cores

RECORDED = json.loads((ROOT / "benchmarks" / "runtime.json").read_text())
MODEL = "nas_k8_c3"


@pytest.fixture
def measured() -> dict[str, Any]:
    """As recorded."""
    own: dict[str, Any] = copy.deepcopy(RECORDED)
    return own


def test_every_core_is_recorded() -> None:
    cores = RECORDED[CORES][MODEL]
    assert sorted(cores) == sorted(known_cores())
    for own in cores.values():
        assert own["model_sha256"] == RECORDED[MODEL]["model_sha256"]
        assert own["outputs_identical_fraction"] == 1


def test_the_same_figures_pass(measured: dict[str, Any]) -> None:
    assert check(measured, RECORDED) == 0


def test_a_model_that_is_not_recorded_is_not_compared(measured: dict[str, Any]) -> None:
    assert check({"other": measured[MODEL], CORES: {"other": {}}}, RECORDED) == 0


@pytest.mark.parametrize("name", ["stack_peak_bytes", "instructions"])
def test_another_figure_on_one_core_fails(
    measured: dict[str, Any], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    measured[CORES][MODEL]["cortex-m33"][name] += 1
    assert check(measured, RECORDED) == 1
    own = RECORDED[CORES][MODEL]["cortex-m33"][name]
    said = f"{MODEL} on cortex-m33: {name} is {own + 1:,}, recorded {own:,}"
    assert said in capsys.readouterr().err


def test_another_figure_of_a_model_fails(measured: dict[str, Any]) -> None:
    measured[MODEL]["arena_bytes"] -= 1
    assert check(measured, RECORDED) == 1


def test_a_figure_that_the_record_lacks_is_an_error(measured: dict[str, Any]) -> None:
    recorded = copy.deepcopy(RECORDED)
    del recorded[MODEL]["instructions"]
    with pytest.raises(KeyError, match="instructions"):
        check(measured, recorded)


def test_nothing_to_measure_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["runtime", "--check", "benchmarks/runtime.json"])
    with pytest.raises(SystemExit):
        main()
    assert "name a model, or one with --cores" in capsys.readouterr().err
