from dataclasses import replace

import pytest

from hil.estimate import PredictedValues
from hil.judge import (
    EXIT_OUTPUTS_DIFFER,
    EXIT_REFUTED,
    Check,
    Verdict,
    all_hold,
    judge,
    verdict_code,
)
from hil.measure import Measurement
from hil.outputs import Outputs
from hil.project import Project
from hil.record import record
from hil.report import markdown, table
from hil.tolerances import Tolerances
from tests.hil.records import ON_BOARD, PROJECT, identity, measurement, size

TFLM = replace(PROJECT, runtime="tflm")
ESTIMATE = PredictedValues("instructions", 14_700_000, 98.0, 196.0, 300, 20_000, 32_000)


def verdict(
    project: Project, measured: Measurement, estimate: PredictedValues | None = None
) -> Verdict:
    checks = judge(project, measured, Tolerances(), estimate, 0.001)
    return Verdict(project, measured, checks)


def broken(
    project: Project, measured: Measurement, estimate: PredictedValues | None = None
) -> list[str]:
    checks = verdict(project, measured, estimate).checks
    return [check.quantity for check in checks if check.holds is False]


def test_a_board_that_keeps_every_promise_confirms_the_project() -> None:
    confirmed = verdict(PROJECT, measurement())
    assert confirmed.holds
    assert verdict_code(confirmed) == 0
    assert record(confirmed).verdict == "confirmed"


@pytest.mark.parametrize(
    ("measured", "quantity"),
    [
        (measurement(identity=identity(arena_bytes=27_520)), "arena bytes"),
        (measurement(identity=identity(arena_bytes=27_488)), "arena bytes"),
        (measurement(identity=identity(model_sha256="00" * 32)), "model"),
        (measurement(stack_peak_bytes=4_097), "stack peak bytes"),
        (size(20_000, 1_000, 262_145, 0), "RAM in all, bytes"),
        (size(20_000, 1_001, 32_000, 0), "model bytes in flash"),
        (size((1 << 20) + 1, 1_000, 32_000, 0), "flash in all, bytes"),
        (measurement(outputs=Outputs(16, 15 / 16, 1.0)), "outputs identical"),
    ],
)
def test_one_broken_promise_refutes_it(measured: Measurement, quantity: str) -> None:
    assert broken(PROJECT, measured) == [quantity]
    refuted = verdict(PROJECT, measured)
    assert not refuted.holds
    assert verdict_code(refuted) in (EXIT_REFUTED, EXIT_OUTPUTS_DIFFER)
    assert record(refuted).verdict == "refuted"
    assert "BROKEN" in table(refuted)


def test_outputs_that_differ_have_a_code_of_their_own() -> None:
    assert verdict_code(verdict(PROJECT, measurement(outputs=Outputs(16, 0.5, 1.0)))) == 31
    assert verdict_code(verdict(PROJECT, measurement(stack_peak_bytes=5_000))) == 30


def test_without_golden_file_the_verdict_says_that_outputs_were_not_checked() -> None:
    checks = judge(PROJECT, measurement(outputs=None), Tolerances())
    assert Check("outputs", "no golden file", "not checked", None) in checks
    assert all_hold(checks)
    last = table(verdict(PROJECT, measurement(outputs=None))).splitlines()[-1]
    assert last.startswith("verdict: confirmed on board virtual; outputs were not checked")


@pytest.mark.parametrize("project", [PROJECT, TFLM])
def test_outputs_are_those_of_the_golden_file_whatever_the_runtime(project: Project) -> None:
    """Made with the rounding of the firmware."""
    assert broken(project, measurement(outputs=Outputs(16, 1.0, 0.0))) == []
    assert broken(project, measurement(outputs=Outputs(16, 0.9, 1.0))) == ["outputs identical"]


@pytest.mark.parametrize(
    ("used", "quantities"),
    [(27_229, []), (27_228, ["arena used, bytes"]), (27_779, []), (27_780, ["arena used, bytes"])],
)
def test_tflm_may_use_one_percent_more_or_less_arena(used: int, quantities: list[str]) -> None:
    own = measurement(identity=identity(arena_used_bytes=used))
    assert broken(TFLM, own) == quantities


def test_what_tflm_writes_must_lie_within_its_arena() -> None:
    assert broken(TFLM, measurement(arena_peak_bytes=27_505)) == ["arena peak bytes"]


