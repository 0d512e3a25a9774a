"""The section about hashes, versions, settings and host. Pure."""

import shlex

from nas.report.facts import Facts
from nas.report.measurement import BoardResult
from nas.report.page import Section, Table
from nas.search.final_length import AUTO

_KEY, _TITLE = "provenance", "Provenance"
_WORDS = {"memory_bytes": "memory, B"}


def provenance_section(facts: Facts) -> Section:
    """All data to repeat the run and to identify its files."""
    run, missing = facts.run, []
    if not run.start.command:
        missing.append(
            "The command line is not in this run's record: it was started from Python, or by an "
            "earlier version."
        )
    tables = (
        Table("Hashes", ("file", "SHA-256"), tuple(_hashes(facts)), "ll", is_wide=True),
        Table("Settings", ("", ""), tuple(_settings(facts)), "ll"),
        Table("Host and versions", ("", ""), tuple(_host(facts)), "ll"),
        *(_board(own) for own in facts.measured if own.provenance),
    )
    notes: list[str] = []
    if run.start.command:
        notes.append(f"Started by: {shlex.join(run.start.command)}")
    return Section(_KEY, _TITLE, tuple(notes), tables=tables, missing=tuple(missing))


def _board(own: BoardResult) -> Table:
    title = f"Board {own.board}, {own.runtime} runtime"
    return Table(title, ("", ""), tuple(own.provenance.items()), "ll", is_wide=True)


def _hashes(facts: Facts) -> list[tuple[str, str]]:
    rows = [("decoded images, their shape and decoding", facts.run.config.dataset_key)]
    if facts.run.config.teacher_sha256:
        rows.append(("model.tflite of the teacher", facts.run.config.teacher_sha256))
    final = facts.run.final
    if final is not None:
        rows += [("model.tflite", final.model_sha256), ("golden.npz", final.golden_sha256)]
    rows += [
        (f"firmware, {own.runtime} on board {own.board}", own.firmware_sha256)
        for own in facts.measured
        if own.firmware_sha256
    ]
    return rows


def _settings(facts: Facts) -> list[tuple[str, str]]:
    run, config = facts.run, facts.run.config
    rows = [
        ("classes", ", ".join(config.classes)),
        ("space, strategy", f"{config.space}, {config.strategy}"),
        ("target, runtime", f"{config.target}, {config.runtime}"),
        ("limit of RAM, arena", f"{config.limits.ram_bytes:,} B"),
        ("limit of flash, .tflite", f"{config.limits.flash_bytes:,} B"),
        ("limit of MACC", f"{config.limits.macc:,}"),
        *_time_limit(facts),
        ("epochs per candidate, of the winner", f"{config.epochs}, {config.final_epochs or AUTO}"),
        ("recipe, augmentation", f"{config.recipe}, {config.augmentation}"),
        *([("converter", config.converter)] if "converter" in run.start.config else []),
        ("seed", str(config.seed)),
        ("images", ", ".join(f"{count:,} {part}" for part, count in run.start.images.items())),
    ]
    if config.sides:
        rows.append(("inputs to choose from, pixels", ", ".join(map(str, config.sides))))
    if run.start.skipped_images:
        rows.append(("broken images that were skipped", ", ".join(run.start.skipped_images)))
    if run.start.memory_bytes is not None:
        rows.append(("limit of the host's memory", f"{run.start.memory_bytes:,} B"))
    if run.start.worker_bytes is not None:
        rows.append(("limit of one worker", f"{run.start.worker_bytes:,} B"))
    return rows


def _time_limit(facts: Facts) -> list[tuple[str, str]]:
    config = facts.run.config
    if config.limits.latency_us is None or config.pace is None:
        return []
    rows = [("limit of latency", f"{config.limits.latency_us:,} µs")]
    if not config.pace.is_modelled:
        return [*rows, ("predicted by a model of", config.pace.source)]
    return [*rows, ("judged by", f"modelled cycles, not measured: {config.pace.source}")]


def _host(facts: Facts) -> list[tuple[str, str]]:
    start = facts.run.start
    rows = [
        (_WORDS.get(name, name), f"{value:,}" if isinstance(value, int) else str(value))
        for name, value in start.host.items()
    ]
    return rows + list(start.versions.items())
