"""A measurement as a record and as a table. Pure."""

from collections.abc import Sequence
from typing import Any

from hil.judge import Check, Verdict, all_hold
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


def records(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """What goes to measurement.json: the first runtime's record, with the others beside it.

    Sizes of a firmware with several runtimes are those of the whole; its code is nobody's alone.
    """
    all_records = [record(own.project, own.measurement, own.checks) for own in verdicts]
    if len(all_records) > 1:
        all_records = [own | {"code_bytes": None} for own in all_records]
    return all_records[0] | {"beside": all_records[1:]}


def tables(verdicts: Sequence[Verdict]) -> str:
    """The verdicts, each with a line for each quantity; several runtimes also side by side."""
    texts = [table(own.measurement, own.checks) for own in verdicts]
    if len(verdicts) == 1:
        return texts[0]
    titled = [f"{v.project.runtime}\n{text}" for v, text in zip(verdicts, texts, strict=True)]
    return "\n\n".join([*titled, _side_by_side(verdicts)])


def _side_by_side(verdicts: Sequence[Verdict]) -> str:
    """A row for each figure that runtimes have alike, a column for each, the last as a multiple."""
    unit = "instructions" if verdicts[0].measurement.cycles is None else "cycles"
    figures = {
        "arena used, bytes": [v.measurement.identity.arena_used_bytes for v in verdicts],
        "arena peak bytes": [v.measurement.arena_peak_bytes for v in verdicts],
        "stack peak bytes": [v.measurement.stack_peak_bytes for v in verdicts],
        "model bytes in flash": [v.measurement.size.model_bytes for v in verdicts],
        f"{unit} per inference": [
            v.measurement.instructions or v.measurement.cycles or 0 for v in verdicts
        ],
    }
    rows = [["side by side", *(v.project.runtime for v in verdicts), "ratio"]]
    rows += [
        [name, *(f"{value:,}" for value in values), f"{values[-1] / values[0]:.2f}×"]
        for name, values in figures.items()
    ]
    rows.append(["outputs as expected", *(_identical(v.measurement) for v in verdicts), ""])
    return _aligned(rows)


def _identical(measurement: Measurement) -> str:
    outputs = measurement.outputs
    if outputs is None:
        return "not checked"
    return f"{round(outputs.identical_fraction * outputs.samples)} of {outputs.samples}"


def table(measurement: Measurement, checks: tuple[Check, ...]) -> str:
    """The verdict, a line for each quantity."""
    words = {True: "holds", False: "BROKEN", None: "–"}
    rows = [["quantity", "promised", "measured", ""]]
    rows += [[c.quantity, c.promised, c.measured, words[c.holds]] for c in checks]
    verdict = "confirmed" if all_hold(checks) else "refuted"
    return f"{_aligned(rows)}\nverdict: {verdict} on board {measurement.board}"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cells."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join(
            f"{cell:<{width}}" for cell, width in zip(row, [*widths, 0], strict=True)
        ).rstrip()
        for row in rows
    )
