"""The figures of a report: each module turns facts into one SVG. Pure; needs matplotlib."""
