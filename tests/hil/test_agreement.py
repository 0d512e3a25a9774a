"""Two runtimes in one firmware without a golden file: their outputs are held against each other."""

import json
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from xml.etree import ElementTree

import numpy as np
import pytest

from firmware.errors import BoardError, NoAnswerError
from firmware.records.conversion import to_record
from firmware.records.manifest import PortRecord
from firmware.records.measurement import AgreementRecord, CodeRecord, MeasurementRecord
from firmware.records.reader import Kind, read_json
from hil.agreement import Agreement, agreements
from hil.elf import FirmwareSize
from hil.judge import EXIT_OUTPUTS_DIFFER, Verdict, judge, verdict_code
from hil.junit import junit
from hil.linker_map import CodeParts
from hil.measure import FirmwareBuild, Measurement, Settings, measure
from hil.modelled import Mark
from hil.outputs import Outputs, random_inputs
from hil.project import Golden, Project
from hil.protocol import BenchClient
from hil.record import record_of_all
from hil.report import markdown, tables
from hil.tolerances import Tolerances
from hil.transport import Transport
from tests.hil.conftest import ProcessTransport
from tests.hil.records import MEASUREMENT, PROJECT, measurement

STATIC = replace(PROJECT, index_of_several=0)
TFLM = replace(PROJECT, runtime="tflm", model_name="toy_tflm", index_of_several=1)
CODE = (CodeParts(7_000, 12_000, 3_000), CodeParts(61_000, 12_000, 3_000))
SAME, OTHER = (b"\x01\x02", b"\x7f\x80"), (b"\x01\x02", b"\x7f\x83")


def verdicts(*answers: tuple[bytes, ...]) -> list[Verdict]:
    """Of two runtimes that gave these outputs."""
    measured = [
        measurement(outputs=None, answers=own, build=replace(MEASUREMENT.build, code=code))
        for own, code in zip(answers, CODE, strict=True)
    ]
    return [
        Verdict(project, own, judge(project, own, Tolerances(), None, 1.0, agreement), agreement)
        for project, own, agreement in zip(
            (STATIC, TFLM), measured, agreements((STATIC, TFLM), measured), strict=True
        )
    ]


def test_runtimes_that_agree_are_confirmed_and_say_what_was_compared() -> None:
    static, tflm = verdicts(SAME, SAME)
    assert (static.holds, tflm.holds) == (True, True)
    assert static.agreement == Agreement("tflm", Outputs(2, 1.0, 0.0))
    assert static.caveats == [
        "outputs were compared only with those of tflm, because the project has no golden file"
    ]
    assert tflm.caveats[0].startswith("outputs were compared only with those of static")


def test_runtimes_that_differ_are_refuted_both_with_the_code_of_outputs() -> None:
    for own in verdicts(SAME, OTHER):
        assert verdict_code(own) == EXIT_OUTPUTS_DIFFER
        (broken,) = (check for check in own.checks if check.holds is False)
        assert broken.quantity.startswith("outputs identical to ")
        assert (broken.promised, broken.measured) == (
            "all 2",
            "1 of 2, differ by 3 LSB at most",
        )


def test_a_golden_file_says_more_than_another_runtime() -> None:
    measured = [replace(MEASUREMENT, answers=SAME), replace(MEASUREMENT, answers=OTHER)]
    assert agreements((STATIC, TFLM), measured) == [None, None]


def test_a_runtime_alone_is_compared_with_nothing() -> None:
    assert agreements((PROJECT,), [measurement(outputs=None, answers=SAME)]) == [None]


def test_the_table_holds_the_code_of_each_and_what_they_share() -> None:
    lines = tables(verdicts(SAME, OTHER)).split("side by side")[1].splitlines()
    cells = {line.split("  ")[0]: line.split() for line in lines}
    assert cells["code of the runtime, bytes"][-3:] == ["7,000", "61,000", "8.71×"]
    assert cells["outputs equal to the other"][-6:] == "1 of 2 1 of 2".split()
    assert lines[-1] == (
        "shared by the runtimes: 12,000 bytes of the bench application, 3,000 of the compiler's "
        "libraries"
    )


