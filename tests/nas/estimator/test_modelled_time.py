import json
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.costs.speed import modelled_speed_model, read_speed_model, shipped_speed_model
from codegen.model.read_tflite import parse_tflite
from firmware.cores import load_core
from firmware.errors import ConfigError
from firmware.files import write_json
from firmware.targets import load_target
from nas.cli import main
from nas.estimator.cost import Limits
from nas.estimator.network import Estimate, estimate
from nas.estimator.report import estimate_text
from nas.estimator.time_needed import estimate_time, worst_fraction
from tests.nas.estimator.test_pace import MODEL
from tests.small_model import small_model

TARGET = load_target("stm32f412")
NO_LIMITS = Limits(2**62, 2**62, 2**62)
PRICES = modelled_speed_model("static", TARGET)
assert TARGET.timing is not None
MODELLED = replace(MODEL, timing=TARGET.timing, compiler="gcc 12")


def estimated(target: str | None = None, is_calibrated: bool = False) -> Estimate:
    chip = TARGET if target is None else load_target(target)
    graph = parse_tflite(small_model())
    return estimate(
        "small", graph, 999, chip, NO_LIMITS, "static", MODEL if is_calibrated else None
    )


def test_the_prices_name_the_core_the_memories_and_the_compiler_they_hold_for() -> None:
    assert PRICES is not None
    assert (PRICES.unit, PRICES.core, PRICES.timing) == ("cycles", "cortex-m4", TARGET.timing)
    assert PRICES.compiler.startswith("arm-none-eabi-gcc")
    assert PRICES.error is not None


def test_every_kernel_with_a_price_in_instructions_has_one_in_cycles() -> None:
    instructions = shipped_speed_model("static", "cortex-m4")
    assert PRICES is not None
    assert instructions is not None
    assert PRICES.kernels.keys() == instructions.kernels.keys()


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("wait_states = 3", "wait_states = 5"),
        ("data_lines = 8", "data_lines = 0"),
        ("prefetches = true", "prefetches = false"),
        ('core = "cortex-m4"', 'core = "cortex-m7"'),
    ],
)
def test_a_target_with_another_timing_has_no_cycles(tmp_path: Path, line: str, other: str) -> None:
    text = (Path("firmware") / "chips" / "stm32f412.toml").read_text()
    assert line in text
    path = tmp_path / "other.toml"
    path.write_text(text.replace(line, other))
    assert estimated(str(path)).modelled_time is None


def test_the_same_memories_at_another_clock_take_as_many_cycles() -> None:
    slow = TARGET.with_chip(core_hz=50_000_000)
    times = [
        estimate("small", parse_tflite(small_model()), 999, chip, NO_LIMITS, "static").modelled_time
        for chip in (TARGET, slow)
    ]
    assert times[0] is not None
    assert times[1] is not None
    assert times[0].cycles == times[1].cycles
    assert times[0].middle_ms is not None
    assert times[1].middle_ms == pytest.approx(2 * times[0].middle_ms)


def test_the_calls_of_an_estimate_add_up_to_its_cycles_and_milliseconds() -> None:
    own = estimated()
    time = own.modelled_time
    assert time is not None
    assert time.cycles is not None
    calls = [operator.modelled_cycles for operator in own.operators]
    assert sum(cycles or 0 for cycles in calls) == pytest.approx(time.cycles, abs=len(calls))
    assert own.time is not None
    assert own.time.unit == "instructions"
    assert own.time.ticks is not None
    assert own.time.ticks < time.cycles < 3 * own.time.ticks
    assert time.middle_ms == pytest.approx(time.cycles / 100_000, rel=1e-3)
    assert time.lowest_ms is not None
    assert time.highest_ms is not None
    assert time.lowest_ms < time.middle_ms < time.highest_ms


def test_the_margin_is_the_worst_error_of_both_models() -> None:
    # 10 % of the prices, and 7.00 % of the cycle model: 1.1 x 1.07 is 17.7 % more.
    assert load_core("cortex-m4").known_timing().errors.worst_fraction == 0.07
    assert worst_fraction(MODELLED) == pytest.approx(0.177)
    assert worst_fraction(MODEL) == pytest.approx(0.1)
    assert worst_fraction(replace(MODELLED, error=None)) is None
    time, _ = estimate_time(MODELLED, [("MEAN", {"call": 1})], 1_000_000)
    assert time.highest_ms == pytest.approx(1.177)
    assert not time.is_calibrated


def test_a_calibrated_board_takes_the_place_of_modelled_cycles() -> None:
    own = estimated(is_calibrated=True)
    assert own.modelled_time is None
    assert own.time is not None
    assert own.time.is_calibrated
    assert all(operator.modelled_cycles is None for operator in own.operators)
    assert "modelled" not in estimate_text(own)


def test_a_calibration_in_instructions_does_not() -> None:
    graph, counted = parse_tflite(small_model()), replace(MODEL, unit="instructions")
    own = estimate("small", graph, 999, TARGET, NO_LIMITS, "static", counted)
    assert own.modelled_time is not None


def test_the_text_marks_what_is_modelled_and_tells_both_errors() -> None:
    text = estimate_text(estimated())
    assert "cycles, modelled" in text
    assert "ms at 100 MHz, not measured" in text
    assert "1.3 % (median), 7.0 % at worst from 48 calls measured on chips" in text
    assert "a range, not a prediction" not in text


def test_without_modelled_cycles_the_latency_is_a_range(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    text = (Path("firmware") / "chips" / "stm32f412.toml").read_text()
    path.write_text(text.partition("[timing]")[0])
    text = estimate_text(estimated(str(path)))
    assert "modelled" not in text
    assert "a range, not a prediction" in text


def test_modelled_prices_are_no_calibration(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    write_json(path, MODELLED.as_record())
    with pytest.raises(ConfigError, match="its cycles are modelled"):
        read_speed_model(path)


def test_json_has_the_modelled_time_beside_the_instructions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(small_model())
    assert main(["estimate", str(model), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["time"]["unit"] == "instructions"
    time = record["modelled_time"]
    assert set(time["error"]) == {"median", "worst", "count"}
    assert time["model_error"] == {
        "calls": 48,
        "median_fraction": 0.0131,
        "worst_fraction": 0.07,
    }
    assert time["middle_ms"] == pytest.approx(time["cycles"] / 100_000, rel=1e-3)
