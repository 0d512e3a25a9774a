"""Names of the strategies among which a space chooses its default. Pure."""

BRACKET = "bracket"
"""First the depth, then the width."""
EVOLUTION = "evolution"
"""Changes of well-known networks, each scaled to the limits."""
