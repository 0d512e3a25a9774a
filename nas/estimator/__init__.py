"""Estimates the memory, code size and time of a network on its target."""
