"""The front and the costs of the limits as rows of text, for pages and terminals. Pure."""

from nas.data.proportion import interval_of
from nas.report.facts import Facts, leader_name
from nas.report.front import LimitCost, limit_costs
from nas.report.shown import NONE, accuracy, ends, exact, percent, plural
from nas.search.tried import Tried

_HEADERS = {"RAM": "RAM, B", "flash": "flash, B", "MACC": "MACC", "latency": "time, µs"}
"""Headers of columns of needs, by the names of `NEEDS`."""
_LIMITS = {
    "RAM": "RAM, arena",
    "flash": "flash, .tflite",
    "MACC": "MACC per inference",
    "latency": "time of one inference",
}
"""What a limit is about, by the names of `NEEDS`."""
Rows = tuple[tuple[str, ...], ...]


def need_header(facts: Facts, name: str) -> str:
    """The header of a column of a need, one of `NEEDS`."""
    return _HEADERS[name] + _modelled(facts, name)


def limit_title(facts: Facts, name: str) -> str:
    """What a limit is about, one of `NEEDS`."""
    return _LIMITS[name] + _modelled(facts, name)


def _modelled(facts: Facts, name: str) -> str:
    """A mark of a time that was modelled."""
    pace = facts.run.config.pace
    return ", modelled" if name == "latency" and pace is not None and pace.is_modelled else ""


def front_rows(facts: Facts) -> tuple[tuple[str, ...], Rows]:
    """The header and the rows of the front, the most accurate first; rows are numbered from 1."""
    members = facts.front
    heading = members[0].candidate.heading if members else "candidate"
    header = (
        "",
        heading,
        "",
        "accuracy",
        "95 % interval",
        "trainings",
        *(need_header(facts, name) for name in facts.front_needs),
        "over",
    )
    return header, tuple(_row(number, own, facts) for number, own in enumerate(members, 1))


def _row(number: int, own: Tried, facts: Facts) -> tuple[str, ...]:
    leader = facts.leader
    is_leader = leader is not None and own.candidate == leader.candidate
    interval = interval_of(own.accuracy, facts.judging_images)
    return (
        str(number),
        str(own.candidate),
        leader_name(facts) if is_leader else "",
        percent(own.accuracy),
        NONE if interval is None else ends(interval),
        str(len(own.accuracies)),
        *(f"{own.needed[name]:,}" for name in facts.front_needs),
        ", ".join(own.over) or NONE,
    )


def front_note(facts: Facts) -> str:
    """How many candidates are on the front, and of what."""
    names, members = facts.front_needs, facts.front
    kinds = " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
    return (
        f"{len(members)} of {plural(len(facts.all_tried), 'trained candidate')} are on the Pareto "
        f"front: no other is at least as accurate and needs no more of {kinds}."
    )


def limit_rows(facts: Facts) -> tuple[tuple[str, ...], Rows]:
    """The header and the rows of what each limit costs."""
    header = ("limit", "allowed", "best within", "it needs", "best with half of that", "looser")
    return header, tuple(_limit_row(own, facts) for own in limit_costs(facts))


def _limit_row(own: LimitCost, facts: Facts) -> tuple[str, ...]:
    best, images = own.best, facts.judging_images
    needed = None if best is None else best.needed.get(own.name)
    return (
        limit_title(facts, own.name),
        exact(own.limit, own.unit),
        NONE if best is None else accuracy(best.accuracy, images),
        NONE if needed is None else exact(needed, own.unit),
        NONE if own.half is None else accuracy(own.half.accuracy, images),
        _looser(own, images),
    )


def _looser(own: LimitCost, images: int) -> str:
    """What was measured beyond a limit."""
    if own.looser is None:
        return "not known: none beyond it was trained"
    found = f"{accuracy(own.looser.accuracy, images)}, best of {own.beyond} beyond it"
    if own.gain is None:
        return found
    if own.gain <= 0:
        return f"{found}: costs nothing"
    return f"{found}: costs {100 * own.gain:.1f} pp"


def limits_note(facts: Facts) -> str:
    """What the costs are known from."""
    images = facts.judging_images
    noise = f" One image of {images:,} is {100 / images:.2f} pp." if images else ""
    return (
        "Only trained candidates count. A search does not train what does not fit; candidates "
        "beyond a limit are known only from a search in the same folder with a looser limit."
        f"{noise}"
    )
