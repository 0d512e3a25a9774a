"""Formats the modelled cycles of the kernel calls as a table. Pure."""

from hil.judge import Verdict
from hil.modelled import Counts

_HEADER = ["kernel call", "MAC", "instructions", "cycles", "per MAC"]
_SHOWN_STALLS = ("flash data", "flash instructions", "loads", "branches")


def cycle_rows(verdict: Verdict) -> list[list[str]]:
    """A header, a row for each kernel call, and one for all; empty if their cycles are not known.

    The columns after `per MAC` are the cycles of the most frequent causes of stalls, and of all
    others together.
    """
    modelled = verdict.measurement.modelled
    if modelled is None or not modelled.steps:
        return []
    planned = verdict.project.manifest.get("steps", [])
    if len(planned) != len(modelled.steps):
        planned = [{}] * len(modelled.steps)
    rows = [[*_HEADER, *_SHOWN_STALLS, "other stalls"]]
    ticks = verdict.measurement.step_ticks
    for index, step in enumerate(planned):
        names = "+".join(step.get("operators", ())) or "?"
        figures = _figures(step.get("macc"), ticks[index], modelled.steps[index])
        rows.append([f"{index} {names}", *figures])
    macc = sum(step.get("macc") or 0 for step in planned)
    return [*rows, ["all", *_figures(macc, sum(ticks), sum(modelled.steps, Counts()))]]


def _figures(macc: int | None, instructions: int, counts: Counts) -> list[str]:
    stalls = counts.by_cause()
    shown = [stalls[cause] for cause in _SHOWN_STALLS]
    others = sum(stalls.values()) - sum(shown)
    per_macc = f"{counts.cycles / macc:.2f}" if macc else "–"
    waited = [f"{own:,}" for own in (*shown, others)]
    return [
        f"{macc:,}" if macc else "–",
        f"{instructions:,}",
        f"{counts.cycles:,}",
        per_macc,
        *waited,
    ]
