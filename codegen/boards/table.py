"""The table of boards, as text and as Markdown. Pure."""

from collections.abc import Sequence

from codegen.boards.abilities import Abilities
from firmware.printable import escape_markdown
from firmware.text_table import table

_HEADER = (
    *("board", "chip", "core", "RAM", "flash", "clock"),
    *("estimated", "generated", "virtual", "flashed by"),
)
_NOTHING = "–"


def text_table(rows: Sequence[Abilities]) -> str:
    """The table for a terminal, one line for each row."""
    return table(_HEADER, [_cells(row) for row in rows], left=len(_HEADER))


def markdown_table(rows: Sequence[Abilities]) -> str:
    """The table as Markdown, with a line break at its end."""
    lines = [_HEADER, ["---"] * len(_HEADER), *map(_escaped, rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _escaped(row: Abilities) -> list[str]:
    return [escape_markdown(cell) for cell in _cells(row)]


def _cells(row: Abilities) -> tuple[str, ...]:
    return (
        row.board or _NOTHING,
        row.chip,
        row.core,
        _size(row.ram_bytes),
        _size(row.flash_bytes),
        f"{row.core_hz / 1e6:g} MHz",
        _estimated(row.estimated),
        ", ".join(row.generated) or _NOTHING,
        _virtual(row.virtual),
        ", ".join(row.flashed) or _NOTHING,
    )


def _size(count: int) -> str:
    return f"{count / 1024:,g} KiB"


def _estimated(figures: Sequence[str]) -> str:
    """The most that is known of memory and of time."""
    memory = ["RAM", "flash"] if "ram" in figures else ["arena"]
    time = {"milliseconds": "ms", "instructions": "instructions"}
    return ", ".join([*memory, *[word for own, word in time.items() if own in figures][:1]])


def _virtual(boards: Sequence[str]) -> str:
    """Whether QEMU runs the firmware, and whether the virtual Nucleo is flashed with it."""
    return ("yes, flashed too" if len(boards) > 1 else "yes") if boards else _NOTHING
