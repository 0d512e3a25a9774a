"""Draws confusion matrices, and recall and precision of each class. Pure."""

from collections.abc import Sequence
from itertools import product

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from firmware.printable import printable
from nas.data.proportion import Proportion
from nas.report.figures.drawing import WIDTH, Look, drawing, finish, pair_legend, without_frame
from nas.report.figures.palette import BAD, EXPECTED, INK, MEASURED, PAPER, Colour
from nas.report.shown import shortened
from nas.report.statistics import ClassFigures
from nas.search.answers import Confusion

MOST_CLASSES = 40
"""Most classes in a figure; with more it is not readable."""
_NUMBERS_UP_TO = 14
_NAME_CHARACTERS = 14
_LEAST_SHADE, _DARK = 0.1, 0.8
"""Lowest shade of a cell with images, and the shade from which its number is light."""
_ROW, _AROUND = 30, 84


def confusion_plot(
    key: str, title: str, confusion: Confusion, classes: Sequence[str], right: Colour
) -> str:
    """Draw a confusion matrix: rows are true classes, columns predictions; the shade is the share.

    Args:
        key: Key of the figure.
        title: Name of the model.
        confusion: Its confusion matrix.
        classes: Names in the order of rows and columns.
        right: Colour of the correct predictions.
    """
    count = len(classes)
    names = [shortened(name, _NAME_CHARACTERS) for name in classes]
    size = 10.5 if count <= 10 else 9 if count <= 20 else 7
    with drawing(WIDTH - 40 if count > 4 else WIDTH - 130) as figure:
        axes = figure.subplots()
        without_frame(axes)
        tips = _cells(axes, key, confusion, classes, right, size)
        is_long = count > 4 and max(map(len, names)) > 2
        turn: Look = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if is_long else {}
        axes.set_xticks(range(count), names, size=size, **turn)
        axes.set_yticks(range(count), names, size=size)
        axes.set_xlim(-0.5, count - 0.5)
        axes.set_ylim(count - 0.5, -0.5)
        axes.set_xlabel("predicted class")
        axes.set_ylabel("true class")
        return finish(figure, key, f"Confusion matrix of the {title}", tips)


def _cells(
    axes: Axes,
    key: str,
    confusion: Confusion,
    classes: Sequence[str],
    right: Colour,
    size: float,
) -> dict[str, str]:
    """Draw the cells with images; returns their tooltips."""
    tips = {}
    for row, column in product(range(len(classes)), repeat=2):
        images, all_images = confusion[row][column], sum(confusion[row])
        if not images:
            continue
        gid = f"{key}-{row}-{column}"
        given, taken = printable(classes[row]), printable(classes[column])
        tips[gid] = f"{images:,} of {all_images:,} images of {given} predicted as {taken}"
        shade = max(_LEAST_SHADE, images / all_images)
        colour = right if row == column else BAD
        look: Look = {"color": colour.light, "alpha": shade, "linewidth": 0, "gid": gid}
        axes.add_patch(Rectangle((column - 0.47, row - 0.47), 0.94, 0.94, **look))
        if len(classes) <= _NUMBERS_UP_TO:
            ink = (PAPER if shade > _DARK else INK).light
            centred: Look = {"ha": "center", "va": "center_baseline"}
            axes.text(column, row, f"{images:,}", size=size, color=ink, **centred)
    return tips


def class_plot(
    classes: Sequence[str],
    in_float: Sequence[ClassFigures],
    in_int8: Sequence[ClassFigures],
    width: int,
) -> str:
    """Recall and precision of each class, float above int8, with 95 % intervals."""
    count = len(classes)
    with drawing(_ROW * count + _AROUND, width) as figure:
        panels = figure.subplots(1, 2, sharey=True)
        for axes, name in zip(panels, ("recall", "precision"), strict=True):
            for row, (first, second) in enumerate(zip(in_float, in_int8, strict=True)):
                _interval(axes, row - 0.16, getattr(first, name), EXPECTED, PAPER)
                _interval(axes, row + 0.16, getattr(second, name), MEASURED, MEASURED)
            axes.set_title(f"{name}, %")
            axes.set_xlim(right=101)
            axes.grid(visible=False, axis="y")
        panels[0].set_yticks(range(count), [shortened(name, _NAME_CHARACTERS) for name in classes])
        panels[0].set_ylim(count - 0.5, -0.5)
        pair_legend(figure, "float", "int8")
        title = "Recall and precision of each class, float and int8, with 95 % intervals"
        return finish(figure, f"classes-{width}", title)


def _interval(
    axes: Axes, place: float, proportion: Proportion | None, colour: Colour, face: Colour
) -> None:
    if proportion is None:
        return
    ends = [100 * end for end in proportion.interval]
    axes.plot(ends, [place, place], color=colour.light, linewidth=2.2, alpha=0.6)
    look: Look = {"facecolors": face.light, "edgecolors": colour.light, "linewidths": 1.6}
    axes.scatter([100 * proportion.fraction], [place], 40, zorder=3, **look)
