"""The section about the winner on its target, operator by operator. Pure."""

from nas.estimator.modelled_time import ModelledTime
from nas.estimator.time_needed import Time
from nas.report.facts import Facts, ReportedCall
from nas.report.figures.arena import arena_plots
from nas.report.figures.operators import operator_plots
from nas.report.page import Figure, Section, Table
from nas.report.sections.training import NOT_FINISHED
from nas.report.shown import NONE, percent, signed_percent

_KEY, _TITLE = "target", "On the target"


def target_section(facts: Facts) -> Section:
    """The arena over time, and what each kernel call costs."""
    own = facts.estimate
    if own is None:
        return Section(_KEY, _TITLE, missing=(_why_missing(facts),))
    measured = facts.measured_here
    unit = own.time.unit if own.time else ""
    measured_unit = measured.unit if measured and measured.step_ticks else ""
    figures = [
        Figure(
            "operators",
            "Cost of each kernel call",
            *operator_plots(facts.calls, unit, measured_unit),
        )
    ]
    if own.ram.arena_bytes is not None:
        title = f"The arena over time, {own.ram.buffer_bytes:,} bytes"
        figures.insert(0, Figure("arena", title, *arena_plots(own)))
    table = _table(facts.calls, unit, measured_unit)
    missing = _missing(facts, measured_unit)
    return Section(_KEY, _TITLE, _notes(facts), tuple(figures), (table,), missing)


def _why_missing(facts: Facts) -> str:
    if facts.run.final is None:
        return NOT_FINISHED
    if facts.run.final.graph is None:
        return "model.tflite is no longer in the folder of the run."
    return (
        f"The target {facts.run.config.target!r} was a file of your own, which this run's record "
        "does not hold: it was made by an earlier version."
    )


def _notes(facts: Facts) -> tuple[str, ...]:
    own = facts.estimate
    assert own is not None
    notes = [
        f"The {own.runtime} runtime on {own.target.description}. The arena is planned before "
        "anything is trained; the generated code places every tensor by the same plan."
    ]
    if own.time is not None:
        notes.append(_time_note(own.time, own.target.core_hz, own.modelled_time is not None))
    if own.modelled_time is not None:
        notes.append(_modelled_note(own.modelled_time, own.target.core_hz))
    return tuple(notes)


def _modelled_note(time: ModelledTime, core_hz: int) -> str:
    if time.cycles is None or time.middle_ms is None:
        return "The cycles are not modelled: a kernel has no prices."
    off = ""
    if time.error is not None:
        off = (
            f"; off from the cycle model by {percent(time.error.median)} (median), "
            f"{percent(time.error.worst)} at worst, for {time.error.count} networks held out"
        )
    own = time.model_error
    return (
        f"Modelled, not measured: {time.cycles:,} cycles per inference, {time.middle_ms:.2f} ms at "
        f"{core_hz / 1e6:g} MHz{off}. The cycle model itself is off by "
        f"{percent(own.median_fraction)} (median), {percent(own.worst_fraction)} at worst, from "
        f"{own.calls} calls measured on chips. DMA, interrupts and other bus masters are not "
        "modelled."
    )


def _time_note(time: Time, core_hz: int, is_modelled: bool) -> str:
    if time.ticks is None:
        return "The time is not estimated: a kernel was not measured."
    off = ""
    if time.error is not None:
        off = (
            f", off by {percent(time.error.median)} (median) for {time.error.count} networks held "
            "out"
        )
    text = f"Estimated: {time.ticks:,} {time.unit} per inference{off}."
    if is_modelled or time.lowest_ms is None or time.highest_ms is None:
        return text
    return (
        f"{text} At {core_hz / 1e6:g} MHz that "
        f"is between {time.lowest_ms:.2f} and {time.highest_ms:.2f} ms: a range of one to two "
        "cycles for each instruction, not a prediction."
    )


def _missing(facts: Facts, measured_unit: str) -> tuple[str, ...]:
    texts = []
    assert facts.estimate is not None
    if facts.estimate.ram.arena_bytes is None:
        texts.append(
            f"What the {facts.estimate.runtime} runtime takes of memory on "
            f"{facts.estimate.target.core} is not known, so no arena is shown."
        )
    if facts.estimate.time is None:
        texts.append(
            f"Nothing was measured of the {facts.estimate.runtime} runtime on "
            f"{facts.estimate.target.core}, so no time is estimated."
        )
    if not measured_unit:
        texts.append(
            "No kernel call was measured: generate firmware with 'codegen build', run it with "
            "'hil run', and name its measurement.json by --measurement."
        )
    return tuple(texts)


def _table(calls: tuple[ReportedCall, ...], unit: str, measured_unit: str) -> Table:
    header = ["call", "MACC", "share", "weights, B", "arena in use, B"]
    if unit:
        header.append(f"{unit}, estimated")
    if measured_unit:
        header.append(f"{measured_unit}, measured")
    if unit and unit == measured_unit:
        header.append("off by")
    is_modelled = any(call.modelled is not None for call in calls)
    if is_modelled:
        header.append("cycles, modelled")
    return Table(
        "Kernel calls, in order",
        tuple(header),
        tuple(_row(call, calls, unit, measured_unit) for call in calls),
        "l" + "r" * (len(header) - 1),
        is_wide=True,
    )


def _row(
    call: ReportedCall, calls: tuple[ReportedCall, ...], unit: str, measured_unit: str
) -> tuple[str, ...]:
    macc = sum(own.macc for own in calls) or 1
    is_modelled = any(own.modelled is not None for own in calls)
    row = [
        call.name,
        f"{call.macc:,}",
        percent(call.macc / macc),
        f"{call.weight_bytes:,}",
        NONE if call.live_bytes is None else f"{call.live_bytes:,}",
    ]
    estimated, measured = call.estimated, call.measured
    if unit:
        row.append(NONE if estimated is None else f"{estimated:,}")
    if measured_unit:
        row.append(NONE if measured is None else f"{measured:,}")
    if unit and unit == measured_unit:
        row.append(signed_percent(estimated / measured - 1) if estimated and measured else NONE)
    if is_modelled:
        row.append(NONE if call.modelled is None else f"{call.modelled:,}")
    return tuple(row)
