"""What searches found now, beside what was recorded of them. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.found_results import CONVERTING_PACKAGES, TENSORFLOW_PACKAGES, hash_of
from firmware.text_table import table

SAME, DIFFERENT, NOT_COMPARABLE = "same", "DIFFERENT", "not comparable"
_NOTHING: Mapping[str, Any] = {"trials": [], "sizes": {}, "trained": {}, "converted": {}}
_ABSENT = "–"
_SHOWN_LINES = 6
_HASH_CHARACTERS, _SHOWN_CHARACTERS = 64, 12


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that a search found, then and now.

    Attributes:
        search: Which search.
        data: On what.
        what: The thing.
        recorded: Its text or hash; a dash if there was none.
        now: The same of today.
        verdict: `SAME`, `DIFFERENT` or `NOT_COMPARABLE`.
        lines: If it is a list, what stands in one of both alone.
    """

    search: str
    data: str
    what: str
    recorded: str
    now: str
    verdict: str
    lines: tuple[str, ...] = ()


def changes(recorded: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """By name, what results depend on that is not as it was recorded."""
    return {
        name: f"{recorded.get(name, _ABSENT)}, now {now.get(name, _ABSENT)}"
        for name in sorted(recorded.keys() | now.keys())
        if recorded.get(name) != now.get(name)
    }


def compare(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> list[Row]:
    """Everything that the searches have found now, beside what was recorded of them.

    Args:
        recorded: As same_results.json holds it; has all data of `now`.
        now: The same of today.
    """
    changed = frozenset(changes(recorded["made_with"], now["made_with"]))
    rows = []
    for data, own in now["data"].items():
        known = recorded["data"][data]["searches"]
        for search, found in own["searches"].items():
            decisive = changed if found["has_tensorflow"] else changed - {*TENSORFLOW_PACKAGES}
            for part in _parts(known.get(search, _NOTHING), found, decisive):
                rows.append(_row(search, data, part))
    return rows


@dataclass(frozen=True, slots=True)
class _Part:
    """One thing that was found, as a text or as lines, and whether it must be the same."""

    what: str
    recorded: str | list[str]
    now: str | list[str]
    is_comparable: bool


def _parts(
    before: Mapping[str, Any], found: Mapping[str, Any], changed: frozenset[str]
) -> Iterator[_Part]:
    """Of one search, all that it found; sizes of those candidates that both have met."""
    as_converted, as_trained = not changed, not changed - {*CONVERTING_PACKAGES}
    then, today = before["trials"], found["trials"]
    yield _Part("trials", sorted(then), sorted(today), as_trained)
    yield _Part(
        "their order", *([_evaluation(own) for own in of] for of in (then, today)), as_trained
    )
    both = sorted(before["sizes"].keys() & found["sizes"].keys())
    sizes = ([f"{one}: {own['sizes'][one]}" for one in both] for own in (before, found))
    if both:
        yield _Part(f"sizes of {len(both)}", *sizes, is_comparable=True)
    for kind, is_comparable in (("trained", as_trained), ("converted", as_converted)):
        for what in dict.fromkeys([*before[kind], *found[kind]]):
            values = (own[kind].get(what, _ABSENT) for own in (before, found))
            yield _Part(what, *values, is_comparable)


def _evaluation(trial: str) -> str:
    return trial.partition(":")[0]


def _row(search: str, data: str, part: _Part) -> Row:
    is_same = part.recorded == part.now
    otherwise = DIFFERENT if part.is_comparable else NOT_COMPARABLE
    verdict = SAME if is_same else otherwise
    lines: tuple[str, ...] = ()
    if isinstance(part.recorded, list) and isinstance(part.now, list) and not is_same:
        lines = (
            *(f"recorded {own}" for own in part.recorded if own not in part.now),
            *(f"now      {own}" for own in part.now if own not in part.recorded),
        )
    return Row(search, data, part.what, _short(part.recorded), _short(part.now), verdict, lines)


def _short(value: str | list[str]) -> str:
    """The beginning of a hash, or a text that is none."""
    text = value if isinstance(value, str) else hash_of(value)
    return text[:_SHOWN_CHARACTERS] if len(text) == _HASH_CHARACTERS else text


def told(rows: Sequence[Row], changed: Mapping[str, str]) -> str:
    """The comparison as a table, then what differs in lists, and why things may differ."""
    cells = [(own.search, own.data, own.what, own.recorded, own.now, own.verdict) for own in rows]
    lines = [table(("search", "data", "what", "recorded", "now", ""), cells, left=6), ""]
    for row in rows:
        if row.verdict == DIFFERENT and row.lines:
            lines.append(f"{row.search}, {row.data}, {row.what}:")
            lines += [f"  {line}" for line in row.lines[:_SHOWN_LINES]]
            lines += ["  …"] * (len(row.lines) > _SHOWN_LINES)
    if changed:
        lines.append(
            "these differ from the recording, so that weights and what is made of them may, too:"
        )
        lines += [f"  {name}: {values}" for name, values in changed.items()]
    counts = Counter(row.verdict for row in rows)
    lines.append(", ".join(f"{counts[own]} {own}" for own in (SAME, DIFFERENT, NOT_COMPARABLE)))
    return "\n".join(lines)
