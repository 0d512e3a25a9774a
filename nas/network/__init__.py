"""The description of a network, and everything that is calculated from it alone."""
