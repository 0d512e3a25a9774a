"""What the search took of the host. Pure."""

from firmware.progress import duration
from nas.report.facts import Facts
from nas.report.figures.drawing import WIDE, WIDTH
from nas.report.figures.host import HostTrial, host_plot
from nas.report.page import Figure, Section
from nas.report.shown import megabytes, percent, signed_percent
from nas.search.trials import Trial

_KEY, _TITLE = "host", "Memory of the host"


def host_section(facts: Facts) -> Section:
    """Predicted and measured memory of every training."""
    shown = [
        HostTrial(
            order,
            trial.predicted_anonymous_bytes,
            trial.peak_anonymous_bytes or None,
            _tip(trial),
        )
        for order, trial in enumerate(facts.run.trials, 1)
        if trial.predicted_anonymous_bytes > 0
    ]
    if not shown:
        return Section(_KEY, _TITLE, missing=("No training was predicted or measured yet.",))
    limit = facts.run.start.worker_bytes
    drawn = [host_plot(shown, limit, width) for width in (WIDE, WIDTH)]
    figure = Figure("host", "Memory of each training: predicted and measured", *drawn)
    return Section(_KEY, _TITLE, _notes(facts, shown), (figure,))


def _tip(trial: Trial) -> str:
    measured = ""
    if trial.peak_anonymous_bytes:
        measured = f", measured {trial.peak_anonymous_bytes / 1e6:.1f} MB"
    return f"{trial.candidate}: predicted {trial.predicted_anonymous_bytes / 1e6:.1f} MB{measured}"


def _notes(facts: Facts, shown: list[HostTrial]) -> tuple[str, ...]:
    notes = []
    errors = [own.predicted_bytes / own.measured_bytes - 1 for own in shown if own.measured_bytes]
    if errors:
        worst, average = max(errors, key=abs), sum(map(abs, errors)) / len(errors)
        notes.append(
            f"Predicted from a candidate's layers before it is trained; the peak was measured "
            f"while it was. Over {len(errors)} trainings the prediction was off by "
            f"{percent(average)} on average, {signed_percent(worst)} at worst."
        )
    final = facts.run.final
    if final is not None and final.training is not None and final.conversion is not None:
        notes.append(
            f"The final training took {megabytes(final.training.peak_anonymous_bytes)} and "
            f"{duration(final.training.seconds)}; the conversion to int8 "
            f"{megabytes(final.conversion.peak_anonymous_bytes)} and "
            f"{duration(final.conversion.seconds)}."
        )
    return tuple(notes)
