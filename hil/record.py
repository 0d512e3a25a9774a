"""A measurement as measurement.json holds it; docs/bench.md describes every field. Pure."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from firmware.records.measurement import MEASUREMENT_SCHEMA
from hil.judge import Check, Verdict
from hil.measure import Measurement
from hil.project import Project


def records(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """What goes to measurement.json: the first runtime's record, with the others beside it.

    Sizes of a firmware with several runtimes are those of the whole. Its code in all is nobody's:
    `code_parts` tells whose it is.
    """
    all_records = [record(verdict) for verdict in verdicts]
    if len(all_records) > 1:
        all_records = [own | {"code_bytes": None} for own in all_records]
    return all_records[0] | {"beside": all_records[1:]}


def record(verdict: Verdict) -> dict[str, Any]:
    """One runtime's record."""
    project, measurement = verdict.project, verdict.measurement
    identity, size = measurement.identity, measurement.build.size
    outputs, code = measurement.outputs, measurement.build.code
    return {
        "schema": MEASUREMENT_SCHEMA,
        "board": measurement.board,
        "runtime": identity.runtime,
        "target": identity.target,
        "model_name": project.model_name,
        "model_sha256": identity.model_sha256,
        "firmware_sha256": measurement.build.sha256,
        "arena_bytes": identity.arena_bytes,
        "arena_used_bytes": identity.arena_used_bytes,
        "arena_peak_bytes": measurement.arena_peak_bytes,
        "stack_peak_bytes": measurement.stack_peak_bytes,
        "code_bytes": size.code_bytes,
        "code_parts": None if code is None else asdict(code),
        "weight_bytes": size.model_bytes,
        "flash_bytes": size.flash_bytes,
        "ram_bytes": size.ram_bytes,
        measurement.unit: measurement.timing.one,
        "latency_ms": measurement.milliseconds,
        "timing": _timing(measurement),
        "steps": _steps(project, measurement),
        "samples": outputs.samples if outputs else 0,
        "outputs_identical_fraction": outputs.identical_fraction if outputs else None,
        "outputs_max_lsb": outputs.max_lsb if outputs else None,
        "outputs_beside": _agreement(verdict),
        "damaged_exchanges": measurement.damaged,
        "provenance": _provenance(project, measurement),
        "estimate": project.manifest["estimate"],
        "checks": [_check(check) for check in verdict.checks],
        "verdict": verdict.word,
        "caveats": verdict.caveats,
    }


def _agreement(verdict: Verdict) -> dict[str, Any] | None:
    agreement = verdict.agreement
    if agreement is None:
        return None
    outputs = agreement.outputs
    return {
        "runtime": agreement.runtime,
        "samples": outputs.samples,
        "identical_fraction": outputs.identical_fraction,
        "max_lsb": outputs.max_lsb,
    }


def _check(check: Check) -> dict[str, Any]:
    return {key: value for key, value in asdict(check).items() if key != "note"}


def _timing(measurement: Measurement) -> dict[str, Any]:
    timing, windows = measurement.timing, measurement.timing.windows
    return {
        "unit": measurement.unit,
        "median": timing.median,
        "lowest": timing.lowest,
        "highest": timing.highest,
        "baseline": timing.baseline,
        "windows": None if windows is None else asdict(windows),
    }


def _provenance(project: Project, measurement: Measurement) -> dict[str, Any]:
    identity, clock = measurement.identity, measurement.clock
    return {
        "golden_sha256": project.manifest.get("golden_sha256"),
        "compiler": identity.compiler,
        "compiled_with": list(measurement.build.compilers),
        "board_uid": identity.uid,
        "probe": measurement.probe,
        "clock_source": identity.clock_source,
        "clock_hz": identity.clock_hz,
        "clock_measured_hz": None if clock is None else round(clock.hz),
        "clock_uncertainty_fraction": None if clock is None else clock.uncertainty_fraction,
        "tick_source": identity.tick_source,
        "wait_states": identity.wait_states,
        "flash_caches": identity.flash_caches,
        "reset_cause": identity.reset_cause,
    }


def _steps(project: Project, measurement: Measurement) -> list[dict[str, Any]]:
    """What each kernel call does, and what it took."""
    promised = project.manifest.get("steps", [])
    if len(promised) != len(measurement.step_ticks):
        promised = [{} for _ in measurement.step_ticks]
    return [
        {**step, measurement.unit: ticks}
        for step, ticks in zip(promised, measurement.step_ticks, strict=True)
    ]
