"""The four headline figures of a report. Pure."""

from nas.data.proportion import wilson_interval
from nas.report.facts import Facts
from nas.report.measurement import BoardResult
from nas.report.page import Headline, Tone
from nas.report.sections.limits import limited, linked
from nas.report.shown import ends, percent, quantity, span


def headlines(facts: Facts) -> tuple[Headline, ...]:
    """The fit, the accuracy, the time, and the verdict of the board."""
    return (_fits(facts), _accuracy(facts), _time(facts), _verdict(facts))


def _fits(facts: Facts) -> Headline:
    label, rows = f"fits {facts.run.config.target}?", (*limited(facts), *linked(facts))
    if not rows:
        return Headline(label, "not known yet", "no candidate is trained yet", Tone.NEUTRAL)
    tightest = max(rows, key=lambda own: own.fraction)
    detail = f"tightest: {tightest.name}, {tightest.text}"
    own = facts.estimate
    does_fit = tightest.fraction <= 1 and (own is None or own.fits)
    if does_fit:
        return Headline(label, "fits", detail, Tone.GOOD)
    if own is not None and own.unsupported:
        detail = f"cannot be run: {own.unsupported[0]}"
    elif own is not None and own.unmodelled:
        detail = f"its memory is not known: {own.unmodelled[0]} are not modelled"
    return Headline(label, "does not fit", detail, Tone.BAD)


def _accuracy(facts: Facts) -> Headline:
    own, before = facts.int8_accuracy, facts.float_accuracy
    if own is not None and before is not None:
        detail = (
            f"95 % interval {span(own)}, {own.total:,} test images; float "
            f"{percent(before.fraction)}"
        )
        return Headline("test accuracy, int8", percent(own.fraction), detail, Tone.LEADER)
    leader = facts.leader
    best = next((t for t in facts.tried if leader and t.candidate == leader.candidate), None)
    label, images = "validation accuracy, best so far", facts.judging_images
    if best is None or not images:
        return Headline(label, "not known yet", "no candidate is trained yet", Tone.NEUTRAL)
    interval = ends(wilson_interval(best.accuracy, images))
    detail = f"{best.candidate.described}; 95 % interval {interval}, {images:,} images"
    return Headline(label, percent(best.accuracy), detail, Tone.LEADER)


def _time(facts: Facts) -> Headline:
    measured, time = facts.measured_here, facts.estimate.time if facts.estimate else None
    if measured is not None and measured.ticks is not None:
        return _measured_time(measured.ticks, measured)
    label = "one inference"
    modelled = facts.estimate.modelled_time if facts.estimate else None
    if modelled is not None and modelled.middle_ms is not None and modelled.cycles is not None:
        detail = f"modelled, not measured: {quantity(modelled.cycles, '')} cycles, estimated"
        return Headline(label, f"{modelled.middle_ms:.2f} ms", detail, Tone.NEUTRAL)
    if time is None or time.ticks is None:
        return Headline(label, "not known", "no estimate and no measurement", Tone.NEUTRAL)
    if time.lowest_ms is None or time.highest_ms is None:
        detail = f"{quantity(time.ticks, '')} {time.unit}, estimated; no cycles are modelled"
        return Headline(label, "not known", detail, Tone.NEUTRAL)
    value = f"{time.lowest_ms:.1f}–{time.highest_ms:.1f} ms"
    detail = f"a range, not measured: {quantity(time.ticks, '')} {time.unit}, estimated"
    return Headline(label, value, detail, Tone.NEUTRAL)


def _measured_time(ticks: int, measured: BoardResult) -> Headline:
    where = f"on board {measured.board}"
    if measured.milliseconds is not None:
        detail = f"{quantity(ticks, '')} {measured.unit}, measured {where}"
        return Headline("one inference", f"{measured.milliseconds:.2f} ms", detail, Tone.NEUTRAL)
    label, detail = f"{measured.unit} per inference", f"counted {where}; a count is not a latency"
    return Headline(label, quantity(ticks, ""), detail, Tone.NEUTRAL)


def _verdict(facts: Facts) -> Headline:
    label = "promises kept?"
    if not facts.measured:
        detail = "no measurement was given: 'hil run', then --measurement"
        return Headline(label, "not measured", detail, Tone.NEUTRAL)
    broken = [
        check.quantity for own in facts.measured for check in own.checks if check.holds is False
    ]
    boards = ", ".join(dict.fromkeys(own.board for own in facts.measured))
    kept = sum(check.holds is True for own in facts.measured for check in own.checks)
    if broken:
        return Headline(label, "refuted", f"on board {boards}: {'; '.join(broken)}", Tone.BAD)
    detail = f"{kept} of {kept} promises hold on board {boards}"
    return Headline(label, "confirmed", detail, Tone.GOOD)
