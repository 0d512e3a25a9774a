"""Which operators run together, in which order, and where each tensor lies in memory."""
