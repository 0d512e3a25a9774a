"""Measurements and projects for tests."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from firmware.records.manifest import PortRecord
from firmware.targets import load_target
from hil.clock_check import ClockMeasurement
from hil.elf import FirmwareSize
from hil.identity import Identity
from hil.measure import FirmwareBuild, Measurement, Timing
from hil.outputs import Outputs
from hil.project import Project
from hil.windows import Windows

SHA = "ab" * 32

PROJECT = Project(
    folder=Path("project"),
    target=load_target("stm32f412"),
    model_name="toy",
    model_sha256=SHA,
    runtime="static",
    model_symbols=("toy_op",),
    weight_bytes=1_000,
    arena_bytes=27_504,
    arena_used_bytes=27_504,
    stack_bytes=4_096,
    inputs=(PortRecord("0", "int8", 4),),
    outputs=(PortRecord("0", "int8", 2),),
    golden=None,
    manifest={"estimate": {"arena_bytes": 27_504}},
)

IDENTITY = Identity(
    model="toy",
    model_sha256=SHA,
    runtime="static",
    target="nucleo_f412zg",
    input_bytes=4,
    output_bytes=2,
    arena_bytes=27_504,
    arena_used_bytes=27_504,
    stack_bytes=4_096,
    compiler="12.2.1 20221205",
    uid="00112233445566778899aabb",
    clock_source="hse-pll",
    clock_hz=100_000_000,
    tick_source="dwt",
    wait_states=3,
    flash_caches="prefetch instruction data",
    reset_cause="pin",
)

MEASUREMENT = Measurement(
    board="virtual",
    probe="",
    counts_instructions=True,
    identity=IDENTITY,
    build=FirmwareBuild(
        FirmwareSize(20_000, 1_000, 32_000, 0x20007D00), "cd" * 32, ("GNU C11 -O2",)
    ),
    arena_peak_bytes=27_000,
    stack_peak_bytes=300,
    timing=Timing(14_700_000, 14_699_990, 14_700_010, 24),
    outputs=Outputs(16, 1.0, 0.0),
    clock=None,
)

ON_BOARD = replace(
    MEASUREMENT,
    board="left",
    probe="066DFF",
    counts_instructions=False,
    timing=Timing(
        12_345_700, 12_345_600, 12_345_800, 24, Windows(8, (12_345_678.0, 12_345_678.5), 0.0002)
    ),
    clock=ClockMeasurement(100_010_000.0, 0.001),
)


def identity(**changes: Any) -> Identity:
    return replace(IDENTITY, **changes)


def measurement(**changes: Any) -> Measurement:
    return replace(MEASUREMENT, **changes)


def size(*figures: int) -> Measurement:
    """A measurement of a firmware of these sizes."""
    return measurement(build=replace(MEASUREMENT.build, size=FirmwareSize(*figures)))
