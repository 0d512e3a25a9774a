"""The values that `nas estimate --json` predicts, as far as the bench reads them. Pure."""

from dataclasses import dataclass
from typing import Literal

from firmware.records.values import Count, NotNegative, Sha256

ESTIMATE_SCHEMA = 4


@dataclass(frozen=True, slots=True)
class TimeRecord:
    """The time of one inference; None where a kernel was not measured."""

    unit: Literal["cycles", "instructions"]
    ticks: Count | None
    lowest_ms: NotNegative | None
    highest_ms: NotNegative | None


@dataclass(frozen=True, slots=True)
class RamRecord:
    """RAM; None where nothing was measured."""

    stack_peak_bytes: Count | None
    linked_bytes: Count | None


@dataclass(frozen=True, slots=True)
class FlashRecord:
    """Flash of the whole firmware; None where nothing was measured."""

    linked_bytes: Count | None


@dataclass(frozen=True, slots=True)
class EstimateRecord:
    """An estimate of a model under one runtime on one target."""

    model_sha256: Sha256
    runtime: Literal["static", "tflm"]
    target: str
    time: TimeRecord | None
    ram: RamRecord
    flash: FlashRecord | None
