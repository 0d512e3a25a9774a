"""Formats the findings of a check as text. Pure."""

from collections.abc import Mapping

from firmware.printable import printable
from firmware.text_table import table
from nas.data_tools.check import Findings, Twins

_LISTED = 5
_ONE_SIDED = 3.0
"""Ratio of the largest to the smallest class above which the report warns."""


def check_text(findings: Findings) -> str:
    """The text, with the first names of each kind; the JSON has all names."""
    identical = [twins for twins in findings.twins if twins.is_identical]
    alike = [twins for twins in findings.twins if not twins.is_identical]
    lines = [
        _counts_text(findings),
        "",
        f"sizes: {_most(findings.sizes)}",
        f"pixels: {_most({**findings.modes, **findings.traits})}",
    ]
    lines += [f"note: {printable(remark)}" for remark in findings.source.remarks]
    if findings.imbalance > _ONE_SIDED:
        lines.append(
            f"unbalanced: the largest class has {findings.imbalance:.1f} times the images of the "
            "smallest; check the accuracy of each class"
        )
    lines += _listed("broken", [f"{name}: {why}" for name, why in findings.broken.items()])
    lines += _listed("groups of identical files", [_names(findings, own) for own in identical])
    lines += _listed("groups of near duplicates", [_names(findings, own) for own in alike])
    lines += _listed("groups in two classes", [_names(findings, own) for own in findings.conflicts])
    lines += _listed("groups in two parts", [_names(findings, own) for own in findings.leaks])
    lines += [
        f"  {count:,} images of {pair.split('-')[1]} have a twin in {pair.split('-')[0]}"
        for pair, count in findings.leaked.items()
    ]
    if findings.unusable:
        lines.append(f"unusable: {printable(findings.unusable)}")
    return "\n".join([*lines, f"sound: {'yes' if findings.is_sound else 'no'}"])


def _counts_text(findings: Findings) -> str:
    classes = list(next(iter(findings.counts.values())))
    rows = [
        (printable(name), *(f"{own[name]:,}" for own in findings.counts.values()))
        for name in classes
    ]
    totals = [sum(own.values()) for own in findings.counts.values()]
    parts = "as the data names them" if findings.is_divided else "drawn, as by 'nas run'"
    return "\n".join(
        [
            table(
                ("class", *map(str, findings.counts)),
                [*rows, ("all", *(f"{total:,}" for total in totals))],
            ),
            f"{len(classes)} classes, {sum(totals):,} images; parts {parts}",
        ]
    )


def _most(counts: Mapping[str, int]) -> str:
    shown = [
        f"{printable(name) or 'no suffix'} {n:,}" for name, n in list(counts.items())[:_LISTED]
    ]
    rest = len(counts) - len(shown)
    return ", ".join(shown) + (f", {rest:,} others" if rest else "")


def _listed(what: str, texts: list[str]) -> list[str]:
    if not texts:
        return [f"{what}: none"]
    shown = [f"  {printable(text)}" for text in texts[:_LISTED]]
    rest = len(texts) - len(shown)
    return [f"{what}: {len(texts):,}", *shown, *([f"  and {rest:,} more"] if rest else [])]


def _names(findings: Findings, twins: Twins) -> str:
    names = [findings.source.samples[number].name for number in twins.numbers[:_LISTED]]
    rest = len(twins.numbers) - len(names)
    return " = ".join(names) + (f" = {rest:,} more" if rest else "")
