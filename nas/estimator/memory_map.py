"""Draws the arena over time as SVG. Pure."""

from dataclasses import dataclass
from html import escape as escape_html

from firmware.errors import ConfigError
from firmware.output_files import MARK
from firmware.printable import printable
from nas.estimator.memory import COUNTERS, INTERPRETER, SCRATCH, Block
from nas.estimator.network import Estimate

_LEFT, _RIGHT, _BOTTOM = 64, 76, 96
_COLOURS = ("#4a77a8", "#b8651b", "#3f7f4a", "#2f7f86", "#8a6d14", "#85568f", "#a4506a", "#77604a")
"""Colours dark enough for white text."""
_SCRATCH, _INTERPRETER = "#737983", "#5d5a56"
_MARKS = 8
_LABEL_PIXELS, _CHARACTER_PIXELS = 15, 6
_LABEL_WORDS = {SCRATCH: 4}
"""Words of a block's name in the picture; its tooltip has the whole name."""


@dataclass(frozen=True, slots=True)
class MapLook:
    """The style of the picture; colours are CSS values.

    Attributes:
        width: In pixels.
        height: In pixels.
        has_title: Whether the picture has a title.
        font: Font family.
        ink: Colour of text.
        grid: Colour of lines.
        paper: Colour of the background.
    """

    width: int = 960
    height: int = 480
    has_title: bool = True
    font: str = "sans-serif"
    ink: str = "black"
    grid: str = "#ddd"
    paper: str = "white"

    @property
    def top(self) -> int:
        """Height of the title above the arena."""
        return 56 if self.has_title else 26


def memory_map_svg(estimate: Estimate, look: MapLook = MapLook()) -> str:
    """Operators from left to right, addresses from the bottom up; a rectangle for each block.

    Raises:
        ConfigError: The content of the arena is not known.
    """
    if estimate.ram.arena_bytes is None:
        raise ConfigError(
            f"the arena of the {estimate.runtime} runtime on {estimate.target.core} is not known, "
            "so there is no map of it"
        )
    operators = max(len(estimate.operators), 1)
    top_bytes = max(estimate.ram.buffer_bytes or 0, 1)
    step = (look.width - _LEFT - _RIGHT) / operators
    scale = (look.height - look.top - _BOTTOM) / top_bytes
    title = f"{estimate.name}, {estimate.runtime} runtime: arena of {top_bytes:,} bytes"
    heading = f'<text x="{_LEFT}" y="22" font-size="14">{_escape(title)}</text>'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" data-made-by="{MARK}" '
        f'viewBox="0 0 {look.width} {look.height}" '
        f'style="font-family: {look.font}; font-size: 11px; fill: {look.ink}">',
        f'<rect width="{look.width}" height="{look.height}" style="fill: {look.paper}"/>',
        *([heading] if look.has_title else []),
        *_grid(top_bytes, scale, look),
        *(_rectangle(i, block, step, scale, look) for i, block in enumerate(estimate.blocks)),
        # Above all blocks, because blocks of overlapping tensors cover each other.
        *(_label(block, step, scale, look) for block in estimate.blocks),
        *_operator_names(estimate, step, look),
        "</svg>",
    ]
    return "\n".join(filter(None, parts)) + "\n"


def _escape(text: str) -> str:
    """Text from a model file, escaped for XML."""
    return escape_html(printable(text))


def _y(offset: float, scale: float, look: MapLook) -> float:
    return look.height - _BOTTOM - offset * scale


def _grid(top_bytes: int, scale: float, look: MapLook) -> list[str]:
    above = look.top - 14
    lines = [f'<text x="{_LEFT - 6}" y="{above}" text-anchor="end">bytes</text>']
    for mark in range(_MARKS + 1):
        value = top_bytes * mark // _MARKS
        y = _y(value, scale, look)
        lines.append(
            f'<line x1="{_LEFT}" x2="{look.width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
            f'style="stroke: {look.grid}"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,}</text>'
        )
    return lines


def _corner(block: Block, step: float, scale: float, look: MapLook) -> tuple[float, float]:
    """Left and upper end of a block."""
    return _LEFT + block.first_op * step, _y(block.offset + block.size_bytes, scale, look)


def _rectangle(index: int, block: Block, step: float, scale: float, look: MapLook) -> str:
    x, y = _corner(block, step, scale, look)
    width = max(block.end_op - block.first_op, 0) * step
    colour = _COLOURS[index % len(_COLOURS)]
    if block.name.startswith((SCRATCH, COUNTERS)):
        colour = _SCRATCH
    elif block.name == INTERPRETER:
        colour = _INTERPRETER
    span = f"{block.offset:,} to {block.offset + block.size_bytes:,}"
    return (
        f"<g><title>{_escape(block.name)}: bytes {span}, op {block.first_op} to {block.end_op - 1}"
        f'</title><rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
        f'height="{block.size_bytes * scale:.1f}" '
        f'style="fill: {colour}; fill-opacity: 0.85; stroke: {look.paper}"/></g>'
    )


def _label(block: Block, step: float, scale: float, look: MapLook) -> str:
    """The label of a block: its name, with its size if both fit; empty if the name does not fit."""
    x, y = _corner(block, step, scale, look)
    words = block.name.split()
    short = " ".join(words[: _LABEL_WORDS.get(words[0], 2)])
    room = int((max(block.end_op - block.first_op, 0) * step - 8) / _CHARACTER_PIXELS)
    fitting = [t for t in (f"{short} ({block.size_bytes:,})", short) if len(t) <= room]
    if block.size_bytes * scale < _LABEL_PIXELS or not fitting:
        return ""
    return (
        f'<text x="{x + 5:.1f}" y="{y + 12:.1f}" style="fill: white; pointer-events: none">'
        f"{_escape(fitting[0])}</text>"
    )


def _operator_names(estimate: Estimate, step: float, look: MapLook) -> list[str]:
    every = max(1, round(_LABEL_PIXELS / step))
    y = look.height - _BOTTOM + 12
    return [
        f'<text transform="translate({_LEFT + (op.index + 0.5) * step:.1f},{y}) rotate(40)">'
        f"{op.index} {_escape(op.kind)}</text>"
        for op in estimate.operators[::every]
    ]
