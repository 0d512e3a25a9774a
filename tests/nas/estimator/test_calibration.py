import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codegen.costs.speed import KernelPrices, SpeedModel, read_speed_model, shipped_speed_model
from codegen.costs.work import step_work
from codegen.model.graph import Graph
from codegen.model.read_tflite import parse_tflite
from codegen.planning.planner import plan_graph
from firmware.errors import ConfigError
from nas.cli import main
from nas.estimator.calibration import MeasuredCall, MeasuredCalls, calibrate, read_measurements
from nas.estimator.pace import Pace
from tests.small_model import small_model

PRICES = {"call": 60.0, "pixels": 11.0, "taps": 1.5}


def measured(count: int, noise: float = 0.0, unit: str = "cycles") -> MeasuredCalls:
    """Calls of one kernel that cost what `PRICES` say, two in each network."""
    rng = np.random.default_rng(0)
    calls = []
    for index in range(count):
        work = {"call": 1, "pixels": int(rng.integers(10, 900))}
        work["taps"] = work["pixels"] * int(rng.integers(1, 60))
        ticks = sum(PRICES[part] * amount for part, amount in work.items())
        calls.append(
            MeasuredCall(f"network{index // 2}", "POOL", work, ticks * rng.normal(1, noise))
        )
    return MeasuredCalls(unit, "static", "cortex-m4", "nucleo", tuple(calls))


def test_the_prices_of_exact_measurements_are_found_again() -> None:
    model = calibrate(measured(40))
    assert model.kernels["POOL"].prices == pytest.approx(PRICES, rel=0.02)
    assert model.error is not None
    assert model.error.worst < 0.01
    assert model.error.count == 20


def test_the_error_held_out_is_about_the_noise_of_the_measurements() -> None:
    error = calibrate(measured(200, noise=0.05)).kernels["POOL"].error
    assert error is not None
    assert 0.02 < error.median < 0.05


def test_few_measurements_scale_a_known_model_by_one_factor() -> None:
    start = SpeedModel(
        "instructions",
        "static",
        "cortex-m4",
        "",
        {
            "POOL": KernelPrices({part: value / 1.25 for part, value in PRICES.items()}, None),
            "CONV": KernelPrices({"call": 100.0}, None),
        },
    )
    model = calibrate(measured(3), start)
    assert model.unit == "cycles"
    assert model.kernels["POOL"].prices == pytest.approx(PRICES)
    assert model.kernels["CONV"].prices == pytest.approx({"call": 125.0})
    assert model.kernels["CONV"].error is None


def test_only_the_networks_that_count_are_in_the_error_of_whole_networks() -> None:
    given = measured(20, noise=0.05)
    some, every = calibrate(given, counted=given.networks[:3]), calibrate(given)
    assert some.error is not None
    assert every.error is not None
    assert (some.error.count, every.error.count) == (3, len(given.networks))
    assert some.kernels == every.kernels


def test_no_part_costs_less_than_nothing() -> None:
    rng = np.random.default_rng(1)
    calls = tuple(
        MeasuredCall(
            f"n{i}", "POOL", {"call": 1, "pixels": i, "taps": 7 * i}, rng.uniform(50, 5000)
        )
        for i in range(30)
    )
    model = calibrate(MeasuredCalls("cycles", "static", "cortex-m4", "nucleo", calls))
    assert all(value > 0 for value in model.kernels["POOL"].prices.values())


def record(**changes: Any) -> dict[str, Any]:
    step = {"kernel": "MEAN", "work": {"call": 1, "quads": 1, "quad taps": 16}, "cycles": 640}
    return {
        "runtime": "static",
        "board": "nucleo",
        "model_sha256": "0" * 64,
        "cycles": 700,
        "steps": [step],
        "checks": [],
        "verdict": "confirmed",
    } | changes


