"""The parts of a report as finished text and figures, and their rendering to HTML and Markdown.

Pure, except for loading templates. The templates only format the finished parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from firmware.printable import escape_markdown, printable
from nas.report.figures.palette import COLOURS


class Tone(StrEnum):
    """The meaning of a row or number, shown by its colour."""

    NEUTRAL = "neutral"
    GOOD = "good"
    BAD = "bad"
    LEADER = "leader"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture.

    Attributes:
        key: Unique key of the figure in the page.
        title: Its title.
        svg: The picture.
        narrow_svg: The picture for a narrow screen; empty if it is the same.
    """

    key: str
    title: str
    svg: str
    narrow_svg: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        title: Its title.
        header: Names of the columns.
        rows: The cells of each row.
        align: A letter for each column: `l` for text at the left, `r` for numbers at the right.
        is_wide: Whether it needs the full width; on a phone, its rows become cards.
        tones: Tone of each row; empty if all are neutral.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    tones: tuple[Tone, ...] = ()
    is_wide: bool = False

    def __post_init__(self) -> None:
        lengths = {len(self.align), *map(len, self.rows)}
        assert lengths == {len(self.header)}, "as many cells in each row as columns"

    @property
    def has_header(self) -> bool:
        """Whether the columns have names."""
        return any(self.header)

    @property
    def toned_rows(self) -> list[tuple[tuple[str, ...], Tone]]:
        """Each row with its tone."""
        tones = self.tones or (Tone.NEUTRAL,) * len(self.rows)
        return list(zip(self.rows, tones, strict=True))


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report.

    Attributes:
        key: Anchor in the page.
        title: Its title.
        notes: Paragraphs.
        missing: Messages about missing content: the reason, and how to get it.
    """

    key: str
    title: str
    notes: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline figure."""

    label: str
    value: str
    detail: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report.

    Attributes:
        notice: Message at the top; empty for a finished run.
    """

    title: str
    subtitle: str
    notice: str
    headlines: tuple[Headline, ...]
    sections: tuple[Section, ...]


def html(page: Page) -> str:
    """The page as one HTML file without external files."""
    style = files("nas.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    template = _html_environment().get_template("report.html.j2")
    return template.render(page=page, colours=COLOURS, style=style)


def markdown(page: Page) -> str:
    """The page as Markdown, without its figures."""
    return _markdown_environment().get_template("report.md.j2").render(page=page)


@cache
def _html_environment() -> Environment:
    return Environment(autoescape=True, finalize=_in_one_line, **_settings())


@cache
def _markdown_environment() -> Environment:
    environment = Environment(
        autoescape=False,  # noqa: S701 (all values are escaped for Markdown)
        finalize=escape_markdown,
        **_settings(),
    )
    environment.filters["ruler"] = _ruler
    return environment


def _settings() -> dict[str, Any]:
    return {
        "loader": PackageLoader("nas.report"),
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "keep_trailing_newline": True,
    }


def _in_one_line(value: object) -> object:
    """Escape a value for HTML; names are made printable, figures and styles are unchanged."""
    return value if isinstance(value, Markup) else printable(str(value))


def _ruler(table: Table) -> Sequence[str]:
    """The line below a table's header, with the alignment of each column."""
    return ["---" if letter == "l" else "---:" for letter in table.align]
