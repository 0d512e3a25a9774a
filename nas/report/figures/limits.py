"""Draws how much of each limit is used. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from nas.report.figures.drawing import drawing, finish, without_frame
from nas.report.figures.palette import BAD, GRID, INK, MEASURED, MUTED

_ROW = 46
_BAR = 0.3
_LEAST = 0.004
"""Smallest drawn share of the width, so that a bar is always visible."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One limit.

    Attributes:
        name: Name of the need.
        text: Need and limit.
        fraction: Need over limit.
    """

    name: str
    text: str
    fraction: float


def limit_bars(bars: Sequence[Bar]) -> str:
    """Draw a bar for each limit; a bar beyond the mark exceeds its limit."""
    widest = max(1.0, *(bar.fraction for bar in bars))
    with drawing(_ROW * len(bars) + 12) as figure:
        axes = figure.subplots()
        without_frame(axes)
        for row, bar in enumerate(bars):
            colour = MEASURED if bar.fraction <= 1 else BAD
            axes.barh(row, 1, _BAR, color=GRID.light)
            axes.barh(row, max(bar.fraction, _LEAST * widest), _BAR, color=colour.light)
            axes.text(0, row - 0.24, bar.name, weight="bold", va="bottom")
            axes.text(
                widest, row - 0.24, bar.text, ha="right", va="bottom", color=MUTED.light, size=11
            )
        if widest > 1:
            axes.axvline(1, color=INK.light, linewidth=1.4)
        axes.set_xlim(0, widest)
        axes.set_ylim(len(bars) - 0.7, -0.75)
        axes.set_axis_off()
        used = "; ".join(f"{bar.name} {bar.text}" for bar in bars)
        return finish(figure, "limits", f"Used of each limit: {used}")