def test_the_page_and_the_suite_hold_the_same() -> None:
    own = verdicts(SAME, OTHER)
    page = markdown(own, {})
    assert "| code of the runtime, bytes | 7,000 | 61,000 | 8.71× |" in page
    assert "Shared by the runtimes: 12,000 bytes of the bench application" in page
    assert "Note: outputs were compared only with those of tflm" in page
    root = ElementTree.fromstring(junit("toy", {"left": own}))
    failed = [
        case.get("name") for case in root.iter("testcase") if case.find("failure") is not None
    ]
    assert failed == ["outputs identical to tflm's", "outputs identical to static's"]
    codes = [c.findtext("system-out") for c in root.iter("testcase") if "code" in c.get("name", "")]
    assert codes == [f"promised not promised, measured {n}" for n in ("7,000", "61,000")]


def test_the_record_holds_the_code_and_the_comparison_of_each_runtime(tmp_path: Path) -> None:
    record = record_of_all(verdicts(SAME, OTHER))
    assert record.code_bytes is record.beside[0].code_bytes is None
    assert record.code_parts == CodeRecord(7_000, 12_000, 3_000)
    (beside,) = record.beside
    assert beside.code_parts == CodeRecord(61_000, 12_000, 3_000)
    assert beside.outputs_beside == AgreementRecord("static", 2, 0.5, 3.0)
    assert record.outputs_identical_fraction is None
    path = tmp_path / "measurement.json"
    path.write_text(json.dumps(to_record(record)))
    assert read_json(path, MeasurementRecord, Kind("is no measurement", "")) == record


class ToyBoard:
    """The toy program as a board: its two runtimes add 1, and 2."""

    name, probe, tolerance, counts_instructions = "toy", "", Tolerances(), True
    machine = None

    def __init__(self, program: Path) -> None:
        self._program = program

    def __enter__(self) -> Self:
        self._transport = ProcessTransport(self._program)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._transport.close()

    @property
    def transport(self) -> Transport:
        return self._transport

    def explain_silence(self, error: NoAnswerError) -> BoardError:
        return error

    def instructions(self, ticks: int) -> int:
        return ticks

    def take_marks(self) -> list[Mark]:
        return []


def measured_on_toy(program: Path, project: Project, golden: Golden | None) -> Measurement:
    build = FirmwareBuild(FirmwareSize(1, 1, 1, 1), "cd" * 32)
    own = replace(project, model_sha256="0" * 64)
    return measure(ToyBoard(program), own, golden, build, Settings(5.0), lambda *_: None)


@pytest.mark.parametrize(("ticks", "kept"), [((0, 0), ()), ((0, 7), (0, 7))])
def test_operators_that_a_firmware_cannot_time_have_no_ticks_rather_than_0(
    toy_program: Path,
    monkeypatch: pytest.MonkeyPatch,
    ticks: tuple[int, ...],
    kept: tuple[int, ...],
) -> None:
    monkeypatch.setattr(BenchClient, "run_steps", lambda *_: ticks)
    assert measured_on_toy(toy_program, STATIC, None).step_ticks == kept


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_both_runtimes_of_a_board_are_given_the_same_varied_inputs(
    toy_program: Path, dtype: Literal["int8", "uint8"]
) -> None:
    given, answered = (PortRecord("0", dtype, 4),), (PortRecord("0", "uint8", 4),)
    projects = [replace(own, inputs=given, outputs=answered) for own in (STATIC, TFLM)]
    measured = [measured_on_toy(toy_program, own, None) for own in projects]
    first, second = (
        np.stack([np.frombuffer(answer, np.uint8) for answer in own.answers]) for own in measured
    )
    assert (second - first == 1).all()
    assert len({answer for own in measured for answer in own.answers}) > 2
    own, other = agreements(projects, measured)
    assert own is not None
    assert other is not None
    assert (own.outputs.identical, own.outputs.samples) == (0, 8)
    assert own.outputs == other.outputs


def test_a_runtime_alone_without_golden_file_runs_on_zeros(toy_program: Path) -> None:
    measured = measured_on_toy(toy_program, PROJECT, None)
    assert measured.answers == (b"\1\1\1\1",) * 3


def test_random_floats_lie_between_minus_one_and_one_and_are_the_same_each_time() -> None:
    inputs = random_inputs([PortRecord("0", "float32", 400)])
    values = np.frombuffer(b"".join(inputs), np.float32)
    assert values.shape == (800,)
    assert np.abs(values).max() <= 1
    assert values.std() > 0.5
    assert inputs == random_inputs([PortRecord("0", "float32", 400)])
