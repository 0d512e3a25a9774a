"""Measurements and projects for tests."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from firmware.targets import load_target
from hil.elf import FirmwareSize
from hil.measure import Measurement, Outputs
from hil.project import Project
from hil.protocol import Identity

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
    output_dtype="int8",
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
    clock_source="hse-pll",
    clock_hz=100_000_000,
    tick_source="dwt",
)

MEASUREMENT = Measurement(
    board="virtual",
    identity=IDENTITY,
    size=FirmwareSize(20_000, 1_000, 32_000, 0x20007D00),
    firmware_sha256="cd" * 32,
    arena_peak_bytes=27_000,
    stack_peak_bytes=300,
    instructions=14_700_000,
    cycles=None,
    outputs=Outputs(16, 1.0, 0.0),
)


def identity(**changes: Any) -> Identity:
    return replace(IDENTITY, **changes)


def measurement(**changes: Any) -> Measurement:
    return replace(MEASUREMENT, **changes)
