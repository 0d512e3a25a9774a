"""Benchmarks: programs that print tables. None is a test, none is timed by the tests."""
