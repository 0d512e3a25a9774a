"""Formats verdicts as text: tables for the terminal, and a Markdown page. Pure."""

from collections.abc import Sequence
from typing import Any

from firmware.printable import escape_markdown, printable
from firmware.text_table import table as text_table
from hil.cycle_table import cycle_rows
from hil.judge import Check, Verdict

_WORDS = {True: "holds", False: "BROKEN", None: "–"}
_CODE = "code of the runtime, bytes"
_CYCLES = "cycles of each kernel call and of its stalls, modelled"
_HEADER = ["quantity", "promised", "measured", ""]


def tables(verdicts: Sequence[Verdict]) -> str:
    """The verdicts, with one line for each quantity; several runtimes also side by side."""
    texts = [table(own) for own in verdicts]
    if len(verdicts) == 1:
        return texts[0]
    titled = [f"{v.project.runtime}\n{text}" for v, text in zip(verdicts, texts, strict=True)]
    below = [_aligned(_side_by_side(verdicts)), *filter(None, [_shared(verdicts)])]
    return "\n\n".join([*titled, "\n".join(below)])


def table(verdict: Verdict) -> str:
    """The verdict, with one line for each quantity."""
    damaged = verdict.measurement.damaged
    lines = [_aligned([_HEADER, *_rows(verdict.checks)])]
    if rows := cycle_rows(verdict):
        lines += ["", f"{_CYCLES}:", text_table(rows[0], rows[1:]), ""]
    if machine := machine_line(verdict):
        lines.append(machine)
    if damaged:
        lines.append(f"the line damaged {damaged} exchanges, which were repeated")
    lines.append("; ".join([_headline(verdict), *verdict.caveats]))
    return "\n".join(lines)


def machine_line(verdict: Verdict) -> str:
    """How the emulated machine differs from the chip; empty on a real board and for the usual one.

    The usual one runs the firmware as it was linked for the chip.
    """
    machine, chip = verdict.measurement.machine, verdict.project.target.name
    if machine is None or not machine.support:
        return ""
    return (
        f"emulated on {machine.name}, for which the firmware was linked again: all code and data "
        f"of the {chip} are at the same places, but flash begins at "
        f"0x{machine.flash_origin:08x}, and clock, serial port and chip id are the machine's; "
        f"bytes, instructions and modelled cycles are those of the {chip}"
    )


def _headline(verdict: Verdict) -> str:
    return f"verdict: {verdict.word} on board {printable(verdict.measurement.board)}"


def markdown(verdicts: Sequence[Verdict], provenance: dict[str, Any]) -> str:
    """The verdicts as a page, with the conditions of the measurement."""
    parts = []
    for verdict in verdicts:
        parts.append(
            f"# {_cell(verdict.project.model_name)}, {verdict.project.runtime} runtime: "
            f"{verdict.word} on {_cell(verdict.measurement.board)}"
        )
        parts += [f"Note: {own}." for own in (machine_line(verdict), *verdict.caveats) if own]
        parts.append(_markdown_table([_HEADER, *_rows(verdict.checks)]))
        if rows := cycle_rows(verdict):
            parts += [f"## {_CYCLES.capitalize()}", _markdown_table(rows)]
    if len(verdicts) > 1:
        parts += ["## Side by side", _markdown_table(_side_by_side(verdicts))]
        parts += filter(None, [_shared(verdicts).capitalize()])
    rows = [[name, _shown(value)] for name, value in provenance.items()]
    parts += ["## Measured with", _markdown_table([["what", "value"], *rows])]
    return "\n\n".join(parts) + "\n"


def _rows(checks: Sequence[Check]) -> list[list[str]]:
    return [[c.quantity, c.promised, c.measured, _WORDS[c.holds]] for c in checks]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value)) or "–"
    return "–" if value in (None, "") else str(value)


def _markdown_table(rows: Sequence[Sequence[str]]) -> str:
    header, *body = ["| " + " | ".join(map(_cell, row)) + " |" for row in rows]
    return "\n".join([header, "|" + "---|" * len(rows[0]), *body])


def _cell(text: str) -> str:
    return escape_markdown(text.replace("\n", " "))


def _side_by_side(verdicts: Sequence[Verdict]) -> list[list[str]]:
    """A row for each figure that all runtimes have; a column for each, and the ratio."""
    measured = [verdict.measurement for verdict in verdicts]
    figures = {
        "arena used, bytes": [m.identity.arena_used_bytes for m in measured],
        "arena peak bytes": [m.arena_peak_bytes for m in measured],
        "stack peak bytes": [m.stack_peak_bytes for m in measured],
        "model bytes in flash": [m.build.size.model_bytes for m in measured],
        f"{measured[0].unit} per inference": [m.timing.one for m in measured],
    }
    codes = [own.build.code for own in measured]
    if None not in codes:
        figures[_CODE] = [code.runtime_bytes for code in codes if code is not None]
    rows = [["side by side", *(v.project.runtime for v in verdicts), "ratio"]]
    rows += [
        [name, *(f"{value:,}" for value in values), f"{values[-1] / values[0]:.2f}×"]
        for name, values in figures.items()
    ]
    is_alone = verdicts[0].agreement is not None
    name = "outputs equal to the other" if is_alone else "outputs equal to golden"
    rows.append([name, *map(_identical, verdicts), ""])
    return rows


def _shared(verdicts: Sequence[Verdict]) -> str:
    """The line about the code that runtimes share; empty if it is not known."""
    code = verdicts[0].measurement.build.code
    if len(verdicts) == 1 or code is None:
        return ""
    return (
        f"shared by the runtimes: {code.application_bytes:,} bytes of the bench application, "
        f"{code.toolchain_bytes:,} of the compiler's libraries"
    )


def _identical(verdict: Verdict) -> str:
    outputs = verdict.measurement.outputs
    if verdict.agreement is not None:
        outputs = verdict.agreement.outputs
    return "not checked" if outputs is None else f"{outputs.identical} of {outputs.samples}"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns of text, the first row as their header."""
    return text_table(rows[0], rows[1:], left=len(rows[0]))
