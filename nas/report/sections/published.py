"""The section that compares the run with the published results. Pure."""

from codegen.model.graph import Graph
from firmware.progress import duration
from nas.estimator.cost import arena_bytes
from nas.network.description import Shape
from nas.report.facts import Facts
from nas.report.page import Section, Table, Tone
from nas.report.published import (
    HOST_ROWS,
    OTHER_WORKS,
    SHAPE,
    TEST_IMAGES,
    HostRow,
    OtherWork,
    published_graph,
    published_ram_bytes,
)
from nas.report.shown import NONE, percent, span

_KEY, _TITLE = "published", "Beside the published results"
HOSTS = {
    "jetson-nano": "Jetson Nano, 4 GB",
    "rpi4": "Raspberry Pi 4, 4 GB",
    "rpi3": "Raspberry Pi 3, 1 GB",
    "rpi-zero2w": "Raspberry Pi Zero 2 W, 512 MB",
}


def published_section(facts: Facts) -> Section:
    """The published tables with a row for this run."""
    runtime = facts.run.config.runtime
    header = (
        *("host or work", "input", "k,c", "test accuracy", "RAM as published, KiB"),
        *(f"RAM, {runtime}, KiB", "flash, KiB", "MACC, M", "search"),
    )
    rows = [_host_row(own, runtime) for own in HOST_ROWS] + [_work_row(o) for o in OTHER_WORKS]
    tones = [Tone.NEUTRAL] * len(rows)
    own = _own_row(facts)
    if own is not None:
        rows.insert(0, own)
        tones.insert(0, Tone.LEADER)
    title = "This run and the published tables"
    table = Table(title, header, tuple(rows), "lllrrrrrr", tuple(tones), is_wide=True)
    return Section(_KEY, _TITLE, _notes(facts), tables=(table,))


def _notes(facts: Facts) -> tuple[str, ...]:
    config = facts.run.config
    return (
        "Accuracies may not be compared unless the data are the same: the published ones are on "
        f"Visual Wake Words, two classes, {TEST_IMAGES:,} test images, which alone leave ± 0.9 "
        f"points. This run has {len(config.classes)} classes and "
        f"{facts.run.start.images.get('test', 0):,} test images of its own data.",
        "MACC may be compared exactly: the same multiply-accumulates are counted. RAM may be "
        "compared within a column: the first is the arena of TensorFlow Lite Micro on a PC, with "
        "pointers of 8 bytes, as the publications count; the second is the arena of the "
        f"{config.runtime} runtime on the microcontroller, by this planner, for the same network. "
        "Flash is the .tflite in both; the published files also hold names of tensors, which our "
        "converter leaves out.",
        "Times are those that passed, on other hosts, with other data and numbers of images. The "
        "published winners are not named; k,c is the only candidate with exactly the published "
        "needs.",
    )


def _host_row(own: HostRow, runtime: str) -> tuple[str, ...]:
    needs, graph = own.network, published_graph(own.winner)
    return (
        HOSTS[own.host],
        _shape(SHAPE),
        str(own.winner),
        percent(own.accuracy),
        f"{needs.ram_kib:.1f}",
        _kib(arena_bytes(graph, runtime)),
        f"{needs.flash_kib:.2f}",
        f"{needs.macc / 1e6:.2f}",
        f"{own.seconds / 86_400:.1f} days",
    )


def _work_row(own: OtherWork) -> tuple[str, ...]:
    return (
        own.name,
        _shape(own.shape),
        NONE,
        percent(own.accuracy),
        f"{own.ram_kib:.1f}",
        NONE,
        f"{own.flash_kib:.2f}",
        f"{own.macc / 1e6:.2f}",
        own.time or NONE,
    )


def _own_row(facts: Facts) -> tuple[str, ...] | None:
    """This run's winner in the columns of the published tables; None if it is not finished."""
    final, accuracy = facts.run.final, facts.int8_accuracy
    if final is None or accuracy is None or final.winner.cost is None:
        return None
    cost, host = final.winner.cost, facts.run.start.host
    where = f", {host['processor'] or host['machine']}" if host else ""
    return (
        f"this run{where}",
        _shape(final.shape),
        str(final.winner.candidate),
        f"{percent(accuracy.fraction)} ({span(accuracy)})",
        _as_published(final.graph),
        NONE if cost.arena_bytes is None else _kib(cost.arena_bytes),
        f"{final.model_bytes / 1024:.2f}",
        f"{cost.macc / 1e6:.2f}",
        NONE if facts.run.search_seconds is None else duration(facts.run.search_seconds),
    )


def _as_published(graph: Graph | None) -> str:
    return NONE if graph is None else _kib(published_ram_bytes(graph))


def _kib(size_bytes: int) -> str:
    return f"{size_bytes / 1024:.1f}"


def _shape(shape: Shape) -> str:
    return "×".join(map(str, shape))
