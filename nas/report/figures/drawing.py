"""Converts matplotlib figures to SVG with the font and the colours of the page. Pure.

The same drawing gives the same bytes: no dates, and identifiers derived from the figure's key.
"""

import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nas.report.figures.palette import EXPECTED, GRID, INK, MEASURED, MUTED, PAPER, with_variables

WIDTH, WIDE = 440, 1040
"""Of a figure in pixels: two of the one stand side by side on a desktop, or one fills a phone; one
of the other fills a desktop."""
_DPI = 72
"""A point is a pixel."""
_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
Look: TypeAlias = dict[str, Any]
"""A style, by matplotlib's names."""
_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED.light,
    "axes.grid": True,
    "axes.labelcolor": MUTED.light,
    "axes.labelsize": 12,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK.light,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "figure.dpi": _DPI,
    "figure.edgecolor": "none",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "grid.color": GRID.light,
    "grid.linewidth": 0.8,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "legend.labelcolor": INK.light,
    "svg.fonttype": "none",
    "text.color": INK.light,
    "text.parse_math": False,
    "xtick.color": MUTED.light,
    "xtick.labelsize": 11,
    "ytick.color": MUTED.light,
    "ytick.labelsize": 11,
    "ytick.major.size": 0,
}


@contextmanager
def drawing(height: int, width: int = WIDTH) -> Iterator[Figure]:
    """An empty figure, to be drawn and passed to `finish` inside the `with` block."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, layout="constrained")
        FigureCanvasSVG(figure)
        yield figure


def finish(figure: Figure, key: str, title: str, tips: Mapping[str, str] | None = None) -> str:
    """The SVG of a drawing.

    Args:
        figure: The drawing.
        key: Unique key of the figure in the page.
        title: Description for screen readers.
        tips: Tooltip of each element, by its `gid`.
    """
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": key}), warnings.catch_warnings():
        # The browser has fonts for glyphs that matplotlib's font lacks.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        # `savefig` would draw it once more before, for the layout alone.
        draw: Callable[..., None] = FigureCanvasSVG(figure).print_svg
        draw(buffer, metadata=_NO_METADATA)
    root = ElementTree.fromstring(_with_numbered_clips(buffer.getvalue(), key))  # noqa: S314 (our own)
    _clean(root, tips or {})
    return svg_text(root, title)


def svg_text(root: Element, title: str) -> str:
    """The SVG element for the page."""
    ElementTree.register_namespace("", _SVG[1:-1])
    ElementTree.register_namespace("xlink", _XLINK[1:-1])
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib |= {"class": "plot", "role": "img", "aria-label": title}
    return ElementTree.tostring(root, encoding="unicode")


def without_frame(axes: Axes) -> None:
    """Remove the frame of a drawing."""
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0)
    axes.grid(visible=False)


def pair_legend(figure: Figure, expected: str, measured: str) -> None:
    """The legend: hollow marks are predicted, solid marks are measured values."""
    look: Look = {"linestyle": "none", "marker": "o", "markersize": 7}
    entries = [
        Line2D(
            [],
            [],
            label=expected,
            markerfacecolor=PAPER.light,
            markeredgecolor=EXPECTED.light,
            **look,
        ),
        Line2D([], [], label=measured, color=MEASURED.light, **look),
    ]
    figure.legend(handles=entries, loc="outside lower left", ncols=2, handletextpad=0.3)


def on_paper() -> Look:
    """The outline of text over lines."""
    return {"bbox": {"facecolor": PAPER.light, "alpha": 0.85, "linewidth": 0, "pad": 0.6}}


def outlined() -> Look:
    """The outline of a marker."""
    return {"edgecolors": PAPER.light, "linewidths": 1.2}


def _with_numbered_clips(svg: bytes, key: str) -> str:
    """The SVG with its clip paths named in their order.

    Matplotlib names them after their places, whose last bits differ from one layout to the next.
    """
    text = svg.decode()
    names = dict.fromkeys(re.findall(r"url\(#(p[0-9a-f]{10})\)", text))
    for number, name in enumerate(names):
        text = text.replace(name, f"{key}-clip-{number}")
    return text


def _clean(root: Element, tips: Mapping[str, str]) -> None:
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', ElementTree.tostring(root, "unicode")))
    for parent in list(root.iter()):
        for child in list(parent):
            # It would apply to the whole page.
            if child.tag == f"{_SVG}style":
                parent.remove(child)
    for element in root.iter():
        element.text, element.tail = (_without_margin(t) for t in (element.text, element.tail))
        identifier = element.get("id", "")
        if identifier in tips:
            tip = Element(f"{_SVG}title")
            tip.text = tips[identifier]
            element.insert(0, tip)
        if identifier not in used:
            element.attrib.pop("id", None)
        _clean_attributes(element)


def _without_margin(text: str | None) -> str | None:
    return text if text and text.strip() else None


def _clean_attributes(element: Element) -> None:
    style = element.get("style")
    if style is not None:
        element.set("style", with_variables(re.sub(r"font-family: [^;]+;?\s*", "", style)))
    if re.match(r"rotate\(-?0 ", element.get("transform", "")):
        del element.attrib["transform"]
    if "d" in element.attrib:
        element.set("d", " ".join(element.attrib["d"].split()))
