"""Draws accuracy and loss of the final training. Pure."""

from collections.abc import Sequence

from matplotlib.ticker import MaxNLocator

from nas.report.figures.drawing import drawing, finish
from nas.report.figures.palette import EXPECTED, MEASURED

_PANEL, _AROUND = 170, 40
_DOTS_UP_TO = 30
"""Most epochs that are drawn as dots."""


def training_curves(accuracies: Sequence[float], losses: Sequence[float] | None) -> str:
    """Validation accuracy by epoch, and below it the mean loss on the training images."""
    epochs = range(1, len(accuracies) + 1)
    best = max(range(len(accuracies)), key=lambda index: accuracies[index])
    marker = "." if len(epochs) <= _DOTS_UP_TO else ""
    panels = 1 if losses is None else 2
    with drawing(_PANEL * panels + _AROUND) as figure:
        rows = figure.subplots(panels, 1, sharex=True, squeeze=False)
        upper, lower = rows[0][0], rows[-1][0]
        percentages = [100 * own for own in accuracies]
        upper.plot(epochs, percentages, color=MEASURED.light, linewidth=1.6, marker=marker)
        upper.scatter(
            [best + 1], [percentages[best]], 60, color=MEASURED.light, marker="D", zorder=3
        )
        upper.set_title(
            f"validation accuracy, %: {percentages[best]:.1f} in epoch {best + 1}, kept"
        )
        if losses is not None:
            lower.plot(epochs, losses, color=EXPECTED.light, linewidth=1.6, marker=marker)
            lower.set_title("training loss")
        lower.set_xlabel("epoch")
        lower.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
        return finish(figure, "curves", "Validation accuracy and training loss by epoch")