def test_a_real_board_gives_cycles_and_milliseconds_by_the_measured_clock() -> None:
    own = verdict(PROJECT, ON_BOARD)
    assert own.checks[-1].quantity == "latency"
    # 12,345,678 cycles at 100.01 MHz
    assert own.checks[-1].measured == "12,345,678 cycles, 123.44 ms"
    result = record(own)
    assert result.cycles == 12_345_678
    assert result.provenance["clock_measured_hz"] == 100_010_000
    assert result.instructions is None


def test_the_virtual_board_gives_no_time() -> None:
    own = verdict(PROJECT, measurement())
    assert (own.checks[-1].quantity, own.checks[-1].measured) == ("instructions", "14,700,000")
    result = record(own)
    assert result.instructions == 14_700_000
    assert result.latency_ms is None
    assert result.cycles is None


def test_a_timing_that_spreads_too_far_breaks_no_promise_and_is_told() -> None:
    windows = replace(ON_BOARD.timing.windows, half_width_fraction=0.0011)
    own = verdict(PROJECT, replace(ON_BOARD, timing=replace(ON_BOARD.timing, windows=windows)))
    assert verdict_code(own) == 0
    told = "the latency is known within ± 0.11 %, not ± 0.1 %"
    assert table(own).splitlines()[-1] == f"verdict: confirmed on board left; {told}"
    assert record(own).caveats == (told,)
    assert f"Note: {told}." in markdown([own], {})


def test_a_timing_that_is_sure_enough_has_no_caveat() -> None:
    assert verdict(PROJECT, ON_BOARD).caveats == []
    assert table(verdict(PROJECT, ON_BOARD)).splitlines()[-1] == "verdict: confirmed on board left"


@pytest.mark.parametrize(
    ("measured", "estimate", "quantities"),
    [
        (measurement(), ESTIMATE, []),
        (measurement(), replace(ESTIMATE, ticks=14_010_000), []),
        (measurement(), replace(ESTIMATE, ticks=13_900_000), ["instructions, estimated"]),
        (measurement(), replace(ESTIMATE, stack_bytes=250), ["stack, estimated bytes"]),
        (measurement(), replace(ESTIMATE, flash_bytes=19_000), ["flash in all, estimated bytes"]),
        (measurement(), replace(ESTIMATE, ram_bytes=33_000), ["RAM in all, estimated bytes"]),
        (ON_BOARD, ESTIMATE, []),
        (ON_BOARD, replace(ESTIMATE, lowest_ms=10.0, highest_ms=98.7), ["latency, estimated ms"]),
        (ON_BOARD, replace(ESTIMATE, lowest_ms=10.0, highest_ms=98.8), []),
        (ON_BOARD, replace(ESTIMATE, unit="cycles", ticks=9_900_000), []),
        (ON_BOARD, replace(ESTIMATE, unit="cycles", ticks=9_800_000), ["cycles, estimated"]),
        (measurement(), replace(ESTIMATE, unit="cycles"), []),
    ],
)
def test_an_estimate_is_judged_with_its_tolerance(
    measured: Measurement, estimate: PredictedValues, quantities: list[str]
) -> None:
    assert broken(PROJECT, measured, estimate) == quantities


def test_an_estimate_of_one_runtime_is_not_compared_with_the_firmware_of_both() -> None:
    both = replace(PROJECT, index_of_several=0)
    estimate = replace(ESTIMATE, flash_bytes=1, ram_bytes=1)
    assert len(broken(PROJECT, measurement(), estimate)) == 2
    assert broken(both, measurement(), estimate) == []
    assert broken(both, measurement(), replace(estimate, stack_bytes=1)) != []


def test_a_row_fed_network_promises_its_arena_with_the_image_too() -> None:
    """The board tells the bytes of the image; the arena does not hold it."""
    kept = verdict(replace(PROJECT, image_bytes=4), measurement())
    (check,) = (c for c in kept.checks if c.quantity == "arena with the image, bytes")
    assert (check.promised, check.measured, check.holds) == ("27,508", "27,508", True)
    broken = verdict(replace(PROJECT, image_bytes=5), measurement())
    assert [c.quantity for c in broken.checks if c.holds is False] == [check.quantity]
    assert not any(c.quantity == check.quantity for c in verdict(PROJECT, measurement()).checks)
