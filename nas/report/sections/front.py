"""The section about the Pareto front, and what each limit costs in accuracy. Pure."""

from nas.report.facts import Facts, limit_of
from nas.report.figures.front import FrontRow, Panel, front_plot
from nas.report.front_tables import front_note, front_rows, limit_rows, limits_note
from nas.report.page import Figure, Section, Table, Tone
from nas.report.shown import accuracy


def front_section(facts: Facts) -> Section:
    """The front as a picture and a table, and the costs of the limits."""
    if not facts.all_tried:
        text = "No candidate was trained yet, so there is no front."
        return Section("front", "The front and the limits", missing=(text,))
    figure = Figure("front", "The Pareto front: accuracy, and what it needs", _drawn(facts))
    notes = (front_note(facts), limits_note(facts))
    return Section("front", "The front and the limits", notes, (figure,), _tables(facts))


def _tables(facts: Facts) -> tuple[Table, ...]:
    header, rows = front_rows(facts)
    align = "rllrr" + "r" * (len(header) - 6) + "l"
    tones = tuple(_tone(facts, number) for number in range(len(rows)))
    costs_header, costs = limit_rows(facts)
    return (
        Table("The Pareto front", header, rows, align, tones, is_wide=True),
        Table("What each limit costs", costs_header, costs, "lrrrrl", is_wide=True),
    )


def _tone(facts: Facts, number: int) -> Tone:
    own, leader = facts.front[number], facts.leader
    if leader is not None and own.candidate == leader.candidate:
        return Tone.LEADER
    return Tone.QUIET if own.over else Tone.NEUTRAL


def _drawn(facts: Facts) -> str:
    names, leader = facts.front_needs, facts.leader
    panels = [Panel(own, *limit_of(facts.run.config.limits, own)) for own in names]
    rows = [
        FrontRow(
            own.accuracy,
            tuple(own.needed[name] for name in names),
            f"{own.candidate}: {accuracy(own.accuracy, facts.judging_images)}",
            is_leader=leader is not None and own.candidate == leader.candidate,
        )
        for own in facts.front
    ]
    return front_plot(rows, panels)
