import json
from pathlib import Path

import pytest

from firmware.errors import ConfigError, StaleError
from firmware.files import sha256_of_bytes
from firmware.records.measurement import CheckRecord
from nas.report.measurement import of_runtime, read_measurement
from tests.nas.report.small_run import measurement_record, write_measurement
from tests.small_model import small_model

SHA256 = sha256_of_bytes(small_model())


def test_a_measurement_is_read_by_its_fields_and_others_are_left_alone(tmp_path: Path) -> None:
    (own,) = read_measurement(write_measurement(tmp_path / "m.json"), SHA256)
    assert (own.board, own.runtime, own.verdict) == ("virtual", "static", "confirmed")
    assert own.checks[1] == CheckRecord("arena bytes", "96", "96", True)
    assert own.checks[2].holds is None
    assert (own.unit, own.ticks, own.milliseconds) == ("instructions", 5_000, None)
    assert own.step_ticks[:2] == (1_000, 1_001)


def test_a_real_board_tells_cycles_and_time_with_its_interval(tmp_path: Path) -> None:
    changes = {
        "instructions": None,
        "cycles": 100_000,
        "latency_ms": 2.0,
        "timing": {"windows": {"half_width_fraction": 0.004}},
        "steps": [{"cycles": 70_000}, {"cycles": 30_000}],
        "provenance": {
            "clock_hz": 50_000_000,
            "probe": None,
            "board_uid": "",
            "compiled_with": ["gcc", "g++"],
        },
    }
    (own,) = read_measurement(write_measurement(tmp_path / "m.json", **changes), SHA256)
    assert (own.unit, own.ticks, own.milliseconds) == ("cycles", 100_000, 2.0)
    assert own.half_width_fraction == 0.004
    assert own.provenance == {"clock_hz": "50000000", "compiled_with": "gcc; g++"}
    assert own.step_ticks == (70_000, 30_000)


def test_several_runtimes_in_one_firmware_are_told_apart(tmp_path: Path) -> None:
    beside = [measurement_record(runtime="tflm", verdict="refuted", steps=[])]
    several = read_measurement(write_measurement(tmp_path / "m.json", beside=beside), SHA256)
    assert [own.runtime for own in several] == ["static", "tflm"]
    tflm = of_runtime(several, "tflm")
    assert tflm is not None
    assert (tflm.verdict, tflm.step_ticks) == ("refuted", ())
    assert of_runtime(several[:1], "tflm") is None


def test_what_need_not_be_told_may_be_absent(tmp_path: Path) -> None:
    needed = ("board", "runtime", "model_sha256", "checks", "verdict")
    path = tmp_path / "m.json"
    path.write_text(json.dumps({name: measurement_record()[name] for name in needed}))
    (own,) = read_measurement(path, SHA256)
    assert (own.ticks, own.step_ticks, own.firmware_sha256) == (None, (), "")


def test_a_measurement_of_another_model_is_refused_with_both_hashes(tmp_path: Path) -> None:
    path = write_measurement(tmp_path / "m.json", model_sha256="ab" * 32)
    with pytest.raises(
        StaleError, match=f"measured model abababababab, the run's is {SHA256[:12]}"
    ):
        read_measurement(path, SHA256)


def test_a_file_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="could not read .*absent.json': No such file"):
        read_measurement(tmp_path / "absent.json", SHA256)


@pytest.mark.parametrize(
    "changes",
    [
        {"checks": None},
        {"checks": [{"quantity": "arena"}]},
        {"steps": [3]},
        {"steps": [{"instructions": "many"}]},
        {"beside": [{}]},
        {"instructions": "many"},
    ],
)
def test_what_is_no_measurement_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="is not a measurement: .*; make one with 'hil run'"):
        read_measurement(write_measurement(tmp_path / "m.json", **changes), SHA256)


@pytest.mark.parametrize("content", [b"", b"[1, 2]", b"\xff", b'"text"'])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="is not a measurement"):
        read_measurement(path, SHA256)
