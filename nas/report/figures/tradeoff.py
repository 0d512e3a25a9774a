"""Draws accuracy against one need of the target. Pure."""

from dataclasses import dataclass
from math import floor, log10

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from nas.report.facts import TrialOutcome
from nas.report.figures.drawing import Look, drawing, finish, outlined, without_frame
from nas.report.figures.palette import BAD, HOST, MEASURED, MUTED, OTHER, Colour
from nas.report.shown import quantity

_HEIGHT, _LANE, _LEGEND_ROW = 326, 40, 16
_LOG_FROM = 8.0
"""Ratio of the largest to the smallest need from which the axis is logarithmic."""
_LIMIT_IN_SIGHT = 4.0
"""A limit above this multiple of the largest need is written and not drawn."""
MARKERS: dict[TrialOutcome, tuple[str, Colour]] = {
    TrialOutcome.OVER_RAM: ("x", BAD),
    TrialOutcome.OVER_FLASH: ("+", BAD),
    TrialOutcome.OVER_MACC: ("1", BAD),
    TrialOutcome.OVER_LATENCY: ("2", BAD),
    TrialOutcome.OVER_LIMIT: ("3", BAD),
    TrialOutcome.HOST_MEMORY: ("v", HOST),
    TrialOutcome.FAILED: ("X", BAD),
    TrialOutcome.NO_NETWORK: ("_", MUTED),
    TrialOutcome.WAITING: (".", MUTED),
}
"""Markers of candidates that were not trained."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A candidate that was trained.

    Attributes:
        need: Its need.
        accuracies: Accuracies of its trainings, 0 to 1.
        accuracy: Their mean.
        tip: Its tooltip.
        is_leader: Whether it won, or is the best so far.
    """

    need: int
    accuracies: tuple[float, ...]
    accuracy: float
    tip: str
    is_leader: bool


@dataclass(frozen=True, slots=True)
class NotTrained:
    """A candidate that was not trained."""

    need: int
    outcome: TrialOutcome
    tip: str


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """Accuracies against one need.

    Attributes:
        key: Key of the figure.
        name: Name of the need.
        unit: `bytes`, `MACs` or `µs`.
        limit: The limit.
        leader: Name of the leader.
        front: Needs and accuracies of the Pareto front, by ascending need.
    """

    key: str
    name: str
    unit: str
    limit: int
    leader: str
    dots: tuple[Dot, ...]
    not_trained: tuple[NotTrained, ...]
    front: tuple[tuple[int, float], ...]

    def shown(self, need: float) -> float:
        """A need in the unit of the axis: KiB for bytes, milliseconds for microseconds."""
        return need / {"bytes": 1024, "µs": 1000}.get(self.unit, 1)

    @property
    def axis(self) -> str:
        """The label of the axis."""
        unit = {"bytes": "KiB", "µs": "ms"}.get(self.unit)
        return f"{self.name}, {unit}" if unit else f"{self.name} per inference"


def tradeoff_plot(data: Tradeoff) -> str:
    """Draw each candidate: accuracy against need, or below, why it was not trained."""
    entries = _entries(data)
    columns = 4 if len(entries) <= 4 and not data.not_trained else 2
    height = (
        _HEIGHT + (_LANE if data.not_trained else 0) + _LEGEND_ROW * -(-len(entries) // columns)
    )
    with drawing(height) as figure:
        ratios = [9, 1] if data.not_trained else [1]
        rows = figure.subplots(len(ratios), 1, height_ratios=ratios, sharex=True, squeeze=False)
        axes, lane = rows[0][0], rows[-1][0]
        _scale(axes, lane, data)
        tips = _dots(axes, data)
        if data.not_trained:
            tips |= _not_trained(lane, data)
        axes.set_ylabel("validation accuracy, %")
        lane.set_xlabel(data.axis)
        look: Look = {"columnspacing": 1.2, "handletextpad": 0.4, "ncols": columns}
        figure.legend(handles=entries, loc="outside lower left", **look)
        return finish(figure, data.key, f"Validation accuracy against {data.name}", tips)


def _scale(axes: Axes, lane: Axes, data: Tradeoff) -> None:
    """Set the range of the horizontal axis, and draw the target's limit if it is inside."""
    needs = [dot.need for dot in data.dots] + [own.need for own in data.not_trained]
    most, least = max(needs, default=data.limit), max(1, min(needs, default=1))
    has_limit = data.limit <= _LIMIT_IN_SIGHT * most
    if has_limit:
        most, least = max(most, data.limit), min(least, data.limit)
        axes.axvline(data.shown(data.limit), color=BAD.light, linewidth=1.2, linestyle=(0, (4, 3)))
    label = f"limit {quantity(data.limit, data.unit)}"
    axes.annotate(
        label if has_limit else f"{label} →",
        (data.shown(data.limit) if has_limit else 1, 1.0),
        xycoords=axes.get_xaxis_transform() if has_limit else "axes fraction",
        xytext=(-4, 4),
        textcoords="offset points",
        ha="right",
        color=BAD.light,
        size=11,
    )
    if most / least > _LOG_FROM:
        lane.set_xscale("log")
        lane.set_xlim(data.shown(least / 1.35), data.shown(most * 1.35))
        steps = _round_steps(data.shown(least), data.shown(most))
        lane.xaxis.set_major_locator(FixedLocator(steps))
        lane.xaxis.set_minor_locator(NullLocator())
    else:
        margin = 0.08 * (most - least) or 0.08 * most
        lane.set_xlim(data.shown(least - margin), data.shown(most + margin))
        lane.xaxis.set_major_locator(MaxNLocator(6))
    lane.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))


