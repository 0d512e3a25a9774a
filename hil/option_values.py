"""Parses numbers of the command line. A number out of range is a usage error. Pure."""

import argparse
import contextlib

from firmware.errors import ConfigError
from firmware.progress import parse_seconds

MOST_S = 1e6
MOST_COUNT = (1 << 31) - 1
MOST_PORT = (1 << 16) - 1


def seconds(text: str) -> float:
    """Parse a number of seconds, or a duration with units."""
    with contextlib.suppress(ConfigError):
        if (value := parse_seconds(text)) <= MOST_S:
            return value
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a number of seconds or a duration such as 90s or 1h30m, "
        f"at most {MOST_S:,.0f} s"
    )


def positive_seconds(text: str) -> float:
    """Parse a number of seconds above 0."""
    if (value := seconds(text)) > 0:
        return value
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")


def fraction(text: str) -> float:
    """Parse a fraction from 0 to below 1."""
    with contextlib.suppress(ValueError):
        if 0.0 <= float(text) < 1.0:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to below 1, such as 0.01")


def positive_fraction(text: str) -> float:
    """Parse a fraction between 0 and 1."""
    if (value := fraction(text)) > 0:
        return value
    raise argparse.ArgumentTypeError(f"{text!r} is not a number between 0 and 1, such as 0.01")


def count(text: str) -> int:
    """Parse a non-negative integer."""
    with contextlib.suppress(ValueError):
        if 0 <= int(text) <= MOST_COUNT:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not an integer from 0 to {MOST_COUNT:,}")


def tcp_port(text: str) -> int:
    """Parse a TCP port."""
    with contextlib.suppress(ValueError):
        if 0 <= int(text) <= MOST_PORT:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a TCP port from 0 to {MOST_PORT}")
