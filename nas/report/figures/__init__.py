"""The figures of a report: each module draws one SVG. Pure; needs matplotlib."""