def test_a_calibrated_model_gives_milliseconds_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = []
    for index in range(3):
        paths.append(tmp_path / f"{index}.json")
        paths[-1].write_text(json.dumps(record(model_sha256=f"{index:064d}")))
    out = tmp_path / "model.json"
    assert main(["calibrate", *map(str, paths), "--out", str(out)]) == 0
    assert "whole networks" in capsys.readouterr().out
    assert read_speed_model(out).unit == "cycles"
    assert main(["estimate", "--candidate", "3,2", "--latency-model", str(out), "--json"]) == 0
    time = json.loads(capsys.readouterr().out)["time"]
    assert time["is_calibrated"] is True
    assert time["unit"] == "cycles"
    shipped = shipped_speed_model("static", "cortex-m4")
    assert shipped is not None
    ratio = 640 / (shipped.predict("MEAN", {"call": 1, "quads": 1, "quad taps": 16}) or 0)
    milliseconds = time["ticks"] / 100e6 * 1000
    # All networks agree, so that the error, which makes the range, is nothing but rounding.
    assert time["lowest_ms"] == pytest.approx(milliseconds)
    assert time["highest_ms"] == pytest.approx(milliseconds)
    assert main(["estimate", "--candidate", "3,2", "--json"]) == 0
    time_in_instructions = json.loads(capsys.readouterr().out)["time"]
    assert time["ticks"] == pytest.approx(ratio * time_in_instructions["ticks"], rel=0.001)
    assert time_in_instructions["is_calibrated"] is False


def test_the_error_of_a_calibration_from_one_network_is_unknown_and_not_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measurement, out = tmp_path / "0.json", tmp_path / "model.json"
    measurement.write_text(json.dumps(record()))
    assert main(["calibrate", str(measurement), "--out", str(out)]) == 0
    assert "error is unknown: one network was measured" in capsys.readouterr().out
    estimate = ["estimate", "--candidate", "3,2", "--latency-model", str(out)]
    assert main(estimate) == 0
    text = capsys.readouterr().out
    assert "error unknown: too few networks were measured" in text
    assert re.search(r"latency +\d+\.\d\d ms at 100 MHz, with an unknown error", text)
    assert main([*estimate, "--json"]) == 0
    time = json.loads(capsys.readouterr().out)["time"]
    assert time["lowest_ms"] is time["highest_ms"] is time["error"] is None
    assert time["middle_ms"] == pytest.approx(time["ticks"] / 100e6 * 1000)


def test_a_limit_of_time_is_refused_where_the_error_of_the_latency_model_is_unknown() -> None:
    model = calibrate(measured(2))
    graph = parse_tflite(small_model())
    pace = Pace(replace(model, kernels=dict.fromkeys(_kernels(graph), KernelPrices({}, None))), 1)
    with pytest.raises(ConfigError, match="error is unknown: it was fitted on one network"):
        pace.latency_us(graph)


def _kernels(graph: Graph) -> set[str]:
    return {step_work(graph, step)[0] for step in plan_graph(graph).steps}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            json.dumps(record(steps=[{"kernel": "MEAN", "work": {}}])),
            r"steps\[0\]: expected a kernel",
        ),
        ("no JSON", "is not a measurement of kernel calls"),
        ("[]", "is not a measurement of kernel calls"),
        (json.dumps({"steps": [{}]}), "is not a measurement of kernel calls"),
        (json.dumps(record(steps=[])), "contains no kernel calls"),
        (json.dumps(record(steps=[{"kernel": "MEAN", "work": 3, "cycles": 1}])), "is not a meas"),
    ],
)
def test_files_that_are_no_measurements_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "measurement.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_measurements([path], "cortex-m4")


def test_measurements_of_different_boards_do_not_go_together(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(json.dumps(record(board=name)))
    with pytest.raises(ConfigError, match="have different units, runtimes or boards"):
        read_measurements([tmp_path / "a", tmp_path / "b"], "cortex-m4")


@pytest.mark.parametrize("text", ["", "{}", '{"schema": 1, "unit": "hours"}', "[1]"])
def test_files_that_are_no_speed_models_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="is not a speed model"):
        read_speed_model(path)
