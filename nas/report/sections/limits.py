"""What the winner needs, beside its limits. Pure."""

from dataclasses import dataclass

from nas.report.facts import Facts
from nas.report.figures.limits import Bar, limit_bars
from nas.report.front_tables import limit_title
from nas.report.page import Figure, Section, Table, Tone
from nas.report.shown import exact, megabytes, percent, quantity


@dataclass(frozen=True, slots=True)
class Limited:
    """One need beside its limit.

    Attributes:
        name: What is limited.
        unit: `bytes`, `MACs` or `µs` of the target, or `host bytes`.
        needed: What is needed.
        limit: What may be needed.
    """

    name: str
    unit: str
    needed: int
    limit: int

    @property
    def fraction(self) -> float:
        """Needed over limit."""
        return self.needed / self.limit

    @property
    def text(self) -> str:
        """Both, in the unit in which people think of them, and the share."""
        show = megabytes if self.unit == "host bytes" else lambda n: quantity(n, self.unit)
        return f"{show(self.needed)} of {show(self.limit)}, {percent(self.fraction)}"


def limited(facts: Facts) -> tuple[Limited, ...]:
    """What the search limits of the target, in the order of `NEEDS`."""
    return tuple(
        Limited(limit_title(facts, name), need.unit, need.needed, need.limit)
        for name, need in facts.limited.items()
    )


def limited_of_host(facts: Facts) -> tuple[Limited, ...]:
    """The most that a training of the winner took of the host, if its limit is known."""
    leader, limit = facts.leader, facts.run.start.worker_bytes
    if leader is None or not limit:
        return ()
    trials = [trial for trial in facts.run.trials if trial.candidate == leader.candidate]
    peaks = [trial.peak_anonymous_bytes for trial in trials]
    if facts.run.final is not None and facts.run.final.training is not None:
        peaks.append(facts.run.final.training.peak_anonymous_bytes)
    return (Limited("host memory, one worker", "host bytes", max(peaks, default=0), limit),)


def linked(facts: Facts) -> tuple[Limited, ...]:
    """What the whole firmware takes of the chip, as far as that is known."""
    own = facts.estimate
    if own is None:
        return ()
    found = []
    if own.ram.linked_bytes is not None:
        ram = own.ram.linked_bytes
        name = "RAM of the firmware: arena, variables, stack"
        found.append(Limited(name, "bytes", ram, own.target.ram_bytes))
    if own.linked_flash_bytes is not None:
        name = "flash of the firmware: model, runtime, application"
        found.append(Limited(name, "bytes", own.linked_flash_bytes, own.target.flash_bytes))
    return tuple(found)


def limits_section(facts: Facts) -> Section:
    """Bars, and the exact numbers."""
    bars = (*limited(facts), *limited_of_host(facts))
    missing = []
    if not bars:
        missing.append("Nothing was trained yet, so there is nothing to compare with the limits.")
    elif facts.run.start.worker_bytes is None:
        missing.append(
            "The limit of the host's memory is not in this run's record: it was made by an "
            "earlier version."
        )
    figures: tuple[Figure, ...] = ()
    if bars:
        drawn = limit_bars([Bar(own.name, own.text, own.fraction) for own in bars])
        figures = (Figure("limits", "Used of each limit", drawn),)
    return Section(
        "limits",
        "The limits",
        _notes(facts),
        figures,
        (_table((*bars, *linked(facts))),) if bars else (),
        tuple(missing),
    )


def _notes(facts: Facts) -> tuple[str, ...]:
    notes = []
    if facts.estimate is not None:
        for own in facts.estimate.exceeded:
            notes.append(f"Exceeded: {own.name}, {own.needed:,} of {own.limit:,}.")
        for text in facts.estimate.unsupported:
            notes.append(f"The {facts.estimate.runtime} runtime cannot run it: {text}.")
    return tuple(notes)


def _table(rows: tuple[Limited, ...]) -> Table:
    return Table(
        "Needed and allowed",
        ("limited", "needed", "limit", "used"),
        tuple(
            (own.name, _exact(own.needed, own), _exact(own.limit, own), percent(own.fraction))
            for own in rows
        ),
        "lrrr",
        tuple(Tone.BAD if own.fraction > 1 else Tone.NEUTRAL for own in rows),
    )


def _exact(value: int, own: Limited) -> str:
    if own.unit == "host bytes":
        return megabytes(value)
    return exact(value, own.unit)