def _round_steps(least: float, most: float) -> list[float]:
    """Ticks at 1, 2 and 5 times powers of ten; fewer for wide ranges."""
    decades = range(floor(log10(least)), floor(log10(most)) + 1)
    factors = (1, 2, 5) if len(decades) <= 2 else (1, 3) if len(decades) <= 3 else (1,)
    return [factor * 10.0**decade for decade in decades for factor in factors]


def _short(value: float) -> str:
    """A number for an axis."""
    for size, suffix in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:g}{suffix}"
    return f"{value:g}"


def _dots(axes: Axes, data: Tradeoff) -> dict[str, str]:
    tips = {}
    if data.front:
        needs, accuracies = zip(*data.front, strict=True)
        edge = axes.get_xlim()[1]
        axes.step(
            [*map(data.shown, needs), edge],
            [100 * own for own in (*accuracies, accuracies[-1])],
            where="post",
            color=MEASURED.light,
            linewidth=1.6,
            alpha=0.7,
        )
    for number, dot in enumerate(sorted(data.dots, key=lambda own: own.is_leader)):
        need, values = data.shown(dot.need), [100 * own for own in dot.accuracies]
        if len(values) > 1:
            line: Look = {"color": OTHER.light, "linewidth": 1.0, "alpha": 0.6}
            axes.plot([need, need], [min(values), max(values)], **line)
            axes.scatter([need] * len(values), values, 9, color=OTHER.light, alpha=0.6)
        gid = f"{data.key}-dot-{number}"
        tips[gid] = dot.tip
        axes.scatter(
            [need],
            [100 * dot.accuracy],
            110 if dot.is_leader else 46,
            color=(MEASURED if dot.is_leader else OTHER).light,
            marker="D" if dot.is_leader else "o",
            zorder=3,
            gid=gid,
            **outlined(),
        )
    return tips


def _not_trained(lane: Axes, data: Tradeoff) -> dict[str, str]:
    without_frame(lane)
    lane.set_ylim(-1, 1)
    lane.set_yticks([0], ["not trained"])
    tips = {}
    for number, own in enumerate(data.not_trained):
        marker, colour = MARKERS[own.outcome]
        gid = f"{data.key}-not-trained-{number}"
        tips[gid] = own.tip
        lane.scatter([data.shown(own.need)], [0], 46, color=colour.light, marker=marker, gid=gid)
    return tips


def _entries(data: Tradeoff) -> list[Line2D]:
    """Draw the legend of the marks."""

    def entry(marker: str, colour: Colour, label: str, size: float = 7) -> Line2D:
        look: Look = {"color": colour.light, "linestyle": "none", "markersize": size}
        return Line2D([], [], marker=marker, label=label, **look)

    entries = []
    if any(dot.is_leader for dot in data.dots):
        entries.append(entry("D", MEASURED, data.leader, 8))
    if data.dots:
        entries.append(entry("o", OTHER, "candidate"))
    if any(len(dot.accuracies) > 1 for dot in data.dots):
        entries.append(entry(".", OTHER, "single trainings", 6))
    if data.front:
        entries.append(Line2D([], [], color=MEASURED.light, linewidth=1.6, label="Pareto front"))
    outcomes = [
        outcome for outcome in MARKERS if any(own.outcome is outcome for own in data.not_trained)
    ]
    entries += [entry(*MARKERS[outcome], str(outcome)) for outcome in outcomes]
    return entries
