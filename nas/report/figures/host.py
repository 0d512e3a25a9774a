"""Draws the predicted and the measured host memory of each training. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.ticker import MaxNLocator

from nas.report.figures.drawing import Look, drawing, finish, pair_legend
from nas.report.figures.palette import BAD, EXPECTED, MEASURED, MUTED, PAPER

_HEIGHT = 300
_LIMIT_IN_SIGHT = 2.5
"""A limit above this multiple of the largest value is written and not drawn."""
_MB = 1e6


@dataclass(frozen=True, slots=True)
class HostTrial:
    """The memory of one trial.

    Attributes:
        order: Its position in the order of the search, from 1.
        predicted_bytes: Predicted memory.
        measured_bytes: Measured peak; None if it was not trained.
        tip: Its tooltip.
    """

    order: int
    predicted_bytes: int
    measured_bytes: int | None
    tip: str


def host_plot(trials: Sequence[HostTrial], limit_bytes: int | None, width: int) -> str:
    """Draw the prediction of each trial as a hollow mark, the measured peak as a solid mark."""
    most = max(max(own.predicted_bytes, own.measured_bytes or 0) for own in trials)
    key = f"host-{width}"
    with drawing(_HEIGHT, width) as figure:
        axes = figure.subplots()
        tips = {}
        for own in trials:
            x, predicted, gid = own.order, own.predicted_bytes / _MB, f"{key}-{own.order}"
            tips[gid] = own.tip
            ring: Look = {
                "facecolors": PAPER.light,
                "edgecolors": EXPECTED.light,
                "linewidths": 1.6,
            }
            if own.measured_bytes is not None:
                measured = own.measured_bytes / _MB
                axes.plot([x, x], [predicted, measured], color=MUTED.light, linewidth=1.0)
                axes.scatter([x], [predicted], 70, zorder=3, **ring)
                axes.scatter([x], [measured], 20, color=MEASURED.light, zorder=4, gid=gid)
            else:
                axes.scatter([x], [predicted], 70, zorder=3, gid=gid, **ring)
        if limit_bytes is not None:
            is_near = limit_bytes <= _LIMIT_IN_SIGHT * most
            if is_near:
                line: Look = {"color": BAD.light, "linewidth": 1.2, "linestyle": (0, (4, 3))}
                axes.axhline(limit_bytes / _MB, **line)
            text = f"limit of a worker {limit_bytes / _MB:,.0f} MB{'' if is_near else ' ↑'}"
            axes.set_title(text, color=BAD.light, size=11, weight="normal")
        top = limit_bytes if limit_bytes and limit_bytes <= _LIMIT_IN_SIGHT * most else most
        axes.set_ylim(0, 1.12 * top / _MB)
        axes.set_ylabel("anonymous memory, MB")
        axes.set_xlabel("trial, in order")
        axes.xaxis.set_major_locator(MaxNLocator(width // 50, integer=True, steps=[1, 2, 5, 10]))
        axes.grid(visible=False, axis="x")
        pair_legend(figure, "predicted", "measured peak")
        title = "Predicted and measured host memory of each training"
        return finish(figure, key, title, tips)
