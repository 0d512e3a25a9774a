"""The arena over time as a picture. Pure: gives SVG."""

from html import escape

from nas.estimator.memory import INTERPRETER, SCRATCH, Block
from nas.estimator.network import Estimate

_WIDTH, _HEIGHT = 960, 480
_LEFT, _TOP, _RIGHT, _BOTTOM = 80, 40, 90, 110
_COLOURS = ("#4e79a7", "#f28e2b", "#59a14f", "#76b7b2", "#edc948", "#b07aa1", "#ff9da7", "#9c755f")
_SCRATCH, _INTERPRETER = "#bab0ac", "#79706e"
_MARKS = 8
_LABEL_PIXELS = 14
_LABEL_WORDS = {SCRATCH: 4}
"""Words of a block's name on the picture; the whole name is in its tooltip."""


def memory_map_svg(estimate: Estimate) -> str:
    """Operators from left to right, addresses from the bottom up; a rectangle for each block."""
    operators = max(len(estimate.operators), 1)
    top_bytes = max(estimate.ram.arena_bytes, 1)
    step = (_WIDTH - _LEFT - _RIGHT) / operators
    scale = (_HEIGHT - _TOP - _BOTTOM) / top_bytes
    title = f"{estimate.name}, {estimate.runtime} runtime: arena of {top_bytes:,} bytes"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="22" font-size="14">{escape(title)}</text>',
        *_grid(top_bytes, scale),
        *(_rectangle(i, block, step, scale) for i, block in enumerate(estimate.blocks)),
        *_operator_names(estimate, step),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _y(offset: float, scale: float) -> float:
    return _HEIGHT - _BOTTOM - offset * scale


def _grid(top_bytes: int, scale: float) -> list[str]:
    lines = []
    for mark in range(_MARKS + 1):
        value = top_bytes * mark // _MARKS
        y = _y(value, scale)
        lines.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,}</text>'
        )
    return lines


def _rectangle(index: int, block: Block, step: float, scale: float) -> str:
    x = _LEFT + block.first_op * step
    width = max(block.end_op - block.first_op, 0) * step
    height = block.size_bytes * scale
    y = _y(block.offset + block.size_bytes, scale)
    colour = _COLOURS[index % len(_COLOURS)]
    if block.name.startswith(SCRATCH):
        colour = _SCRATCH
    elif block.name == INTERPRETER:
        colour = _INTERPRETER
    span = f"{block.offset:,} to {block.offset + block.size_bytes:,}"
    label = ""
    if height >= _LABEL_PIXELS and width > 60:
        short = " ".join(block.name.split()[: _LABEL_WORDS.get(block.name.split()[0], 2)])
        text = f"{short} ({block.size_bytes:,})"[: int(width / 6)]
        label = (
            f'<text x="{x + width / 2:.1f}" y="{y + height / 2 + 4:.1f}" text-anchor="middle" '
            f'fill="white">{escape(text)}</text>'
        )
    return (
        f"<g><title>{escape(block.name)}: bytes {span}, op {block.first_op} to {block.end_op - 1}"
        f'</title><rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="{colour}" fill-opacity="0.85" stroke="white"/>{label}</g>'
    )


def _operator_names(estimate: Estimate, step: float) -> list[str]:
    every = max(1, round(_LABEL_PIXELS / step))
    y = _HEIGHT - _BOTTOM + 12
    return [
        f'<text transform="translate({_LEFT + (op.index + 0.5) * step:.1f},{y}) rotate(40)">'
        f"{op.index} {escape(op.kind)}</text>"
        for op in estimate.operators[::every]
    ]
