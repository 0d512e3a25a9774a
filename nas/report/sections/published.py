"""The published results, and what of them may be compared. Pure."""

from firmware.progress import duration
from nas.cost import arena_bytes
from nas.report.facts import Facts
from nas.report.page import Section, Table, Tone
from nas.report.published import CLASSES, PUBLISHED, SPACE, TEST_IMAGES, Published
from nas.report.shown import NONE, percent, span
from nas.space import Shape
from nas.spaces import find_space

_KEY, _TITLE = "published", "Beside the published results"


def published_section(facts: Facts) -> Section:
    """The published tables with a row for this run."""
    runtime = facts.run.config.runtime
    header = (
        *("host or work", "input", "k,c", "test accuracy", "RAM, KiB", f"RAM, {runtime}, KiB"),
        *("flash, KiB", "MACC, M", "search"),
    )
    rows = [_row(own, runtime) for own in PUBLISHED]
    tones = [Tone.NEUTRAL] * len(rows)
    own = _own_row(facts)
    if own is not None:
        rows.insert(0, own)
        tones.insert(0, Tone.LEADER)
    table = Table(
        "This run and the published tables",
        header,
        tuple(rows),
        "lllrrrrrr",
        tuple(tones),
        is_wide=True,
    )
    return Section(_KEY, _TITLE, _notes(facts), tables=(table,))


def _notes(facts: Facts) -> tuple[str, ...]:
    config = facts.run.config
    return (
        "Accuracies may not be compared unless the data are the same: the published ones are on "
        f"Visual Wake Words, two classes, {TEST_IMAGES:,} test images, which alone leave ± 0.9 "
        f"points. This run has {len(config.classes)} classes and "
        f"{facts.run.start.images.get('test', 0):,} test images of its own data.",
        "MACC may be compared exactly: the same multiply-accumulates are counted. Flash may be "
        "compared within a few percent: both are bytes of the .tflite, of which names of tensors "
        "differ between versions of TensorFlow. RAM may not be compared with the published "
        "column: that is the arena of TensorFlow Lite Micro on a PC, with pointers of 8 bytes. "
        f"The column beside it is the arena of the {config.runtime} runtime for the same network "
        "on the microcontroller, by this planner, and may be compared.",
        "Times are of other hosts, data and numbers of images. The published winners are not "
        "named; k,c is the only candidate with exactly the published needs.",
    )


def _row(own: Published, runtime: str) -> tuple[str, ...]:
    arena = NONE
    if own.candidate is not None:
        graph = find_space(SPACE).lower(own.candidate, own.shape, CLASSES)
        arena = f"{arena_bytes(graph, runtime) / 1024:.1f}"
    return (
        own.name,
        _shape(own.shape),
        NONE if own.candidate is None else str(own.candidate),
        f"{own.accuracy_percent:.1f} %",
        f"{own.ram_kib:.1f}",
        arena,
        f"{own.flash_kib:.2f}",
        f"{own.macc_millions:.2f}",
        own.time or NONE,
    )


def _own_row(facts: Facts) -> tuple[str, ...] | None:
    """This run's winner in the columns of the published tables; None if it is not finished."""
    final, accuracy = facts.run.final, facts.int8_accuracy
    if final is None or accuracy is None or final.winner.cost is None:
        return None
    cost = final.winner.cost
    seconds = sum(trial.seconds for trial in facts.run.trials)
    host = facts.run.start.host
    where = f", {host['processor'] or host['machine']}" if host else ""
    return (
        f"this run{where}",
        _shape(final.shape),
        str(final.winner.candidate),
        f"{percent(accuracy.fraction)} ({span(accuracy)})",
        NONE,
        f"{cost.arena_bytes / 1024:.1f}",
        f"{final.model_bytes / 1024:.2f}",
        f"{cost.macc / 1e6:.2f}",
        duration(seconds),
    )


def _shape(shape: Shape) -> str:
    return "×".join(map(str, shape))
