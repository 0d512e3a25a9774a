"""Colours of a report, for light and dark screens. Pure data.

Figures are drawn in the light colours, each of which has one role. In the page, they become
variables that depend on the colour scheme.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colour:
    """The colours of one role.

    Attributes:
        name: Name of the variable in the page.
        light: Colour for light screens and paper, as `#rrggbb`.
        dark: Colour for dark screens.
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
"""Results: the winner, the int8 model, measured values."""
EXPECTED = Colour("expected", "#b06000", "#f0a848")
"""Expectations: the float model, predicted or estimated values."""
OTHER = Colour("other", "#7287a3", "#8197b5")
"""Other candidates."""
GOOD = Colour("good", "#17753a", "#4cc274")
BAD = Colour("bad", "#c4262e", "#ff7b76")
HOST = Colour("host", "#7d3fb0", "#c393f2")
"""Candidates that exceed the host memory."""

COLOURS = (INK, MUTED, GRID, PAPER, GROUND, MEASURED, EXPECTED, OTHER, GOOD, BAD, HOST)

_BY_LIGHT = {colour.light: colour for colour in COLOURS}


def with_variables(style: str) -> str:
    """A style with variables in place of the light colours, which remain as fallback values."""
    return re.sub(r"#[0-9a-f]{6}", _variable, style)


def _variable(match: re.Match[str]) -> str:
    colour = _BY_LIGHT.get(match.group())
    return match.group() if colour is None else f"var(--{colour.name}, {colour.light})"
