"""Builds firmware, flashes it to real and virtual boards, measures it and checks the results."""
