"""Finds boards, locks them, and prepares a board for a measurement."""
