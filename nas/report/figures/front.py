"""Draws a Pareto front of several needs: a row for each member. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from nas.report.figures.drawing import drawing, finish, outlined, without_frame
from nas.report.figures.palette import BAD, GRID, MEASURED, OTHER
from nas.report.shown import quantity

_ROW, _AROUND = 22, 34
_BAR = 0.42
_ROOM = 2.1
"""Width of a panel over its longest bar; the number is written behind the bar."""
_ACCURACY_ROOM = 0.35
"""Room for the number behind the most accurate mark, as a share of the range."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A need.

    Attributes:
        name: Its name.
        unit: `bytes`, `MACs` or `µs`.
        limit: Its limit.
    """

    name: str
    unit: str
    limit: int


@dataclass(frozen=True, slots=True)
class FrontRow:
    """A candidate of the front.

    Attributes:
        accuracy: Its accuracy, 0 to 1.
        needs: Its needs, in the order of the panels.
        tip: Its tooltip.
        is_leader: Whether it won, or is the best so far.
    """

    accuracy: float
    needs: tuple[int, ...]
    tip: str
    is_leader: bool


def front_plot(rows: Sequence[FrontRow], panels: Sequence[Panel]) -> str:
    """Draw the rows from top to bottom: the accuracy as a mark, each need as a bar."""
    with drawing(_ROW * len(rows) + _AROUND) as figure:
        columns = figure.subplots(
            1, 1 + len(panels), sharey=True, squeeze=False, width_ratios=[1.3, *[1.0] * len(panels)]
        )[0]
        tips = _accuracies(columns[0], rows)
        for axes, panel, index in zip(columns[1:], panels, range(len(panels)), strict=True):
            _needs(axes, panel, [own.needs[index] for own in rows], rows)
        columns[0].set_ylim(len(rows) - 0.4, -0.6)
        columns[0].set_yticks(range(len(rows)), [str(n + 1) for n in range(len(rows))])
        title = f"Pareto front of {len(rows)} candidates: accuracy and needs"
        return finish(figure, "front", title, tips)


def _accuracies(axes: Axes, rows: Sequence[FrontRow]) -> dict[str, str]:
    without_frame(axes)
    axes.set_title("accuracy", size=11)
    values, tips = [100 * own.accuracy for own in rows], {}
    lowest, highest = min(values), max(values)
    spread = (highest - lowest) or 1.0
    axes.set_xlim(lowest - 0.1 * spread, highest + (0.2 + _ACCURACY_ROOM) * spread)
    for row, (own, value) in enumerate(zip(rows, values, strict=True)):
        axes.axhline(row, color=GRID.light, linewidth=0.8, zorder=0)
        gid = f"front-{row}"
        tips[gid] = own.tip
        axes.scatter(
            [value],
            [row],
            70 if own.is_leader else 40,
            color=(MEASURED if own.is_leader else OTHER).light,
            marker="D" if own.is_leader else "o",
            zorder=3,
            gid=gid,
            **outlined(),
        )
        _write(axes, f"{value:.1f}", (value, row), 7)
    axes.set_xticks([])
    return tips


def _needs(axes: Axes, panel: Panel, needs: Sequence[int], rows: Sequence[FrontRow]) -> None:
    without_frame(axes)
    axes.set_title(panel.name, size=11)
    most = max(needs)
    axes.set_xlim(0, _ROOM * most)
    for row, (need, own) in enumerate(zip(needs, rows, strict=True)):
        colour = BAD if need > panel.limit else MEASURED if own.is_leader else OTHER
        axes.barh(row, need, _BAR, color=colour.light)
        _write(axes, quantity(need, panel.unit), (need, row), 3)
    axes.set_xticks([])


def _write(axes: Axes, text: str, place: tuple[float, float], right: int) -> None:
    """Write a number this many points to the right of what it belongs to."""
    axes.annotate(text, place, xytext=(right, 0), textcoords="offset points", va="center", size=11)
