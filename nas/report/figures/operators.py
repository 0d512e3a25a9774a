"""Draws the cost of each kernel call. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from nas.report.facts import ReportedCall
from nas.report.figures.drawing import WIDE, WIDTH, drawing, finish, pair_legend, without_frame
from nas.report.figures.palette import EXPECTED, GRID, INK, MEASURED, MUTED, OTHER
from nas.report.shown import quantity, shortened


@dataclass(frozen=True, slots=True)
class _Layout:
    """The layout of a row; positions are in rows, downwards.

    Attributes:
        row: Height in pixels.
        name: Position of the name above the bars; None for a separate column.
        bar: Position of the bars.
        thickness: Thickness of a bar if there are two.
    """

    row: int
    name: float | None
    bar: float
    thickness: float


_WIDE = _Layout(30, None, 0.0, 0.34)
_NARROW = _Layout(44, -0.24, 0.15, 0.22)
_AROUND = 62
_NAME_CHARACTERS = 62


def operator_plots(
    calls: Sequence[ReportedCall], estimated_unit: str, measured_unit: str
) -> tuple[str, str]:
    """The picture for a desktop, and the one for a phone.

    A row for each call: multiply-accumulates, then instructions or cycles.

    Args:
        calls: The calls; without ticks, a call has no bar.
        estimated_unit: Unit of the estimate, `instructions` or `cycles`; empty without one.
        measured_unit: Unit of the measurement; empty without one.
    """
    unit = estimated_unit or measured_unit
    if measured_unit not in ("", unit):
        unit = f"{estimated_unit}, {measured_unit}"
    has_both = bool(estimated_unit and measured_unit)
    return (
        _plot(calls, unit, has_both, WIDE, _WIDE),
        _plot(calls, unit, has_both, WIDTH, _NARROW),
    )


def _plot(
    calls: Sequence[ReportedCall], unit: str, has_both: bool, width: int, layout: _Layout
) -> str:
    with drawing(layout.row * len(calls) + _AROUND, width) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        for axes in (left, right):
            without_frame(axes)
            axes.set_xticks([])
            for row in range(len(calls)):
                axes.axhline(row - 0.5, color=GRID.light, linewidth=0.8)
        maccs = [_Bar(row + layout.bar, call.macc, OTHER.light) for row, call in enumerate(calls)]
        _draw(left, maccs, layout.thickness)
        left.set_title("multiply-accumulates")
        ticks = [bar for row, call in enumerate(calls) for bar in _ticks(row, call, layout)]
        _draw(right, ticks, layout.thickness)
        right.set_title(unit)
        names = [shortened(call.name, _NAME_CHARACTERS) for call in calls]
        left.set_yticks(range(len(calls)), names if layout.name is None else [])
        left.tick_params(labelcolor=INK.light)
        if layout.name is not None:
            for row, name in enumerate(names):
                left.text(0, row + layout.name, name, size=11, va="center", clip_on=False)
        left.set_ylim(len(calls) - 0.5, -0.52)
        if has_both:
            pair_legend(figure, "estimated", "measured")
        title = "Multiply-accumulates and time of each kernel call"
        return finish(figure, f"operators-{width}", title)


@dataclass(frozen=True, slots=True)
class _Bar:
    place: float
    length: int
    colour: str
    is_hollow: bool = False


def _ticks(row: int, call: ReportedCall, layout: _Layout) -> list[_Bar]:
    """The bars of a call: estimated above measured; a single bar is in the middle."""
    apart = 0.5 * layout.thickness + 0.02
    if call.estimated is None or call.measured is None:
        apart = 0.0
    bars = []
    if call.estimated is not None:
        bars.append(_Bar(row + layout.bar - apart, call.estimated, EXPECTED.light, is_hollow=True))
    if call.measured is not None:
        bars.append(_Bar(row + layout.bar + apart, call.measured, MEASURED.light))
    return bars


def _draw(axes: Axes, bars: Sequence[_Bar], thickness: float) -> None:
    """Bars with their values beside them."""
    for bar in bars:
        face = "none" if bar.is_hollow else bar.colour
        axes.barh(
            bar.place, bar.length, thickness, facecolor=face, edgecolor=bar.colour, linewidth=1.2
        )
        axes.annotate(
            quantity(bar.length, ""),
            (bar.length, bar.place),
            (4, 0),
            textcoords="offset points",
            va="center_baseline",
            size=9.5,
            color=MUTED.light,
        )
    longest = max((bar.length for bar in bars), default=0)
    axes.set_xlim(0, 1.42 * (longest or 1))
