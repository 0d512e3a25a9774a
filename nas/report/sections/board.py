"""Promised against measured. Pure."""

from nas.report.facts import Facts
from nas.report.measurement import BoardResult
from nas.report.page import Section, Table, Tone
from nas.report.sections.training import NOT_FINISHED
from nas.report.shown import NONE, percent

_KEY, _TITLE = "board", "Promised against measured"
_WORDS = {True: "holds", False: "BROKEN", None: NONE}
_TONES = {True: Tone.GOOD, False: Tone.BAD, None: Tone.NEUTRAL}


def board_section(facts: Facts) -> Section:
    """Each promise and what was measured of it, for each runtime."""
    if not facts.measured:
        text = (
            NOT_FINISHED
            if facts.run.final is None
            else "Nothing was measured: run the firmware with 'hil run PROJECT', and name its "
            "measurement.json by --measurement."
        )
        return Section(_KEY, _TITLE, missing=(text,))
    return Section(
        _KEY,
        _TITLE,
        tuple(_note(own) for own in facts.measured),
        tables=tuple(_table(own) for own in facts.measured),
    )


def _note(own: BoardResult) -> str:
    kept = sum(check.holds is True for check in own.checks)
    promises = sum(check.holds is not None for check in own.checks)
    text = (
        f"The {own.runtime} runtime on board {own.board}: {own.verdict}, {kept} of {promises} "
        "promises hold."
    )
    if own.ticks is None:
        return text
    if own.milliseconds is not None:
        width = own.half_width_fraction
        interval = "" if width is None else f" ± {percent(width, 2)} (95 %)"
        time = f"{own.milliseconds:.2f} ms{interval}"
        return f"{text} One inference takes {time}: {own.ticks:,} {own.unit}."
    return (
        f"{text} One inference takes {own.ticks:,} {own.unit}; a count is not a latency: memory "
        "wait states and the flash cache are not in it."
    )


def _table(own: BoardResult) -> Table:
    return Table(
        f"{own.runtime} on board {own.board}",
        ("quantity", "promised", "measured", ""),
        tuple(
            (check.quantity, check.promised, check.measured, _WORDS[check.holds])
            for check in own.checks
        ),
        "llll",
        tuple(_TONES[check.holds] for check in own.checks),
    )
