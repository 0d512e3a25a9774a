"""What `nas estimate --json` foretold of a model. Reads that file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.errors import ConfigError, StaleError
from hil.project import Project

SCHEMA = 3


@dataclass(frozen=True, slots=True)
class Estimate:
    """The figures that a board can confirm; None where the estimate has none.

    Attributes:
        unit: Of `ticks`: `cycles` or `instructions`.
        ticks: Of one inference.
        lowest_ms: Shortest time that it may take.
        highest_ms: Longest.
        stack_bytes: Most stack in use.
        flash_bytes: Of the whole firmware.
        ram_bytes: Of the whole firmware, stack included.
    """

    unit: str | None
    ticks: int | None
    lowest_ms: float | None
    highest_ms: float | None
    stack_bytes: int | None
    flash_bytes: int | None
    ram_bytes: int | None


def read_estimate(path: Path, project: Project) -> Estimate:
    """Read an estimate of the project's model under the project's runtime.

    Raises:
        ConfigError: The file is no estimate.
        StaleError: It is one of another model, runtime or target.
    """
    hint = "make it with 'nas estimate MODEL.tflite --json'"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        estimate = _parse(record)
        found = (record["model_sha256"], record["runtime"], record["target"])
    except OSError as error:
        raise ConfigError(f"could not read {str(path)!r}: {error.strerror}; {hint}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{str(path)!r} is no estimate: {error!r}; {hint}") from error
    expected = (project.model_sha256, project.runtime, project.target.name)
    if found != expected:
        raise StaleError(
            f"{str(path)!r} is an estimate of model {str(found[0])[:12]} with the {found[1]} "
            f"runtime on {found[2]}; the project has {expected[0][:12]}, {expected[1]}, "
            f"{expected[2]}"
        )
    return estimate


def _parse(record: dict[str, Any]) -> Estimate:
    if record["schema"] != SCHEMA:
        raise ValueError(f"schema {record['schema']!r}, expected {SCHEMA}")
    time, ram, flash = record["time"] or {}, record["ram"], record["flash"] or {}
    return Estimate(
        unit=time.get("unit"),
        ticks=time.get("ticks"),
        lowest_ms=time.get("lowest_ms"),
        highest_ms=time.get("highest_ms"),
        stack_bytes=ram["stack_peak_bytes"],
        flash_bytes=flash.get("linked_bytes"),
        ram_bytes=ram["linked_bytes"],
    )
