"""Formats names and numbers for readers. Pure."""

from firmware.printable import printable
from nas.data.proportion import Proportion, interval_of

NONE = "–"
_KIB = 1024
_SIGNS = {"bytes": "B", "MACs": "MAC", "µs": "µs"}


def shortened(name: str, characters: int) -> str:
    """A printable name, truncated if it is too long."""
    text = printable(name)
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def percent(fraction: float, digits: int = 1) -> str:
    """A fraction as a percentage."""
    return f"{100 * fraction:.{digits}f} %"


def signed_percent(fraction: float) -> str:
    """A difference as a percentage, with its sign."""
    rounded = percent(abs(fraction))
    if rounded == percent(0.0):
        return rounded
    return f"{'+' if fraction > 0 else '−'}{rounded}"


def ends(interval: tuple[float, float]) -> str:
    """The ends of an interval as percentages."""
    lowest, highest = interval
    return f"{100 * lowest:.1f}–{100 * highest:.1f} %"


def fractions(interval: tuple[float, float]) -> str:
    """The ends of an interval, 0 to 1."""
    lowest, highest = interval
    return f"{lowest:.3f}–{highest:.3f}"


def span(proportion: Proportion) -> str:
    """The 95 % interval of a proportion."""
    return ends(proportion.interval)


def accuracy(fraction: float, images: int) -> str:
    """An accuracy on so many images, and its 95 % interval if their number is known."""
    interval = interval_of(fraction, images)
    return percent(fraction) if interval is None else f"{percent(fraction)} ({ends(interval)})"


def with_span(proportion: Proportion | None) -> str:
    """A proportion and its interval; a dash if there is none."""
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
    """The used share of a limit; small shares keep a significant digit."""
    return percent(fraction, 1 if fraction >= 0.001 else 2)


def quantity(value: float, unit: str) -> str:
    """A need in its usual unit."""
    if unit == "bytes":
        return kib(round(value))
    if unit == "µs":
        return f"{value / 1000:,.2f} ms"
    if value >= 1e6:
        return f"{value / 1e6:,.2f} M"
    return f"{value:,.0f}"


def exact(value: int, unit: str) -> str:
    """A need to the last digit, with the sign of its unit."""
    return f"{value:,} {_SIGNS[unit]}"


def plural(count: int, noun: str) -> str:
    """A count with its noun, such as `1 image` or `2 images`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
