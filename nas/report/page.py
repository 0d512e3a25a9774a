"""What a report consists of, finished text and figures, and how it becomes HTML and Markdown.

Pure, but for the templates that it loads. The two hold the same words and figures of a report; the
templates only format them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from firmware.printable import escape_markdown, printable
from nas.report.figures.palette import COLOURS


class Tone(StrEnum):
    """What a row or a number means to its reader."""

    NEUTRAL = "neutral"
    GOOD = "good"
    BAD = "bad"
    LEADER = "leader"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture.

    Attributes:
        key: Different for every figure of a page.
        title: What it shows.
        svg: The picture.
        narrow_svg: The same for a narrow screen; empty if one will do for both.
    """

    key: str
    title: str
    svg: str
    narrow_svg: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header.

    Attributes:
        title: What they are.
        header: Names of the columns.
        rows: Their cells.
        align: A letter for each column: `l` for text at the left, `r` for numbers at the right.
        is_wide: Whether it needs the width of the page; on a phone its rows become cards.
        tones: Of the rows; empty if they are all neutral.
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
        key: Of its place in the page.
        title: What it is about.
        notes: Paragraphs.
        missing: What cannot be shown, why, and how it could.
    """

    key: str
    title: str
    notes: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Headline:
    """One answer to what a reader wants to know first."""

    label: str
    value: str
    detail: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report.

    Attributes:
        notice: What a reader must know before all else; empty for a finished run.
    """

    title: str
    subtitle: str
    notice: str
    headlines: tuple[Headline, ...]
    sections: tuple[Section, ...]


def html(page: Page) -> str:
    """The page as one file that needs nothing else."""
    environment = Environment(autoescape=True, finalize=_in_one_line, **_settings())
    style = files("nas.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    return environment.get_template("report.html.j2").render(
        page=page, colours=COLOURS, style=style
    )


def markdown(page: Page) -> str:
    """The page as Markdown, without its figures."""
    environment = Environment(
        autoescape=False,  # noqa: S701 (everything put in is escaped for Markdown)
        finalize=escape_markdown,
        **_settings(),
    )
    environment.filters["ruler"] = _ruler
    return environment.get_template("report.md.j2").render(page=page)


def _settings() -> dict[str, Any]:
    return {
        "loader": PackageLoader("nas.report"),
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "keep_trailing_newline": True,
    }


def _in_one_line(value: object) -> object:
    """What is put in: names as `printable` shows them, figures and styles as they are."""
    return value if isinstance(value, Markup) else printable(str(value))


def _ruler(table: Table) -> Sequence[str]:
    """The line below a table's header: how each column is aligned."""
    return ["---" if letter == "l" else "---:" for letter in table.align]
