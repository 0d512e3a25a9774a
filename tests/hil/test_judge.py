from dataclasses import replace

import pytest

from hil.elf import FirmwareSize
from hil.judge import Check, all_hold, judge
from hil.measure import Measurement, Outputs
from hil.project import Project
from hil.report import record, table
from tests.hil.records import PROJECT, identity, measurement

TFLM = replace(PROJECT, runtime="tflm")


def broken(project: Project, measured: Measurement) -> list[str]:
    return [check.quantity for check in judge(project, measured) if check.holds is False]


def test_a_board_that_keeps_every_promise_confirms_the_project() -> None:
    checks = judge(PROJECT, measurement())
    assert all_hold(checks)
    assert record(PROJECT, measurement(), checks)["verdict"] == "confirmed"


@pytest.mark.parametrize(
    ("measured", "quantity"),
    [
        (measurement(identity=identity(arena_bytes=27_520)), "arena bytes"),
        (measurement(identity=identity(arena_bytes=27_488)), "arena bytes"),
        (measurement(identity=identity(model_sha256="00" * 32)), "model"),
        (measurement(stack_peak_bytes=4_097), "stack peak bytes"),
        (measurement(size=FirmwareSize(20_000, 1_000, 262_145, 0)), "RAM in all, bytes"),
        (measurement(size=FirmwareSize(20_000, 1_001, 32_000, 0)), "model bytes in flash"),
        (measurement(size=FirmwareSize((1 << 20) + 1, 1_000, 32_000, 0)), "flash in all, bytes"),
        (measurement(outputs=Outputs(16, 15 / 16, 1.0)), "outputs identical"),
    ],
)
def test_one_broken_promise_refutes_it(measured: Measurement, quantity: str) -> None:
    assert broken(PROJECT, measured) == [quantity]
    checks = judge(PROJECT, measured)
    assert not all_hold(checks)
    assert record(PROJECT, measured, checks)["verdict"] == "refuted"
    assert "BROKEN" in table(measured, checks)


def test_without_golden_file_the_verdict_says_that_outputs_were_not_checked() -> None:
    checks = judge(PROJECT, measurement(outputs=None))
    assert Check("outputs", "no golden file", "not checked", None) in checks
    assert all_hold(checks)


def test_tflm_may_differ_by_one_step() -> None:
    assert broken(TFLM, measurement(outputs=Outputs(16, 0.9, 1.0))) == []
    assert broken(TFLM, measurement(outputs=Outputs(16, 0.9, 2.0))) == ["outputs"]


@pytest.mark.parametrize(
    ("used", "quantities"),
    [(27_229, []), (27_228, ["arena used, bytes"]), (27_779, []), (27_780, ["arena used, bytes"])],
)
def test_tflm_may_use_one_percent_more_or_less_arena(used: int, quantities: list[str]) -> None:
    own = measurement(identity=identity(arena_used_bytes=used))
    assert broken(TFLM, own) == quantities


def test_what_tflm_writes_must_lie_within_its_arena() -> None:
    assert broken(TFLM, measurement(arena_peak_bytes=27_505)) == ["arena peak bytes"]


def test_a_real_board_gives_cycles_and_milliseconds() -> None:
    measured = measurement(board="/dev/ttyACM0", instructions=None, cycles=12_345_678)
    checks = judge(PROJECT, measured)
    assert checks[-1].measured == "12,345,678 cycles, 123.46 ms at 100 MHz"
    result = record(PROJECT, measured, checks)
    assert (result["cycles"], result["clock_hz"]) == (12_345_678, 100_000_000)
    assert "instructions" not in result


def test_the_virtual_board_gives_no_time() -> None:
    checks = judge(PROJECT, measurement())
    assert (checks[-1].quantity, checks[-1].measured) == ("instructions", "14,700,000")
    result = record(PROJECT, measurement(), checks)
    assert result["instructions"] == 14_700_000
    assert not {"cycles", "clock_hz"} & result.keys()
