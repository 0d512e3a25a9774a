"""The section about the predictions of both models, class by class. Pure."""

from nas.report.facts import Facts
from nas.report.figures.confusion import MOST_CLASSES, class_plot, confusion_plot
from nas.report.figures.drawing import WIDE, WIDTH
from nas.report.figures.palette import EXPECTED, MEASURED
from nas.report.page import Figure, Section, Table
from nas.report.sections.training import NOT_FINISHED
from nas.report.shown import percent, plural, with_span
from nas.report.statistics import ClassFigures, class_figures
from nas.search.answers import Answers

_KEY, _TITLE = "classes", "Float against int8, class by class"


def classes_section(facts: Facts) -> Section:
    """Confusion matrices of both models, and figures of every class with their intervals."""
    final = facts.run.final
    if final is None:
        return Section(_KEY, _TITLE, missing=(NOT_FINISHED,))
    if final.answers is None:
        text = (
            "What the models answered on each test image is not in this run's record: it was made "
            "by an earlier version. Start the same 'nas run' again to have it: nothing of the "
            "search is repeated."
        )
        return Section(_KEY, _TITLE, missing=(text,))
    answers, classes = final.answers, facts.run.config.classes
    both = class_figures(answers.in_float), class_figures(answers.in_int8)
    figures = _figures(answers, classes, both)
    missing: tuple[str, ...] = ()
    if not figures:
        missing = (
            f"Figures of more than {MOST_CLASSES} classes could not be read; the confusion "
            "matrices are in report.json.",
        )
    return Section(_KEY, _TITLE, _notes(answers), figures, (_table(classes, *both),), missing)


def _figures(
    answers: Answers,
    classes: tuple[str, ...],
    both: tuple[tuple[ClassFigures, ...], tuple[ClassFigures, ...]],
) -> tuple[Figure, ...]:
    """Both matrices and the classes side by side; none if there are too many to read."""
    if len(classes) > MOST_CLASSES:
        return ()
    return (
        Figure(
            "confusion-int8",
            "Confusions of the int8 model",
            confusion_plot("confusion-int8", "int8 model", answers.in_int8, classes, MEASURED),
        ),
        Figure(
            "confusion-float",
            "Confusions of the float model",
            confusion_plot("confusion-float", "float model", answers.in_float, classes, EXPECTED),
        ),
        Figure(
            "classes",
            "Recall and precision, 95 % intervals",
            *(class_plot(classes, *both, width) for width in (WIDE, WIDTH)),
        ),
    )


def _notes(answers: Answers) -> tuple[str, ...]:
    images, changed = answers.images, answers.images - answers.same
    quantised = f"Quantisation changes the answer to none of {images:,} images."
    if changed:
        quantised = (
            f"Quantisation changes the answer to {plural(changed, 'image')} of {images:,} "
            f"({percent(changed / images)}): {answers.float_alone_right:,} that float had right "
            f"are lost, {answers.int8_alone_right:,} that it had wrong are won."
        )
    return (
        quantised,
        "Recall: of the images of a class, the share that is found. Precision: of the images that "
        "are given a class, the share that is of it. Intervals are Wilson's at 95 %; they tell how "
        "far the same model may do otherwise on other images of the same kind.",
    )


def _table(
    classes: tuple[str, ...],
    in_float: tuple[ClassFigures, ...],
    in_int8: tuple[ClassFigures, ...],
) -> Table:
    header = (
        *("class", "images", "recall, float", "recall, int8"),
        *("precision, float", "precision, int8"),
    )
    rows = tuple(
        (
            name,
            f"{first.images:,}",
            with_span(first.recall),
            with_span(second.recall),
            with_span(first.precision),
            with_span(second.precision),
        )
        for name, first, second in zip(classes, in_float, in_int8, strict=True)
    )
    return Table("Every class", header, rows, "lrrrrr", is_wide=True)
