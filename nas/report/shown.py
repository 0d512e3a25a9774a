"""Names and numbers as a reader sees them. Pure."""

from firmware.printable import printable
from nas.report.statistics import Proportion

NONE = "–"
_KIB = 1024


def shortened(name: str, characters: int) -> str:
    """A name that fits, `printable`; its end is left out if it is too long."""
    text = printable(name)
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def percent(fraction: float, digits: int = 1) -> str:
    """A fraction as a percentage."""
    return f"{100 * fraction:.{digits}f} %"


def signed_percent(fraction: float) -> str:
    """A difference as a percentage, with its sign."""
    sign = "+" if fraction > 0 else "−" if fraction < 0 else ""
    return f"{sign}{percent(abs(fraction))}"


def span(proportion: Proportion) -> str:
    """The 95 % interval of a proportion."""
    lowest, highest = proportion.interval
    return f"{100 * lowest:.1f}–{100 * highest:.1f} %"


def with_span(proportion: Proportion | None) -> str:
    """A proportion and its interval; a dash where there is none."""
    if proportion is None:
        return NONE
    return f"{percent(proportion.fraction)} ({span(proportion)})"


def kib(size_bytes: int) -> str:
    """Bytes in KiB."""
    return f"{size_bytes / _KIB:,.1f} KiB"


def megabytes(size_bytes: int) -> str:
    """Bytes in MB."""
    return f"{size_bytes / 1e6:,.0f} MB"


def used(fraction: float) -> str:
    """How much of a limit is used; small shares keep a digit that tells something."""
    return percent(fraction, 1 if fraction >= 0.001 else 2)


def quantity(value: float, unit: str) -> str:
    """A need in the unit in which people think of it."""
    if unit == "bytes":
        return kib(round(value))
    if unit == "µs":
        return f"{value / 1000:,.2f} ms"
    if value >= 1e6:
        return f"{value / 1e6:,.2f} M"
    return f"{value:,.0f}"


def plural(count: int, noun: str) -> str:
    """A count with its noun, such as `1 image` or `2 images`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
