"""Colours of a report, for light and dark screens. Pure data.

A figure is drawn in the light colours, each of which stands for one role and for no other; in the
page they become variables, whose values the colour scheme decides.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colour:
    """One role.

    Attributes:
        name: Of the variable in the page.
        light: On a light screen and on paper, as `#rrggbb`.
        dark: On a dark screen.
    """

    name: str
    light: str
    dark: str


INK = Colour("ink", "#1b2330", "#e8ebf0")
MUTED = Colour("muted", "#5a6573", "#a3adba")
GRID = Colour("grid", "#dde2e8", "#323b47")
PAPER = Colour("paper", "#fefefe", "#171c23")
GROUND = Colour("ground", "#f3f5f8", "#0f1318")
MEASURED = Colour("measured", "#0a66a8", "#5fb0f5")
"""What came out: the winner, the int8 model, what was measured."""
EXPECTED = Colour("expected", "#b06000", "#f0a848")
"""What was expected of it: the float model, what was predicted or estimated."""
OTHER = Colour("other", "#7287a3", "#8197b5")
"""What else was tried."""
GOOD = Colour("good", "#17753a", "#4cc274")
BAD = Colour("bad", "#c4262e", "#ff7b76")
HOST = Colour("host", "#7d3fb0", "#c393f2")
"""What the host had no memory for."""

COLOURS = (INK, MUTED, GRID, PAPER, GROUND, MEASURED, EXPECTED, OTHER, GOOD, BAD, HOST)

_BY_LIGHT = {colour.light: colour for colour in COLOURS}


def with_variables(style: str) -> str:
    """A style in which the light colours are variables, with themselves as what else to use."""
    return re.sub(r"#[0-9a-f]{6}", _variable, style)


def _variable(match: re.Match[str]) -> str:
    colour = _BY_LIGHT.get(match.group())
    return match.group() if colour is None else f"var(--{colour.name}, {colour.light})"
