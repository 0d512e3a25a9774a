"""The arena over time, as `nas estimate --map` draws it, in the colours of the page. Pure."""

from xml.etree import ElementTree

from firmware.printable import printable
from nas.estimator.memory_map import MapLook, memory_map_svg
from nas.estimator.network import Estimate
from nas.report.figures.drawing import WIDE, WIDTH, svg_text
from nas.report.figures.palette import GRID, INK, PAPER, with_variables

_WIDE_HEIGHT, _NARROW_HEIGHT = 460, 440


def arena_plots(estimate: Estimate) -> tuple[str, str]:
    """The picture for a desktop, and the one for a phone."""
    return _plot(estimate, WIDE, _WIDE_HEIGHT), _plot(estimate, WIDTH, _NARROW_HEIGHT)


def _plot(estimate: Estimate, width: int, height: int) -> str:
    look = MapLook(
        width=width,
        height=height,
        has_title=False,
        font="inherit",
        ink=with_variables(INK.light),
        grid=with_variables(GRID.light),
        paper=with_variables(PAPER.light),
    )
    # Names of tensors come from the file; unprintable characters are not valid XML.
    text = "\n".join(map(printable, memory_map_svg(estimate, look).splitlines()))
    root = ElementTree.fromstring(text)  # noqa: S314 (our own)
    return svg_text(root, f"Arena of {estimate.ram.buffer_bytes:,} bytes over time")
