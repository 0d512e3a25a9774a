"""Code, stack and work of generated firmware, and whether it fits a chip."""
