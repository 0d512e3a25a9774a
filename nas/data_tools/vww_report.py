"""Formats the content of a Visual Wake Words dataset as text. Pure."""

from typing import Any

from firmware.text_table import table


def vww_text(record: dict[str, Any]) -> str:
    """The images of each part and class, from the content of `vww.json`."""
    counts = record["counts"]
    classes = list(next(iter(counts.values())))
    rows = [
        (part, *(f"{own[name]:,}" for name in classes), f"{sum(own.values()):,}")
        for part, own in counts.items()
    ]
    side = record["plan"]["side"]
    return "\n".join(
        [
            table(("part", *classes, "all"), rows),
            f"images of {side}x{side}; {record['images_listed']:,} listed, "
            f"{len(record['left_out']):,} skipped",
        ]
    )
