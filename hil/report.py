"""A measurement as a record and as a table. Pure."""

from typing import Any

from hil.judge import Check, all_hold
from hil.measure import Measurement
from hil.project import Project

SCHEMA = 1


def record(project: Project, measurement: Measurement, checks: tuple[Check, ...]) -> dict[str, Any]:
    """What goes to measurement.json."""
    identity, size, outputs = measurement.identity, measurement.size, measurement.outputs
    speed: dict[str, Any] = {"instructions": measurement.instructions}
    if measurement.cycles is not None:
        speed = {"cycles": measurement.cycles, "clock_hz": identity.clock_hz}
    return {
        "schema": SCHEMA,
        "board": measurement.board,
        "runtime": identity.runtime,
        "target": identity.target,
        "model_name": project.model_name,
        "model_sha256": identity.model_sha256,
        "firmware_sha256": measurement.firmware_sha256,
        "arena_bytes": identity.arena_bytes,
        "arena_used_bytes": identity.arena_used_bytes,
        "arena_peak_bytes": measurement.arena_peak_bytes,
        "stack_peak_bytes": measurement.stack_peak_bytes,
        "code_bytes": size.code_bytes,
        "weight_bytes": size.model_bytes,
        "flash_bytes": size.flash_bytes,
        "ram_bytes": size.ram_bytes,
        **speed,
        "steps": _steps(project, measurement),
        "clock_source": identity.clock_source,
        "tick_source": identity.tick_source,
        "samples": outputs.samples if outputs else 0,
        "outputs_identical_fraction": outputs.identical_fraction if outputs else None,
        "outputs_max_lsb": outputs.max_lsb if outputs else None,
        "estimate": project.manifest["estimate"],
        "checks": [
            {
                "quantity": c.quantity,
                "promised": c.promised,
                "measured": c.measured,
                "holds": c.holds,
            }
            for c in checks
        ],
        "verdict": "confirmed" if all_hold(checks) else "refuted",
    }


def _steps(project: Project, measurement: Measurement) -> list[dict[str, Any]]:
    """What each kernel call does, and what it took."""
    name = "instructions" if measurement.cycles is None else "cycles"
    promised = project.manifest.get("steps", [])
    if len(promised) != len(measurement.step_ticks):
        promised = [{} for _ in measurement.step_ticks]
    return [
        {**step, name: ticks} for step, ticks in zip(promised, measurement.step_ticks, strict=True)
    ]


def table(measurement: Measurement, checks: tuple[Check, ...]) -> str:
    """The verdict, a line for each quantity."""
    words = {True: "holds", False: "BROKEN", None: "–"}
    rows = [("quantity", "promised", "measured", "")]
    rows += [(c.quantity, c.promised, c.measured, words[c.holds]) for c in checks]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join(
            f"{cell:<{width}}" for cell, width in zip(row, [*widths, 0], strict=True)
        ).rstrip()
        for row in rows
    ]
    verdict = "confirmed" if all_hold(checks) else "refuted"
    return "\n".join([*lines, f"verdict: {verdict} on board {measurement.board}"])
