"""Draws the path of a search over widths and depths. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch

from nas.report.facts import TrialOutcome
from nas.report.figures.drawing import WIDTH, Look, drawing, finish, on_paper, without_frame
from nas.report.figures.palette import GRID, INK, MEASURED, MUTED, OTHER, PAPER
from nas.report.figures.tradeoff import MARKERS
from nas.spaces.axes import Axis

_PLOT = WIDTH - 70
_ROW, _AROUND = 58, 96
_DARK = 0.77
"""Share of the range of accuracies from which the number in a circle is light."""
_LEAST_FOR_TEXT = 17
"""Smallest diameter in pixels of a circle with a number inside."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A candidate on the path.

    Attributes:
        width: Value of the dimension with which all needs grow.
        depth: Value of the dimension that determines the number of layers.
        side: Rows and columns of its input; 0 if all candidates have the same.
        orders: Positions of its trials in the search, from 1; several if it was trained again.
        accuracy: Mean accuracy of its trainings, 0 to 1; None if it was not trained.
        tip: Its tooltip.
        is_leader: Whether it won, or is the best so far.
    """

    width: int
    depth: int
    side: int
    orders: tuple[int, ...]
    accuracy: float | None
    outcome: TrialOutcome
    tip: str
    is_leader: bool


def path_plot(stops: Sequence[Stop], width: Axis, depth: Axis) -> str:
    """Draw the path: columns are the tried widths, grouped by input size; rows are depths."""
    columns = sorted({(stop.side, stop.width) for stop in stops})
    place = {column: index for index, column in enumerate(columns)}
    most = max(stop.depth for stop in stops)
    has_sides = any(side for side, _ in columns)
    with drawing(_ROW * (most + 1) + _AROUND + (18 if has_sides else 0)) as figure:
        axes = figure.subplots()
        without_frame(axes)
        axes.grid(visible=True)
        _arrows(axes, stops, place)
        diameter = min(25.0, 0.78 * _PLOT / len(columns))
        tips = _circles(axes, stops, place, diameter)
        axes.set_xlim(-0.6, len(columns) - 0.4)
        axes.set_ylim(-0.62, most + 0.5)
        axes.set_yticks(range(most + 1))
        every = -(-len(columns) // 16)
        shown = range(0, len(columns), every)
        axes.set_xticks(list(shown), [str(columns[index][1]) for index in shown])
        axes.set_xlabel(f"{width}, as tried (not to scale)")
        axes.set_ylabel(str(depth))
        if has_sides:
            _sides(axes, [side for side, _ in columns])
        title = f"Path of the search over {len(stops)} candidates, in order"
        return finish(figure, "path", title, tips)


def _arrows(axes: Axes, stops: Sequence[Stop], place: dict[tuple[int, int], int]) -> None:
    """Draw an arrow from each candidate to the next new one."""
    for before, after in pairwise(sorted(stops, key=lambda stop: stop.orders[0])):
        ends = [(place[stop.side, stop.width], stop.depth) for stop in (before, after)]
        axes.add_patch(
            FancyArrowPatch(
                *ends,
                connectionstyle="arc3,rad=0.12",
                arrowstyle="-|>",
                mutation_scale=9,
                shrinkA=12,
                shrinkB=13,
                color=MUTED.light,
                alpha=0.65,
                linewidth=1.0,
            )
        )


def _circles(
    axes: Axes, stops: Sequence[Stop], place: dict[tuple[int, int], int], diameter: float
) -> dict[str, str]:
    tips = {}
    known = [stop.accuracy for stop in stops if stop.accuracy is not None]
    for number, stop in enumerate(stops):
        x, gid = place[stop.side, stop.width], f"path-{number}"
        tips[gid] = stop.tip
        if stop.accuracy is None:
            marker, colour = MARKERS[stop.outcome]
            axes.scatter(
                [x], [stop.depth], 0.4 * diameter**2, color=colour.light, marker=marker, gid=gid
            )
            _beside(axes, x, stop, "", diameter)
            continue
        _circle(axes, x, stop, _share(stop.accuracy, known), diameter, gid)
        _beside(axes, x, stop, f"{100 * stop.accuracy:.1f}", diameter)
    return tips


def _share(accuracy: float, known: Sequence[float]) -> float:
    """The position of an accuracy between the lowest and the highest, 0 to 1."""
    least, best = min(known), max(known)
    return 1.0 if best == least else (accuracy - least) / (best - least)


def _circle(axes: Axes, x: int, stop: Stop, share: float, diameter: float, gid: str) -> None:
    size = diameter**2
    axes.scatter([x], [stop.depth], size, color=PAPER.light, zorder=3)
    axes.scatter(
        [x],
        [stop.depth],
        size,
        color=MEASURED.light,
        alpha=0.12 + 0.88 * share,
        zorder=4,
        gid=gid,
        linewidths=0,
    )
    ring, width = (MEASURED, 2.6) if stop.is_leader else (OTHER, 0.8)
    face: Look = {"facecolors": "none", "edgecolors": ring.light, "linewidths": width}
    axes.scatter([x], [stop.depth], 1.35 * size if stop.is_leader else size, zorder=5, **face)
    if diameter >= _LEAST_FOR_TEXT:
        colour = PAPER if share > _DARK else INK
        text = str(stop.orders[0])
        axes.text(
            x,
            stop.depth,
            text,
            ha="center",
            va="center_baseline",
            color=colour.light,
            size=10,
            zorder=6,
        )


def _beside(axes: Axes, x: int, stop: Stop, text: str, diameter: float) -> None:
    """Write the accuracy below a circle, and the positions of repetitions above it."""
    if diameter < _LEAST_FOR_TEXT:
        return
    look: Look = {
        "ha": "center",
        "size": 9.5,
        "color": MUTED.light,
        "textcoords": "offset points",
    } | on_paper()
    below, above = -0.5 * diameter - 4, 0.5 * diameter + 3
    axes.annotate(text, (x, stop.depth), (0, below), va="top", zorder=6, **look)
    if len(stop.orders) > 1:
        again = ", ".join(map(str, stop.orders[1:]))
        axes.annotate(again, (x, stop.depth), (0, above), va="bottom", zorder=6, **look)
    elif stop.accuracy is None:
        axes.annotate(
            str(stop.orders[0]), (x, stop.depth), (0, above), va="bottom", zorder=6, **look
        )


def _sides(axes: Axes, sides: Sequence[int]) -> None:
    """Draw a line between input sizes, and each size above its columns."""
    for index, (before, after) in enumerate(pairwise(sides)):
        if before != after:
            axes.axvline(index + 0.5, color=GRID.light, linewidth=1.6)
    for side in sorted(set(sides)):
        own = [index for index, other in enumerate(sides) if other == side]
        axes.annotate(
            f"{side} px",
            (sum(own) / len(own), 1),
            xycoords=axes.get_xaxis_transform(),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            color=MUTED.light,
            size=11,
        )
