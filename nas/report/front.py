"""The front of a run, and what each limit costs in accuracy, from trained candidates alone. Pure.

Candidates that do not fit are not trained, so nothing is known of their accuracy. Trained
candidates beyond a limit come from earlier searches with other limits in the same folder.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from firmware.records.conversion import to_record
from nas.data.proportion import interval_of
from nas.report.facts import Facts, limit_of, limited_needs
from nas.search.tried import Tried

_PARTS = {
    "RAM": {"RAM", "linked RAM"},
    "flash": {"flash", "linked flash"},
    "MACC": {"MACC"},
    "latency": {"latency"},
}
"""The needs that a limit is about, by the names of `NEEDS`."""


@dataclass(frozen=True, slots=True)
class LimitCost:
    """What a limit costs in accuracy.

    Attributes:
        name: Its name, one of `NEEDS`.
        unit: `bytes`, `MACs` or `µs`.
        limit: The limit.
        best: The most accurate candidate within all limits; None if none was trained.
        half: The most accurate one that needs at most half as much as `best`; None if none was
            trained.
        beyond: Number of trained candidates that exceed this limit alone.
        looser: The most accurate of these; None if there is none.
    """

    name: str
    unit: str
    limit: int
    best: Tried | None
    half: Tried | None
    beyond: int
    looser: Tried | None

    @property
    def gain(self) -> float | None:
        """The accuracy that was measured beyond the limit less that within; None if not known."""
        if self.looser is None or self.best is None:
            return None
        return self.looser.accuracy - self.best.accuracy


def limit_costs(facts: Facts) -> tuple[LimitCost, ...]:
    """What each limit costs, in the order of `NEEDS`."""
    return tuple(_limit_cost(facts, name) for name in limited_needs(facts))


def _limit_cost(facts: Facts, name: str) -> LimitCost:
    best = _best(facts.tried)
    most = None if best is None else best.needed.get(name)
    known = [own for own in facts.tried if name in own.needed]
    half = [] if most is None else [own for own in known if 2 * own.needed[name] <= most]
    beyond = [own for own in facts.all_tried if own.over and {*own.over} <= _PARTS[name]]
    unit, limit = limit_of(facts.run.config.limits, name)
    return LimitCost(name, unit, limit, best, _best(half), len(beyond), _best(beyond))


def _best(all_tried: Iterable[Tried]) -> Tried | None:
    """The most accurate one; of equals, the smaller."""
    return min(all_tried, key=lambda own: own.rank, default=None)


def front_record(facts: Facts) -> dict[str, Any]:
    """The front and the costs of the limits, as report.json has them."""
    return {
        "front": [tried_record(own, facts) for own in facts.front],
        "limit_costs": [
            {
                "name": own.name,
                "unit": own.unit,
                "limit": own.limit,
                "best": None if own.best is None else tried_record(own.best, facts),
                "half": None if own.half is None else tried_record(own.half, facts),
                "trained_beyond": own.beyond,
                "looser": None if own.looser is None else tried_record(own.looser, facts),
                "gain": own.gain,
            }
            for own in limit_costs(facts)
        ],
    }


def tried_record(own: Tried, facts: Facts) -> dict[str, Any]:
    """A candidate that was trained, with its mean accuracy and the 95 % interval of that."""
    interval = interval_of(own.accuracy, facts.judging_images)
    return {**to_record(own), "accuracy": own.accuracy, "interval": interval}
